import { expect, test } from "vitest";
import { DEFAULT_ENV } from "../../impl/jit/env.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "../../impl/program/load.js";
import { PROFILES, type QuirkId } from "../../impl/quirks.js";
import { Machine } from "../../machine/machine.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { accountOf, freeBreaches, loadBreaches, regionsOf } from "./text-memory.js";

const call = insn(rowById("call local"), { off: 1 });
const faulting = insn(rowById("probe ldxdw"), { dst: 0, src: 1 });
const FUNCTIONS: readonly JitFunction[] = [
  { insns: [call, faulting, ...bpf("exit")], index: 0, stackDepth: 0 },
  { insns: bpf("r0 = 1; exit"), index: 1, stackDepth: 16 },
];

function setUp(quirk?: QuirkId) {
  const quirks = { ...PROFILES.fixed, ...(quirk && { [quirk]: true }) };
  const kernel = new Kernel({ machine: new Machine(), random: () => 8, env: { ...DEFAULT_ENV, quirks } });
  load(kernel, FUNCTIONS);
  const before = accountOf(kernel);
  return { kernel, before, program: load(kernel, FUNCTIONS) };
}
function load(kernel: Kernel, functions: readonly JitFunction[]): LoadedProgram {
  const loaded = loadProgram(kernel, functions);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  return loaded.program;
}

test("a load and its free pass", () => {
  const { kernel, before, program } = setUp();
  expect(loadBreaches(kernel, program.functions, before)).toEqual([]);
  const regions = regionsOf(kernel, program.functions);
  freeProgram(kernel, program);
  expect(freeBreaches(kernel, regions, before)).toEqual([]);
});

test("a byte that is wrong around an image is named", () => {
  const { kernel, before, program } = setUp();
  const [main] = program.functions;
  const wrong = Uint8Array.of(1);
  const breachesAt = (va: number): readonly string[] => {
    const right = kernel.machine.peek(va, 1);
    kernel.machine.poke(va, wrong);
    const breaches = loadBreaches(kernel, program.functions, before);
    kernel.machine.poke(va, right);
    return breaches;
  };
  const end = main!.bpfFunc! + main!.jitedLen;
  expect(breachesAt(main!.bpfFunc! - 1)).toEqual([
    `function 0: 0x${(main!.bpfFunc! - 1).toString(16)}, slack of a live image, is not the illegal instruction`,
  ]);
  expect(breachesAt(end)).toEqual(["function 0: the literal behind its code is 0xffff800080040e01"]);
  expect(breachesAt(end + 8)).toHaveLength(1);
  expect(breachesAt(main!.extable! + 12)).toHaveLength(1);
});

test("code that a CPU may see in an older version is named", () => {
  const { kernel, before, program } = setUp();
  const { machine } = kernel;
  const at = program.bpfFunc + 20;
  const alias = machine.mapFixmap(machine.mapping(at)!.frame);
  machine.write32(alias + (at % 4096), machine.peek32(at));
  machine.unmapFixmap();
  expect(loadBreaches(kernel, program.functions, before)).toEqual([
    `function 0: CPU 0 must not fetch 0x${(at - (at % 64)).toString(16)}: notCleaned`,
  ]);
});

test("a program that is charged for, or kept, after its free is named", () => {
  const { kernel, before, program } = setUp();
  const regions = regionsOf(kernel, program.functions);
  expect(freeBreaches(kernel, regions, before)).toEqual([
    ...regions.map(({ header }) => `0x${header.toString(16)}, freed, is not the illegal instruction`),
    "charged: 512 after the free, 256 before the load",
  ]);
});

test("staleTail: old code behind an image is named", () => {
  const { kernel, before, program } = setUp("staleTail");
  expect(loadBreaches(kernel, program.functions, before)).toEqual([
    `function 0: 0x${(regionsOf(kernel, program.functions)[0]!.header + 96).toString(16)}, slack of a live image, is not the illegal instruction`,
  ]);
});
