// What an A64 instruction does: one call executes one decoded instruction on a state and a memory. The meanings are in
// `execute-data.ts`, `execute-memory.ts` and `execute-control.ts`.

import { CONTROL_MEANINGS } from "./execute-control.js";
import { DATA_MEANINGS } from "./execute-data.js";
import { MEMORY_MEANINGS } from "./execute-memory.js";
import type { A64Insn, A64Kind } from "./insn.js";
import type { Meaning, Meanings } from "./meaning.js";
import type { Memory, State, Stop } from "./state.js";

const MEANINGS: Meanings<A64Kind> = { ...DATA_MEANINGS, ...MEMORY_MEANINGS, ...CONTROL_MEANINGS };

/**
 * Execute one instruction at `state.pc` and advance `state.pc` to the next one.
 *
 * @returns undefined, or why the instruction did not complete; then `state.pc` still points at it.
 */
export function execute(insn: A64Insn, state: State, memory: Memory): Stop | undefined {
  const pc = state.pc;
  state.pc = pc + 4;
  const meaning = MEANINGS[insn.kind] as Meaning<A64Kind>;
  const stop = meaning(insn as never, state, memory, pc);
  if (stop !== undefined) state.pc = pc;
  return stop;
}
