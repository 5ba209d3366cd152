// Calls whose distance does not fit into the 16 bits that the kernel shows: the recordings at hand have none, so the
// images are our own.

import { expect, test } from "vitest";
import { encode, type Insn } from "../../spec/bpf/insn.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { defaultSubject } from "../../subjects/index.js";
import { LINUX_6_12 } from "../../subjects/subject.js";
import { compareBytes, describeVerdict } from "./bytes.js";
import type { Recording } from "./recording.js";

const FILLER = 40_000;
const filler = (): Insn[] => Array.from({ length: FILLER }, () => bpf("r6 += 1")[0]!);
const [call, ...rest] = bpf("call pc+0; r0 = 0; exit") as [Insn, ...Insn[]];
const second = [...filler(), ...bpf("r0 = 1; exit")];
const third = bpf("r0 = 2; exit");

/** main: two calls, of the last function and of the one before it. `shown` is how the kernel shows the two. */
function recording(main: readonly Insn[], shown: readonly [Insn, Insn]): Recording {
  const functions = [[{ ...call, off: 2 }, { ...call, off: 1 }, ...main], second, third];
  const jit = functions.map((insns, index) => ({ insns, index, stackDepth: 0 }));
  const compiled = defaultSubject.compile(jit, LINUX_6_12, (index) => 0x8000_8300_0000 + index * 0x10_0000);
  if (!compiled.ok) throw new Error("our own JIT refuses the program");
  return {
    kernel: { version: "6.12", arrayPtrs: undefined, isHardened: false },
    name: "far calls",
    lse: true,
    progType: 1,
    insns: undefined,
    xlated: encode([...shown, ...main, ...second, ...third]),
    callBase: LINUX_6_12.callBase,
    dummyTramp: undefined,
    functions: compiled.images.map(({ roImage, image, jitedBytes }) => {
      return { roImage, code: image.slice(0, jitedBytes), stackDepth: 0, region: undefined };
    }),
    run: undefined,
  };
}

test("a far call is shown with the lower half of its distance, and the error number of a function that is not there", () => {
  const toThird = 1 + rest.length + second.length;
  expect(toThird).toBeGreaterThan(32_767);
  const far = { ...call, off: toThird - 2 ** 16, imm: -2 };
  const near = { ...call, off: rest.length, imm: 1 };
  expect(describeVerdict(compareBytes(recording(rest, [far, near])))).toMatch(/^equal/);
});

test("two far calls of two functions", () => {
  const main = [...filler(), ...rest];
  const far = { ...call, off: main.length + second.length + 1 - 2 ** 16, imm: -2 };
  const alsoFar = { ...call, off: main.length - 2 ** 16, imm: -2 };
  expect(describeVerdict(compareBytes(recording(main, [far, alsoFar])))).toMatch(/^equal/);
});
