import { expect, test } from "vitest";
import { makeReport } from "../report.js";
import { annotations, junitXml } from "./junit.js";

const report = makeReport(
  "gate",
  Date.now(),
  {
    ...{ passed: 3, failed: 1, incomparable: 0, seed: 1, subject: "linux:<a>", interrupted: false },
    failures: [{ name: "a, b.bpf", where: "r0", expected: "<1>", got: '50 % "2"', replay: "npx rox run 'a, b.bpf'" }],
    unreadable: [{ subject: "c.bpf", expected: "a case file", got: "line 1:\nno", next: "correct it" }],
  },
  {},
);

test("JUnit XML has an entry for each failure, with everything escaped", () => {
  const xml = junitXml({ ...report, durationMs: 1500 });
  expect(xml).toContain('<testsuite name="rox gate" tests="3" failures="2" time="1.500">');
  expect(xml).toContain('<property name="seed" value="1"/>');
  expect(xml).toContain('<property name="subject" value="linux:&lt;a&gt;"/>');
  expect(xml).toContain('<testcase classname="rox gate" name="3 agree"/>');
  expect(xml).toContain('<failure message="r0: expected &lt;1&gt;, got 50 % &quot;2&quot;">npx rox run');
  expect(xml).toContain("got line 1: no; correct it");
});

test("annotations are one line each, as GitHub reads them", () => {
  expect(annotations(report)).toEqual([
    "::error file=a%2C b.bpf,title=rox gate::r0: expected <1>, got 50 %25 \"2\"; npx rox run 'a, b.bpf'",
    "::error file=c.bpf,title=rox gate::c.bpf: expected a case file, got line 1: no; correct it",
  ]);
});
