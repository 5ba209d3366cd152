// The type of what each kind of instruction does. A kind that no table of meanings has does not compile, see `execute.ts`.

import type { A64Kind, Insn } from "./insn.js";
import type { Memory, State, Stop } from "./state.js";

/** Acts on an instruction at `pc`; `state.pc` is already the next one's. @returns why it did not complete, if so */
export type Meaning<Kind extends A64Kind> = (
  insn: Insn<Kind>,
  state: State,
  memory: Memory,
  pc: number,
) => Stop | undefined;

/** Of some kinds. */
export type Meanings<Kind extends A64Kind> = { readonly [K in Kind]: Meaning<K> };
