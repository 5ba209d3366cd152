// Two CPUs in the kernel at once: at every moment of one load or free at which no lock is held, another CPU does a whole
// load or free of its own. Afterwards each live program's memory is what was published, and nothing is left in the end.

import { expect, test } from "vitest";
import { EventLog } from "../machine/event.js";
import { Machine } from "../machine/machine.js";
import { insn } from "../spec/bpf/insn.js";
import { rowById } from "../spec/bpf/isa.js";
import { bpf } from "../spec/bpf/text/bpf.js";
import { fn } from "../subjects/directed-case.js";
import { defaultSubject } from "../subjects/index.js";
import type { JitFunction, LoadedProgram, SubjectKernel } from "../subjects/subject.js";
import { lockBreaches } from "./oracles/lock-discipline.js";

const PACK_BYTES = 4096;
const call = (index: number) => insn(rowById("call local"), { off: index });
/** A main function and one that it calls. */
const TWO: readonly JitFunction[] = [fn(0, call(1), ...bpf("exit")), fn(1, ...bpf("r0 = 1; exit"))];
const ONE: readonly JitFunction[] = [fn(0, ...bpf("r0 = 0x123456789 ll; exit"))];

/** The words of each function, and whether any CPU would see others. */
function image({ machine }: SubjectKernel, { functions }: LoadedProgram): string {
  return functions
    .map(({ bpfFunc, jitedLen }) => {
      const problems = [0, 1].map((cpu) => machine.fetch(cpu, bpfFunc!, jitedLen)?.why ?? "");
      return `${problems.join("")}${Buffer.from(machine.peek(bpfFunc!, jitedLen)).toString("hex")}`;
    })
    .join(" ");
}
/** Branches between functions and the address of the literal depend on the place; the rest does not. */
const shape = (hex: string): string => hex.replaceAll(/[0-9a-f]{6}9[4-7]/g, "<bl>");

type Action = "load" | "free";

function setUp() {
  const machine = new Machine({ cpus: 2 });
  const kernel = defaultSubject.boot({ machine, random: () => 8, packBytes: PACK_BYTES });
  const load = (functions: readonly JitFunction[]): LoadedProgram => {
    const loaded = kernel.loadProgram(functions);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded));
    return loaded.program;
  };
  const live = new Set<LoadedProgram>();
  const victims = [load(TWO), load(ONE), load(TWO)] as const;
  for (const victim of victims) live.add(victim);
  const act = (action: Action, functions: readonly JitFunction[], victim: LoadedProgram): void => {
    if (action === "load") live.add(load(functions));
    else {
      live.delete(victim);
      kernel.freeProgram(victim);
    }
  };
  return { machine, kernel, live, victims, act };
}

/** @returns false if the outer action has fewer moments. */
function interleave(outer: Action, inner: Action, moment: number): boolean {
  const { machine, kernel, live, victims, act } = setUp();
  const expected = new Map([TWO, ONE].map((functions, i) => [functions.length, shape(image(kernel, victims[i]!))]));
  const log = new EventLog();
  let moments = 0;
  machine.onEvent = (event) => {
    log.listener(event);
    const locks = [machine.packMutex, machine.textMutex, machine.patchLock];
    if (locks.some(({ holder }) => holder !== undefined) || moments++ !== moment) return;
    machine.runOn(1, () => act(inner, ONE, victims[1]));
  };
  act(outer, TWO, victims[0]);
  machine.onEvent = undefined;
  expect(lockBreaches(log.events())).toEqual([]);
  for (const program of live) {
    expect(shape(image(kernel, program))).toBe(expected.get(program.functions.length));
  }
  for (const program of live) kernel.freeProgram(program);
  expect([machine.usage, kernel.modmem.current, kernel.warnings]).toEqual([
    { areas: 0, heapObjects: 0, frames: 0 },
    0,
    [],
  ]);
  return moments > moment;
}

test.each([
  ["load", "load"],
  ["load", "free"],
  ["free", "load"],
  ["free", "free"],
] as const)("another CPU may interrupt a %s with a %s wherever no lock is held", (outer, inner) => {
  // A free spends most of its time under the mutex of the packs.
  let moment = 0;
  while (interleave(outer, inner, moment)) moment++;
  expect(moment).toBeGreaterThanOrEqual(outer === "free" ? 2 : 20);
});
