import { expect, test } from "vitest";
import type { Subject } from "../../subjects/subject.js";
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

test("a kernel that has no trampolines is asked for loads and frees alone, and why is told", () => {
  const why = "its kernel makes none";
  const subject: Subject = { ...withDefects([]), untried: new Map([["trampolines", why]]) };
  const { tried, failures, lacking } = twoCpus({}, subject);
  expect([failures, lacking]).toEqual([[], [`trampolines: ${why}`]]);
  expect(tried).toBeGreaterThan(20);
  expect(tried).toBeLessThan(150);
});

test("of a subject that is known to have that, it is no failure", () => {
  const subject = { ...withDefects(["pltPageWritable"]), known: new Set(["pltPageWritable"] as const) };
  const { failures, known } = twoCpus({}, subject);
  expect(failures).toEqual([]);
  expect(known!.pltPageWritable).toBeGreaterThan(10);
});
