import fc from "fast-check";
import { history, type Oracle } from "roxcheck";
import { expect, test } from "vitest";
import "roxcheck/vitest";

const oneFlushForAnImage: Oracle = {
  name: "one-flush-for-an-image",
  statement: "A free flushes the instruction cache at most once for each image, not once for each instruction.",
  source: "the cover letter of the series",
  check: ({ result, events, removed }) => {
    if (result.kind !== "freed") return [];
    const images = result.freed.regions.length + removed.length;
    const flushes = events.filter(({ kind }) => kind === "flush").length;
    return flushes <= images ? [] : [`${flushes} flushes for ${images} images`];
  },
};

test("histories break no oracle, and none of our own", () => {
  const oracles = [oneFlushForAnImage];
  const law = fc.property(history({ profile: "fixed" }), (drawn) => {
    expect(drawn).toMatchReference({ oracles });
  });
  fc.assert(law, { numRuns: 10, seed: 1 });
}, 60_000);
