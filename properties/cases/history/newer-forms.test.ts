// Histories are drawn with the instructions of every version: a kernel that has not got one of them is no worse for it.

import path from "node:path";
import { expect, test } from "vitest";
import { wasmEngine } from "../../../engines/wasm/engine.js";
import { defaultSubject } from "../../../subjects/index.js";
import { openSubject } from "../../../subjects/open.js";
import { isKernel } from "../../../subjects/program-subject.js";
import { prepared } from "../../../subjects/session/prepared.js";
import { DEFAULT_ENV, type Subject } from "../../../subjects/subject.js";
import { linuxKernels } from "../../../testing/linux-kernels.js";
import { HISTORIES } from "./index.js";

const NEWER = `# expect: pass

load #0 (the program below, 128 B)

  r0 = load_acquire((u64 *)(r1 + 0))
  exit
`;

const LACKING = "the instruction form load acquire dw (Linux 6.15, arm64 JIT 6.15)";

const kernels = linuxKernels().filter((file) => path.basename(file).startsWith("vmlinuz-6.12.117"));
test.runIf(kernels.length > 0).each(kernels)("%s lacks load-acquire: no answer, and no breach", (file) => {
  const opened = openSubject(`linux:${file}`);
  if (!opened.ok || !isKernel(opened.subject)) throw new Error("no kernel");
  const read = HISTORIES.parse(NEWER);
  if (!read.ok) throw new Error(read.error.message);
  const { verdict } = HISTORIES.checker(opened.subject, [wasmEngine]).check(read.value);
  expect(verdict).toMatchObject({ kind: "refused", missing: LACKING });
});

test("our own JIT as that of Linux 6.12 lacks it too", () => {
  const opened = openSubject("impl:linux-6.12");
  const read = HISTORIES.parse(NEWER);
  if (!opened.ok || !isKernel(opened.subject) || !read.ok) throw new Error("no subject");
  const { verdict } = HISTORIES.checker(opened.subject, [wasmEngine]).check(read.value);
  expect(verdict).toMatchObject({ kind: "refused", missing: LACKING });
});

test("our own JIT has every instruction", () => {
  const read = HISTORIES.parse(NEWER);
  if (!read.ok) throw new Error(read.error.message);
  expect(HISTORIES.checker(defaultSubject, [wasmEngine]).check(read.value).verdict).toEqual({ kind: "agree" });
});

const COUNTED = `load #0 (the program below)
  # input: zero 8

    may_goto L1
  L1:
    r0 = *(u32 *)(r1 + 0)
    exit
run #0 on cpu 0
`;

test("may_goto counts in R12 where R11 is the base of arguments", () => {
  const read = HISTORIES.parse(COUNTED);
  const [action] = read.ok ? read.value.actions : [];
  if (action?.kind !== "load") throw new Error("no load");
  const registers = (subject: Subject) =>
    prepared(subject, action.program).codes[0]![0]!.insns.flatMap(({ dst }) => (dst > 10 ? [dst] : []));
  const later = { ...defaultSubject, build: { ...DEFAULT_ENV, changes: { ...DEFAULT_ENV.changes, r0InX8: true } } };
  expect(registers(defaultSubject)).toEqual([11, 11, 11]);
  expect(registers(later)).toEqual([12, 12, 12]);
});
