// The two interpreters on every input of a program, with no subject beside them: what one of them says wrong is found sooner
// than where the readable one judges a run in sixteen. The compiled one may leave a run to the other, but not one that it
// has all for: nobody would see a mistake there, since the other is right, and every such run would be slow.

import { TAIL_CALL } from "../../../spec/bpf/helpers.js";
import { interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import { type Program, STACK_BYTES, type TailCallCount } from "../../../spec/bpf/program.js";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";
import { MOST_REQUESTED } from "../../../spec/compiled/layout.js";
import { hasOtherMaps } from "../../../spec/compiled/maps.js";
import type { Case } from "../../../subjects/case.js";
import { frameAt, layoutOf } from "../../../subjects/run/layout.js";
import type { Disagreement } from "../../verdict.js";
import { differenceOf, differs } from "./answer.js";
import { FUEL, RanRows } from "./report.js";

/** Helpers that the compiled interpreter has. */
const ITS_HELPERS: ReadonlySet<number> = new Set(
  [1, 2, 3, 4, 5, 7, 8, 14, 15, 16, 23, 28, 35, 42, 45, 46, 80, 113, 115, 118, 122, 125, 152, 155, 160, 208].concat(
    TAIL_CALL,
  ),
);
/** Those that read a text. Where it goes on in the frame of a caller, the run is left to the other interpreter. */
const TEXT_HELPERS: ReadonlySet<number> = new Set([45, 115]);

/** Whether nothing in it is left to the other interpreter, as long as there is room for what it asks of the kernel. */
function isIts(program: Program): boolean {
  const insns = program.code.flat();
  const helpers = insns.flatMap(({ row, imm }) => (row.id === "call helper" ? [imm] : []));
  const mayReadOn = insns.some(({ row }) => row.id === "call local") && helpers.some((id) => TEXT_HELPERS.has(id));
  return (
    program.unknownCalls === undefined &&
    !hasOtherMaps(program) &&
    !mayReadOn &&
    helpers.every((id) => ITS_HELPERS.has(id)) &&
    insns.every(({ row }) => row.id !== "call kfunc")
  );
}

const isRoomFor = (outcome: Outcome): boolean =>
  outcome.kind === "returned" &&
  outcome.regions.every(({ name, bytes }) => name !== "requests" || bytes.length <= MOST_REQUESTED);

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
  const mustTake = isIts(program);
  const frames = program.code.map((_, i) => frameAt(SAVED_BYTES + 16 * (i % 3), STACK_BYTES + 16 * (i % 2)));
  for (const input of inputs) {
    const run = { program, input, layout: layoutOf(program, input.length, frames), fuel, tailCallCount };
    const [said, meant] = [new Told(), new Told()];
    const got = compiled.interpret({ ...run, count: said.rows.count, took: said.took });
    if (got === undefined && !mustTake) continue;
    const expected = interpret({ ...run, count: meant.rows.count, took: meant.took });
    if (got === undefined) {
      if (isRoomFor(expected)) return differs({ where: "who runs it", expected: "both", got: "one of them" });
      continue;
    }
    const difference = differenceOf(expected, got) ?? (got.kind === "faulted" ? undefined : meant.otherThan(said));
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
