// Our own JIT as that of a listed version: which instruction forms it lacks, and that a program with one is no failure of it.

import { expect, test } from "vitest";
import { ROWS } from "../../../spec/bpf/isa.js";
import { inProfiles } from "../../../subjects/open.js";
import type { Subject } from "../../../subjects/subject.js";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

test("a version lacks the forms that are newer than it, and no other", () => {
  const order = (version: string): number => Number(version.split(".")[0]) * 1000 + Number(version.split(".")[1]);
  for (const { name, forms } of inProfiles()) {
    const version = name.replace(/.*-/, "");
    const taken = forms!();
    const newer = ROWS.filter(({ since }) => since !== undefined && order(since.arm64) > order(version));
    expect(ROWS.filter(({ id }) => !taken.has(id))).toEqual(newer);
  }
});

const inProfile = (version: string) => inProfiles().find(({ name }) => name === `impl:linux-${version}`)!;

const PROGRAMS = [
  [
    "r0 = load_acquire((u64 *)(r1 + 0))\nexit\n",
    "6.12",
    "the instruction form load acquire dw (Linux 6.15, arm64 JIT 6.15)",
  ],
  [
    "*(u64 *)(r11 - 8) = 3\ncall L1\nexit\nL1:\nr0 = *(u64 *)(r11 + 8)\nexit\n",
    "7.1",
    "arguments beyond five (since Linux 7.2)",
  ],
] as const;

test.each(PROGRAMS)("%s is refused as that of Linux %s, and not failed", (text, version, missing) => {
  const read = parseCase(`# input: zero 8\n\n${text}`);
  if (!read.ok) throw new Error(read.error.message);
  const verdictOf = (subject: Subject) => checkOrCrash(read.value, makeCheck({ subject })).verdict;
  expect(verdictOf(inProfile(version))).toEqual({ kind: "refused", missing });
  expect(verdictOf(inProfile("7.3"))).toEqual({ kind: "agree" });
});
