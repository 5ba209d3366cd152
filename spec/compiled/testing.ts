// What both interpreters say of a program, as tests compare it.

import type { Insn } from "../bpf/insn.js";
import { interpret } from "../bpf/interpret.js";
import type { Outcome } from "../bpf/outcome.js";
import type { Program, TailCallCount } from "../bpf/program.js";
import { LAYOUT } from "../bpf/testing.js";
import { compiledInterpreter } from "./interpret.js";

export const INPUT = Uint8Array.from({ length: 16 }, (_, i) => 17 * i + 3);

/** What both say, the compiled one first; a fault by its name alone, since only one of them says more. */
export function both(program: Program, fuel = 1000, tailCallCount?: TailCallCount): readonly unknown[] {
  const run = { program, input: INPUT, layout: LAYOUT, fuel, tailCallCount };
  return [compiledInterpreter()!.interpret(run), interpret(run)].map((outcome) => {
    if (outcome === undefined) return "not taken";
    return outcome.kind === "faulted" ? "faulted" : plain(outcome);
  });
}
export const plain = (outcome: Outcome): unknown => ({
  ...outcome,
  ...(outcome.kind === "returned" && {
    regions: outcome.regions.map(({ bytes, ...rest }) => ({ ...rest, bytes: [...bytes] })),
  }),
});

export const programOf = (insns: readonly Insn[], program: Partial<Program> = {}): Program => ({
  ...{ code: [insns], maps: [], context: "memory" },
  ...program,
});
