// Programs of histories run where others have run before, attached ones above all: what their frames hold at first is
// anybody's. One that uses it has no right result.

import { interpret } from "../../spec/bpf/interpret.js";
import { factsOfCode, validate } from "../../spec/bpf/validate/validate.js";
import type { Case } from "../case.js";
import { layoutOf } from "../run/layout.js";

const FUEL = 50_000;

/** Why the program is undefined in a history; undefined if it is not. It is valid, and has one input. */
export function undefinedInHistory({ program, inputs }: Case): string | undefined {
  const validity = validate(program);
  const [input] = inputs;
  if (!validity.ok || input === undefined) return undefined;
  const contextLoads = program.code.map((_, code) => factsOfCode(validity.facts, code).contextLoads);
  const track = { contextLoads, isFrameKnown: false };
  const outcome = interpret({ program, input, layout: layoutOf(program, input.length), fuel: FUEL, track });
  if (outcome.kind !== "faulted" || outcome.why !== "undefined") return undefined;
  return `undefined program: ${outcome.detail}, at instruction ${outcome.pc}; in a history a frame holds at first what others have left there`;
}
