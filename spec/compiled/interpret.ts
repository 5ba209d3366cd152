// What the compiled interpreter says of a run, in the terms of the other one. It says nothing of what goes wrong, and does
// not take everything: then the interpreter that people read (`spec/bpf/interpret.ts`) is asked.

import type { Insn } from "../bpf/insn.js";
import type { InterpretRun } from "../bpf/interpret.js";
import type { Outcome } from "../bpf/outcome.js";
import type { Program } from "../bpf/program.js";
import { AskedHelpers } from "./asked.js";
import * as at from "./layout.js";
import { CompiledMemory } from "./memory.js";
import { instantiate } from "./module.js";

/** `faulted`: an access, a call or a jump that no program may make; why is not known. */
export type CompiledOutcome = Extract<Outcome, { kind: "returned" | "outOfFuel" }> | { readonly kind: "faulted" };

type CompiledRun = Pick<InterpretRun, "program" | "input" | "layout" | "fuel" | "count" | "tailCallCount">;

let made: CompiledInterpreter | undefined;
let isMissing = false;

/** The one of this thread; undefined where it is not built. */
export function compiledInterpreter(): CompiledInterpreter | undefined {
  if (made !== undefined || isMissing) return made;
  const instance = instantiate((isKernelFunction, id) => asked!.call(isKernelFunction !== 0, id));
  const asked = instance && new AskedHelpers(instance);
  if (asked === undefined) isMissing = true;
  else made = new CompiledInterpreter(instance!.run, new CompiledMemory(instance!.memory, asked));
  return made;
}

class CompiledInterpreter {
  /** What lies in memory; undefined after a program that it does not take. */
  private loaded: Program | undefined;
  private refused: Program | undefined;

  constructor(
    private readonly go: (fuel: number) => number,
    private readonly memory: CompiledMemory,
  ) {}

  /**
   * @returns false for a program that is not taken: too large, with registers that programs do not have, or with something
   * that no validity would let through
   */
  private load(program: Program): boolean {
    if (this.loaded === program) return true;
    if (this.refused === program) return false;
    const isTaken = this.memory.load(program);
    this.loaded = isTaken ? program : undefined;
    this.refused = isTaken ? undefined : program;
    return isTaken;
  }

  /** Instructions of the last run, unless it faulted. */
  get ran(): number {
    return this.memory.ran;
  }

  /** @returns undefined if the program or the layout is not taken */
  interpret({ program, input, layout, fuel, count, tailCallCount }: CompiledRun): CompiledOutcome | undefined {
    if (!this.load(program) || !this.memory.place(layout, input, tailCallCount)) return undefined;
    const end = this.go(fuel);
    if (end === at.FAULTED) return { kind: "faulted" };
    const { memory } = this;
    if (count !== undefined) {
      for (const [i, code] of program.code.entries()) tell(code, memory.marksOf(i), count);
    }
    return end === at.OUT_OF_FUEL ? { kind: "outOfFuel" } : memory.returned();
  }
}

/** Of each slot that ran, once for each way in which it did. */
function tell(code: readonly Insn[], marks: Uint8Array, count: NonNullable<InterpretRun["count"]>): void {
  for (let pc = 0; pc < marks.length; pc++) {
    const mark = marks[pc]!;
    if (mark === 0) continue;
    const { row } = code[pc]!;
    if ((mark & at.MARK_TAKEN) !== 0) count(row, true);
    if ((mark & at.MARK_FELL) !== 0) count(row, false);
    if (row.kind !== "jump") count(row);
  }
}
