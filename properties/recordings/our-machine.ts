// A recorded program as the JIT got it, with the addresses of our machine in place of the recorded kernel's: maps and
// helpers are where we have them. What cannot be moved here is refused with a reason.

import type { LoweredFunction } from "../../impl/verifier/rewrite.js";
import { halves } from "../../machine/address.js";
import type { Insn } from "../../spec/bpf/insn.js";
import type { Program } from "../../spec/bpf/program.js";
import { layoutOf } from "../../subjects/run/layout.js";
import { type MapLoad, mapLoadAt, type SplitFunction, splitFunctions } from "./functions.js";
import { type Matched, matchHelperCalls } from "./helper-calls.js";
import type { Recording } from "./recording.js";

/** @param asLoaded the program as it was loaded: it names maps by index and helpers by number. */
export function onOurMachine(recording: Recording, asLoaded: readonly Insn[], program: Program): Matched {
  const split = splitFunctions(recording);
  if (!split.ok) return { ok: false, why: split.message };
  const functions = withMaps(asLoaded, split.functions, program);
  return typeof functions === "string" ? { ok: false, why: functions } : matchHelperCalls(asLoaded, functions);
}

/** Fill in the addresses of maps, or say why that cannot be done. */
function withMaps(
  asLoaded: readonly Insn[],
  functions: readonly SplitFunction[],
  program: Program,
): readonly LoweredFunction[] | string {
  const loaded = [...asLoaded.keys()].flatMap((pc) => mapLoadAt(asLoaded, pc) ?? []);
  const shown: MapLoad[] = [];
  for (const unknown of functions.flatMap(({ unknowns }) => unknowns)) {
    if (unknown.kind !== "mapAddress" || unknown.shown === undefined) return "arenas are not modelled";
    shown.push(unknown.shown);
  }
  const maps = mapsOf(loaded, shown);
  if (maps === undefined) return `${loaded.length} loads of maps as loaded, ${shown.length} as seen by the JIT`;
  const addresses = maps.map((load) => addressOf(load, program));
  if (addresses.includes(undefined)) return "a map is loaded that recorded programs do not have";
  const rest = addresses.values();
  return functions.map(({ fn, unknowns }) => {
    const insns = [...fn.insns];
    for (const { pc } of unknowns) {
      const { high, low } = halves(rest.next().value!);
      insns[pc] = { ...insns[pc]!, imm: low | 0 };
      insns[pc + 1] = { ...insns[pc + 1]!, imm: high | 0 };
    }
    return { ...fn, insns, origin: Int32Array.from(insns.keys()) };
  });
}

/**
 * The shown loads with the map's index for its id. Loads that cannot be reached are not shown; then ids tell which are
 * left, as the maps were made one after the other: only one distance from index to id may fit.
 */
function mapsOf(loaded: readonly MapLoad[], shown: readonly MapLoad[]): readonly MapLoad[] | undefined {
  if (loaded.length === shown.length) return shown.map((load, i) => ({ ...load, imm: loaded[i]!.imm }));
  const first = shown[0];
  if (first === undefined) return [];
  const indexes = new Set(loaded.map(({ imm }) => imm));
  const distances = [...indexes].map((index) => first.imm - index);
  const fitting = distances.filter((distance) => shown.every(({ imm }) => indexes.has(imm - distance)));
  const [distance] = fitting;
  return distance === undefined || fitting.length > 1
    ? undefined
    : shown.map((load) => ({ ...load, imm: load.imm - distance }));
}

function addressOf({ source, imm, offset }: MapLoad, program: Program): number | undefined {
  const place = layoutOf(program, 0).maps[imm];
  return source === "mapFd" ? place?.object.base : place && place.values.base + offset;
}
