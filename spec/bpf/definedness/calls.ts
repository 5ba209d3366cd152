// The rules of calls and exits: what a helper may be given, what a tail call needs, and what must be defined in the end.
// What a call leaves is known only when it has been made: `afterCall` notes it.

import { HELPERS, type HelperArg, TAIL_CALL } from "../helpers.js";
import type { CallRow, Row } from "../isa.js";
import type { MapSpec } from "../program.js";
import { word } from "../run-state.js";
import { type Deed, offsetIn, problemOfAccess } from "./access.js";
import { type Place, placeOf } from "./tracker.js";
import { DEFINED, pointerValue, UNDEFINED, whyUndefined } from "./value.js";

/** r0 of the program is its result; a local function may return nothing. */
export function exitProblem({ tracker }: Place): string | undefined {
  const r0 = tracker.values[0]!;
  if (tracker.isInCall || r0.undefined === 0n) return undefined;
  return `returns r0, which ${whyUndefined(r0)}`;
}

export function callProblem(place: Place, row: CallRow): string | undefined {
  if (row.target !== "helper") return undefined;
  if (place.insn.imm === TAIL_CALL) return tailCallProblem(place);
  const helper = HELPERS.get(place.insn.imm);
  if (helper === undefined) return undefined;
  for (const [i, sort] of helper.args.entries()) {
    const problem = ARGUMENTS[sort](place, i + 1);
    if (problem !== undefined) return `${helper.name}: ${problem}`;
  }
  return undefined;
}

type ArgumentRule = (place: Place, register: number) => string | undefined;

/** What an argument must be, by its sort. */
const ARGUMENTS: Record<HelperArg, ArgumentRule> = {
  scalar: defined,
  mapPointer: (place, register) => mapArgument(place, register, ({ kind }) => kind !== "progArray"),
  keyPointer: (place, register) => {
    const bytes = mapOf(place)?.keyBytes ?? 0;
    const problem = readable(place, register, bytes);
    if (problem !== undefined) return problem;
    const isKnown = place.tracker.memory.isDefined(placeOf(word(place.run.registers, register)), bytes);
    return isKnown ? undefined : `r${register} points to a key that is not wholly written`;
  },
  // Its bytes go into the map as they are, undefined ones too.
  valuePointer: (place, register) => readable(place, register, mapOf(place)?.valueBytes ?? 0),
};

function defined({ tracker }: Place, register: number): string | undefined {
  const value = tracker.values[register]!;
  return value.undefined === 0n ? undefined : `r${register} ${whyUndefined(value)}`;
}

/** The map that r1 points to. */
function mapOf({ tracker }: Place): Exclude<MapSpec, { kind: "progArray" }> | undefined {
  const spec = tracker.program.maps[tracker.values[1]!.target?.map ?? -1];
  return spec === undefined || spec.kind === "progArray" ? undefined : spec;
}

function mapArgument(place: Place, register: number, fits: (spec: MapSpec) => boolean): string | undefined {
  const { tracker, run } = place;
  const { target } = tracker.values[register]!;
  if (target?.kind !== "map") return defined(place, register) ?? `r${register} is not a map`;
  const moved = offsetIn(target, word(run.registers, register));
  if (moved !== 0n) return `r${register} is a pointer to ${target.name} that was moved by ${moved}, which is no map`;
  const spec = tracker.program.maps[target.map!]!;
  return fits(spec) ? undefined : `r${register} is ${target.name}, which is ${SORTS[spec.kind]}`;
}

const SORTS: Record<MapSpec["kind"], string> = {
  array: "an array",
  hash: "a hash map",
  progArray: "a program array",
};

function readable(place: Place, register: number, size: number): string | undefined {
  const { tracker, run } = place;
  const value = tracker.values[register]!;
  const deed: Deed = "reads";
  const problem = problemOfAccess({
    ...{ deed, register: `r${register}`, bits: word(run.registers, register), value, offset: 0, size },
  });
  if (problem !== undefined) return problem;
  const isContext = tracker.program.context === "xdp" && value.target === tracker.context;
  return isContext ? `${deed} the xdp context through r${register}` : undefined;
}

function tailCallProblem(place: Place): string | undefined {
  const { tracker, run } = place;
  const [, r1, , r3] = tracker.values;
  const isContext = r1!.target === tracker.context && word(run.registers, 1) === run.context.pointer;
  if (!isContext) return "tail_call: r1 is not the context";
  const problem = mapArgument(place, 2, ({ kind }) => kind === "progArray");
  if (problem !== undefined) return `tail_call: ${problem}`;
  return (r3!.undefined & 0xffff_ffffn) === 0n ? undefined : `tail_call: r3 ${whyUndefined(r3!)}`;
}

/** Note what has become known when the call or exit at a place was made. @param tailCalls how many there were before */
export function afterCall({ tracker, run, insn }: Place, tailCalls: number): void {
  const row: Row = insn.row;
  if (row.kind === "exit") tracker.popFrame();
  else if (row.kind === "call" && row.target === "local") tracker.pushFrame(frameTop(run.registers));
  else if (run.tailCalls !== tailCalls) tracker.replaceFrame(run.code, frameTop(run.registers));
  else {
    const map = tracker.values[1]!.target?.map;
    tracker.forgetArguments();
    if (insn.imm !== TAIL_CALL) tracker.values[0] = result(insn.imm, word(run.registers, 0), map, tracker);
  }
}

const frameTop = (registers: BigUint64Array): number => placeOf(word(registers, 10));

function result(id: number, r0: bigint, map: number | undefined, tracker: Place["tracker"]) {
  const helper = HELPERS.get(id);
  if (helper === undefined) return UNDEFINED;
  const spec = map === undefined ? undefined : tracker.program.maps[map];
  if (helper.returns === "scalar" || r0 === 0n || spec === undefined || spec.kind === "progArray") return DEFINED;
  return pointerValue({ ...tracker.maps[map!]!.values, base: placeOf(r0), bytes: spec.valueBytes });
}
