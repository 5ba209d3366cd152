import { expect, test } from "vitest";
import { withDefects } from "../../testing/with-defects.js";
import { twoCpus } from "./two-cpus.js";

test("whatever two CPUs do at once, both succeed and nothing is left", () => {
  const { tried, failures } = twoCpus();
  expect(failures).toEqual([]);
  expect(tried).toBeGreaterThan(250);
});

test("two addresses of long jumps stored at once with their page writable are found, and no other pair", () => {
  const { failures } = twoCpus({}, withDefects(["pltPageWritable"]));
  expect(failures[0]).toMatch(
    /^CPU 0: attach far; after its event \d+ \(setPermission\) CPU 1.*: attach far: badWrite/,
  );
  expect(failures.every((one) => /CPU 0: .*far.*CPU 1.*: .*far/.test(one))).toBe(true);
});

test("of a subject that is known to have that, it is no failure", () => {
  const subject = { ...withDefects(["pltPageWritable"]), known: new Set(["pltPageWritable"] as const) };
  const { failures, known } = twoCpus({}, subject);
  expect(failures).toEqual([]);
  expect(known!.pltPageWritable).toBeGreaterThan(10);
});
