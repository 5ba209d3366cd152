// The rules of calls and exits: what a helper may be given, what a tail call needs, and what must be defined in the end.
// What a call leaves is known only when it has been made: `afterCall` notes it.

import { type Helper, ITERATOR_BYTES } from "../helpers/helper.js";
import { type HelperArg, MAP_NAMES, TAIL_CALL } from "../helpers.js";
import type { CallRow, Row } from "../isa.js";
import { modelOf } from "../kernel-functions.js";
import { type DataMap, hasFields, isDataMap, type MapSpec } from "../program.js";
import { word } from "../run-state.js";
import { type AccessKind, offsetIn, problemOfAccess } from "./access.js";
import { contextName, type Place, placeOf } from "./tracker.js";
import { DEFINED, OF_UNKNOWN_CALL, pointerValue, UNDEFINED, type Value, whyUndefined } from "./value.js";

/** r0 of the program is its result; a local function may return nothing. */
export function exitProblem({ tracker }: Place): string | undefined {
  const r0 = tracker.values[0]!;
  if (tracker.isInCall || r0.undefined === 0n) return undefined;
  return `returns r0, which ${whyUndefined(r0)}`;
}

export function callProblem(place: Place, row: CallRow): string | undefined {
  if (row.target === "helper" && place.insn.imm === TAIL_CALL) return tailCallProblem(place);
  const helper = modelOf(row.target, place.insn.imm);
  if (helper === undefined) return undefined;
  const problemOf = (sort: HelperArg, i: number): string | undefined => {
    const problem = argumentProblem(place, i + 1, sort);
    return problem === undefined ? undefined : `${helper.name}: ${problem}`;
  };
  place.tracker.hasReadUndefined = false;
  place.tracker.hasReadBeside = false;
  // A size that is asked for is forgotten with the arguments.
  if (helper.returns === "recordOrNull") place.tracker.reserved = sizeIn(place, 2);
  const { counts } = helper;
  let most = helper.args.length;
  for (const [i, sort] of helper.args.entries()) {
    // What a call counts is known from its first two arguments.
    if (i === 2 && counts !== undefined) most = counts(place.run.helperState, argumentsOf(place.run.registers));
    const problem = i < most ? problemOf(sort, i) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const argumentsOf = (registers: BigUint64Array) => [1, 2, 3, 4, 5].map((register) => word(registers, register));

type ArgumentRule = (place: Place, register: number) => string | undefined;

function argumentProblem(place: Place, register: number, sort: HelperArg): string | undefined {
  if (typeof sort === "string") return ARGUMENTS[sort](place, register);
  return mapArgument(place, register, ({ kind }) => sort.mapOf.includes(kind));
}

/** What an argument must be, by its sort. */
const ARGUMENTS: Record<Extract<HelperArg, string>, ArgumentRule> = {
  scalar: defined,
  size: defined,
  mapPointer: (place, register) => mapArgument(place, register, (spec) => isDataMap(spec)),
  keyPointer: (place, register) => {
    const bytes = keyBytesOf(place);
    const problem = reachable(place, register, bytes, "reads");
    if (problem !== undefined) return problem;
    const isKnown = place.tracker.memory.isDefined(placeOf(word(place.run.registers, register)), bytes);
    return isKnown ? undefined : `r${register} points to a key that is not wholly written`;
  },
  // Its bytes go into the map as they are, undefined ones too.
  valuePointer: (place, register) => reachable(place, register, mapOf(place)?.valueBytes ?? 0, "reads"),
  bytes: (place, register) => sized(place, register, "reads"),
  bytesOrNull: (place, register) =>
    place.tracker.values[register]!.undefined === 0n && word(place.run.registers, register) === 0n
      ? sizeOfNothing(place, register)
      : sized(place, register, "reads"),
  room: (place, register) => sized(place, register, "writes"),
  both: (place, register) => sized(place, register, "changes"),
  iterator: (place, register) => reachable(place, register, ITERATOR_BYTES, "changes"),
  context: ({ tracker, run }, register) =>
    tracker.values[register]!.target === tracker.context && word(run.registers, register) === run.context.pointer
      ? undefined
      : `r${register} is not the context`,
  contextOrNull: (place, register) =>
    place.tracker.values[register]!.undefined === 0n && word(place.run.registers, register) === 0n
      ? undefined
      : ARGUMENTS.context(place, register),
  // A number may be an address, and what cannot be read there the helper says. A pointer must lead to something.
  address: (place, register) => {
    const { target } = place.tracker.values[register]!;
    return target === undefined ||
      target.kind === "map" ||
      target.kind === "unknown" ||
      target === place.tracker.context
      ? defined(place, register)
      : reachable(place, register, 1, "reads");
  },
  record: (place, register) => {
    const { target } = place.tracker.values[register]!;
    const isRecord = target?.kind === "record" && offsetIn(target, word(place.run.registers, register)) === 0n;
    if (!isRecord) return `r${register} is not a record that was reserved`;
    return target.isGone === undefined ? undefined : `r${register} is ${target.isGone}, which is gone`;
  },
};

function defined({ tracker }: Place, register: number): string | undefined {
  const value = tracker.values[register]!;
  return value.undefined === 0n ? undefined : `r${register} ${whyUndefined(value)}`;
}

/** The map with values that r1 points to. */
function mapOf({ tracker }: Place): DataMap | undefined {
  const spec = tracker.program.maps[tracker.values[1]!.target?.map ?? -1];
  return isDataMap(spec) ? spec : undefined;
}

function keyBytesOf({ tracker }: Place): number {
  const spec = tracker.program.maps[tracker.values[1]!.target?.map ?? -1];
  return isDataMap(spec) || spec?.kind === "mapOfMaps" ? spec.keyBytes : 0;
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

const SORTS: Record<MapSpec["kind"], string> = { ...MAP_NAMES, progArray: "a program array" };

/** As many bytes as the next register says. */
function sized(place: Place, register: number, kind: AccessKind): string | undefined {
  const problem = defined(place, register + 1);
  if (problem !== undefined) return problem;
  return reachable(place, register, sizeIn(place, register + 1), kind);
}

const sizeIn = ({ run }: Place, register: number): number => Number(BigInt.asUintN(32, word(run.registers, register)));

function sizeOfNothing(place: Place, register: number): string | undefined {
  const problem = defined(place, register + 1);
  if (problem !== undefined) return problem;
  const size = sizeIn(place, register + 1);
  return size === 0 ? undefined : `reads ${size} bytes through r${register}, which is 0`;
}

function reachable(place: Place, register: number, size: number, kind: AccessKind): string | undefined {
  const { tracker, run } = place;
  const value = tracker.values[register]!;
  const bits = word(run.registers, register);
  const problem = problemOfAccess({ kind, register: `r${register}`, bits, value, offset: 0, size });
  if (problem !== undefined) return problem;
  if (value.target !== tracker.context) return undefined;
  const { context } = tracker.program;
  if (hasFields(context)) return `${kind} ${contextName(context)} through r${register}`;
  return context === "tracing" && kind !== "reads" ? `${kind} the input, which it may only read` : undefined;
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

/** Whether a program that does what has no meaning was misled by a call that is not modelled. */
export function isMisled({ tracker: { values }, insn: { row, dst, src } }: Place): boolean {
  const used = row.kind === "call" ? [1, 2, 3, 4, 5] : [row.kind === "load" || row.kind === "loadAcquire" ? src : dst];
  return used.some((register) => values[register]!.target === OF_UNKNOWN_CALL);
}

/** Note what has become known when the call or exit at a place was made. @param tailCalls how many there were before */
export function afterCall(place: Place, tailCalls: number): void {
  const { tracker, run, insn } = place;
  const row: Row = insn.row;
  if (row.kind === "exit" || (row.kind === "legacyLoad" && run.taken)) tracker.popFrame();
  else if (row.kind === "legacyLoad") tracker.forgetArguments();
  else if (row.kind === "call" && row.target === "local") tracker.pushFrame(frameTop(run.registers));
  else if (run.tailCalls !== tailCalls) tracker.replaceFrame(run.code, frameTop(run.registers));
  else {
    const [, first] = tracker.values;
    const target = row.kind === "call" ? row.target : "local";
    const helper = modelOf(target, insn.imm);
    if (helper?.args[0] === "record" && first!.target !== undefined) first!.target.isGone = first!.target.name;
    if (helper?.movesPacket === true) tracker.movePacket(run.helperState.packet, `bpf_${helper.name}`);
    tracker.forgetArguments();
    if (target === "helper" && insn.imm === TAIL_CALL) return;
    tracker.values[0] =
      helper === undefined ? pointerValue(OF_UNKNOWN_CALL) : result(helper, word(run.registers, 0), first!, tracker);
  }
}

/** @returns why the call that was made has no meaning, for what it read */
export function madeCallProblem({ tracker, insn }: Place, { target }: CallRow): string | undefined {
  const helper = modelOf(target, insn.imm);
  if (helper === undefined) return undefined;
  if (tracker.hasReadBeside) return `${helper.name}: reads beyond the stack`;
  if (!tracker.hasReadUndefined) return undefined;
  return helper.decides === true ? `${helper.name}: reads what is not wholly written` : undefined;
}

const frameTop = (registers: BigUint64Array): number => placeOf(word(registers, 10));

function result({ returns }: Helper, r0: bigint, first: Value, tracker: Place["tracker"]): Value {
  if (returns === "nothing") return UNDEFINED;
  if (returns === "firstOrNull") return r0 === 0n ? DEFINED : first;
  const { target } = first;
  const map = target?.map;
  if (returns === "scalar" || r0 === 0n || map === undefined) return DEFINED;
  const spec = tracker.program.maps[map];
  const place = placeOf(r0);
  if (spec?.kind === "mapOfMaps") {
    const inner = tracker.maps.find(({ object }) => object.base === place);
    return inner === undefined ? DEFINED : pointerValue(inner.object);
  }
  if (returns === "recordOrNull") {
    const bytes = tracker.reserved;
    tracker.memory.forget(place, bytes);
    return pointerValue({ kind: "record", name: `a record of ${target!.name}`, base: place, bytes });
  }
  if (!isDataMap(spec)) return DEFINED;
  return pointerValue({ ...tracker.maps[map]!.values, base: place, bytes: spec.valueBytes });
}
