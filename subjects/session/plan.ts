// A trampoline to make, or made: who is called around which program.

import type { AttachedProgram } from "../action.js";
import type { TrampRequest } from "../subject.js";
import type { LiveProgram } from "./prepared.js";
import type { Noted } from "./traced-calls.js";

/** One program at its place in a trampoline. */
export interface Called extends Noted {
  readonly spec: AttachedProgram;
  /** Among all of the trampoline. */
  readonly position: number;
  /** Undefined: it is interpreted. */
  readonly live: LiveProgram | undefined;
  readonly isCompiled: boolean;
}

export interface Plan {
  /** The program that is traced. */
  readonly live: LiveProgram;
  /** In the order in which they are called. */
  readonly programs: readonly Called[];
  readonly request: TrampRequest;
  /** Of its image. */
  readonly bytes: number;
}

/** Programs of it that are compiled. */
export function livesOf(plan: Plan | undefined): readonly LiveProgram[] {
  const lives: LiveProgram[] = [];
  for (const { live } of plan?.programs ?? []) if (live !== undefined) lives.push(live);
  return lives;
}
