import { expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { fixupException } from "./fixup-exception.js";
import { Kernel } from "./kernel.js";
import { loadProgram } from "./load.js";

test("a faulting load clears its register, and execution goes on behind it", () => {
  const kernel = new Kernel({ machine: new Machine(), random: () => 0 });
  const load = (dst: number) => insn(rowById("probe ldxdw"), { dst, src: 1 });
  const insns = [load(0), load(6), load(2), insn(rowById("exit"))];
  const loaded = loadProgram(kernel, [{ insns, index: 0, stackDepth: 0 }]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { bpfFunc, functions } = loaded.program;
  expect(functions[0]!.entries).toBe(3);
  // Eight words of prologue: R6 is saved.
  const fixups = [0, 1, 2, 3].map((i) => fixupException(kernel, functions, bpfFunc + 32 + 4 * i));
  expect(fixups).toEqual([
    { resume: bpfFunc + 36, clear: 7 },
    { resume: bpfFunc + 40, clear: 19 },
    { resume: bpfFunc + 44, clear: 1 },
    undefined,
  ]);
  expect(fixupException(kernel, functions, bpfFunc - 4)).toBeUndefined();
});

test("a faulting store clears nothing", () => {
  const kernel = new Kernel({ machine: new Machine(), random: () => 0 });
  const insns = [insn(rowById("arena stxdw"), { dst: 1, src: 2 }), insn(rowById("exit"))];
  const half = { high: 0xffff_8000, low: 0 };
  const fn = { insns, index: 0, stackDepth: 0, arena: { kernelBase: half, userBase: { high: 0, low: 0 } } };
  const loaded = loadProgram(kernel, [fn]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { bpfFunc, functions } = loaded.program;
  const end = bpfFunc + functions[0]!.jitedLen;
  const found = [];
  for (let pc: number = bpfFunc; pc < end; pc += 4) {
    const fixup = fixupException(kernel, functions, pc);
    if (fixup !== undefined) found.push([fixup.resume - pc, fixup.clear]);
  }
  expect(found).toEqual([[4, undefined]]);
});
