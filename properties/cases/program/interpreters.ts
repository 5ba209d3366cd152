// The two interpreters on every input of a program, with no subject beside them: what one of them says wrong is found sooner
// than where the readable one judges a run in sixteen. The compiled one may leave a program to the other only where
// it has no room for it: nobody would see a mistake there, since the other is right, and every such run would be slow.

import { interpret } from "../../../spec/bpf/interpret.js";
import { valuesBytes } from "../../../spec/bpf/maps.js";
import { type Program, STACK_BYTES, type TailCallCount } from "../../../spec/bpf/program.js";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";
import { MEMORY_BYTES, MOST_CODES, MOST_MAPS } from "../../../spec/compiled/layout.js";
import type { Case } from "../../../subjects/case.js";
import { frameAt, layoutOf } from "../../../subjects/run/layout.js";
import type { Disagreement } from "../../verdict.js";
import { differs, exactDifferenceOf } from "./answer.js";
import { FUEL, RanRows } from "./report.js";

/** Whether the compiled one has room for it beside what a run needs. */
const isRoomFor = ({ code, maps }: Program): boolean => {
  const slots = code.reduce((n, { length }) => n + length, 0);
  const bytes = maps.reduce((n, spec) => n + valuesBytes(spec), 16 * slots);
  return code.length <= MOST_CODES && maps.length <= MOST_MAPS && bytes < MEMORY_BYTES / 2;
};

/** Frames end at no round address, each at its own, as where a JIT has saved registers. */
const SAVED_BYTES = 48;

interface Options {
  /** Default: `FUEL`. */
  readonly fuel?: number | undefined;
  readonly tailCallCount?: TailCallCount | undefined;
}

/**
 * @returns where they differ: in what a run comes to, in how long it takes, or in which instructions it came by; undefined
 * where the compiled one is not there
 */
export function differenceBetween(
  { program, inputs }: Pick<Case, "program" | "inputs">,
  { fuel = FUEL, tailCallCount }: Options = {},
): Disagreement | undefined {
  const compiled = compiledInterpreter();
  if (compiled === undefined) return undefined;
  const mustTake = isRoomFor(program);
  const frames = program.code.map((_, i) => frameAt(SAVED_BYTES + 16 * (i % 3), STACK_BYTES + 16 * (i % 2)));
  for (const input of inputs) {
    const run = { program, input, layout: layoutOf(program, input.length, frames), fuel, tailCallCount };
    const [said, meant] = [new Told(), new Told()];
    const got = compiled.interpret({ ...run, count: said.rows.count });
    said.took(compiled.ran);
    if (got === undefined && !mustTake) continue;
    const expected = interpret({ ...run, count: meant.rows.count, took: meant.took });
    if (got === undefined) {
      if (expected.kind !== "returned") continue;
      return differs({ where: "who runs it", expected: "both", got: "one of them" });
    }
    const isFault = expected.kind === "faulted" || got.kind === "faulted";
    const difference = exactDifferenceOf(expected, got) ?? (isFault ? undefined : meant.otherThan(said));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** What an interpreter tells of a run beside its outcome. */
class Told {
  readonly rows = new RanRows();
  private instructions = 0;
  readonly took = (n: number): void => {
    this.instructions = n;
  };

  otherThan(said: Told): Disagreement | undefined {
    const row = this.rows.otherThan(said.rows);
    if (row !== undefined) return differs({ where: row, expected: "what ran", got: "something else" });
    const [expected, got] = [`${this.instructions}`, `${said.instructions}`];
    return expected === got ? undefined : differs({ where: "instructions that ran", expected, got });
  }
}
