import fc from "fast-check";
import { program, subject } from "roxcheck";
import { expect, test } from "vitest";
import "roxcheck/vitest";

// impl, linux:IMAGE, FILE.json or plugin:PATH.
const underTest = subject(process.env.JIT_UNDER_TEST ?? "impl");

test("random programs do what the reference says", () => {
  const law = fc.property(program({ subject: underTest, maxSize: 40 }), (drawn) => {
    expect(drawn).toMatchReference({ subject: underTest });
  });
  fc.assert(law, { numRuns: 50, seed: 1 });
}, 60_000);
