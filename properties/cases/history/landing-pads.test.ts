// A kernel that was built with landing pads has them in programs and trampolines, and what is patched lies behind the one at
// the entry.

import { expect, test } from "vitest";
import { defaultEngine } from "../../../engines/index.js";
import { defaultSubject } from "../../../subjects/index.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../../../subjects/run/layout.js";
import type { Step } from "../../../subjects/step.js";
import { linuxEnv, type Subject } from "../../../subjects/subject.js";
import { checkHistory } from "./check.js";
import { parseHistory } from "./text.js";

/** add x9, x30, #0 */
const COPY_OF_LR = 0x9100_03c9;
const TEXT = `# profile: fixed

load #0 (r0 = 5 .., 6 insns)
load #1 (r0 = 7 .., 3 insns)
attach #0 (fentry #1, fexit recorder)
run #0 on cpu 0
detach #0
run #0 on cpu 1
free #1
free #0
`;

test.each([false, true])("programs are attached to with landing pads %s", (bti) => {
  const { changes, offsets } = linuxEnv("6.12");
  const build = { callBase: CALL_BASE, dummyTramp: DUMMY_TRAMPOLINE, changes, offsets, bti };
  const subject: Subject = { ...defaultSubject, build };
  const parsed = parseHistory(TEXT);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const patched: boolean[] = [];
  const onStep = (_: unknown, { patches, scene }: Step): void => {
    for (const { va } of patches) patched.push(scene.machine.peek32(va - 4) === COPY_OF_LR);
  };
  expect(checkHistory(parsed.value, { subject, engine: defaultEngine(), onStep }).violations).toEqual([]);
  expect(patched).toEqual([true, true]);
});
