// The set-up that the contract's tests share: a machine with a page of code, a stack and some data, and how to run on it.

import { Machine } from "../machine/machine.js";
import type { Engine, EngineOutcome, EngineRun } from "./engine.js";

/** Two pages of code; the second is reached only by what crosses. */
export const CODE = 0x8000_8300_0000;
export const STACK = 0x4000_0000;
export const STACK_BYTES = 0x800;
/** Two pages that may be written, then one that may not, then none. */
export const DATA = 0x5000_0000;

export const RET = 0xd65f03c0;
export const BRK = 0xd4202000;
export const NOP = 0xd503201f;
export const LDR = 0xf9400000; // ldr x0, [x0]
export const STR = 0xf9000001; // str x1, [x0]

export const pointer = (va: number): bigint => 0xffff_0000_0000_0000n + BigInt(va);
export const bytesOf = (words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

/** An engine, and the kind of machine that it is to run on. */
interface Subject {
  readonly engine: Engine;
  machineWith(words: readonly number[]): Machine;
  run(words: readonly number[], options?: Partial<EngineRun>): EngineOutcome;
}

const MACHINE_BYTES = 16 * 4096;
const MACHINES = 500;

/** By name. An engine that wants a machine's frames in its own memory is there twice, as it must run on any machine. */
export function subjects(engines: readonly Engine[]): [string, Subject][] {
  return engines.flatMap((engine): [string, Subject][] => {
    const anywhere: [string, Subject] = [`${engine.name}, frames anywhere`, subject(engine, () => undefined)];
    const memory = engine.physical?.(MACHINES * MACHINE_BYTES);
    if (memory === undefined) return [anywhere];
    let cut = 0;
    const piece = (): Uint8Array<ArrayBuffer> => {
      cut += MACHINE_BYTES;
      return memory.subarray(cut - MACHINE_BYTES, cut);
    };
    return [[`${engine.name}, frames in its memory`, subject(engine, piece)], anywhere];
  });
}

function subject(engine: Engine, physical: () => Uint8Array<ArrayBuffer> | undefined): Subject {
  const machineWith = (words: readonly number[]): Machine => {
    const machine = new Machine({ physical: physical() });
    machine.map(CODE, 8192, "rox");
    machine.map(STACK, 4096, "rw");
    machine.map(DATA, 8192, "rw");
    machine.map(DATA + 8192, 4096, "ro");
    machine.poke(CODE, bytesOf(words));
    machine.poke(DATA, new Uint8Array(3 * 4096));
    return machine;
  };
  const run = (words: readonly number[], options: Partial<EngineRun> = {}): EngineOutcome =>
    engine.run({
      machine: options.machine ?? machineWith(words),
      cpu: 0,
      entry: CODE,
      args: [],
      stackTop: STACK + STACK_BYTES,
      stackLow: STACK,
      fuel: 1000,
      traps: new Map(),
      ...options,
    });
  return { engine, machineWith, run };
}
