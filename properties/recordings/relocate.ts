// A recorded program as the JIT got it, with the addresses of our machine in place of the recorded kernel's: maps and
// helpers are where we have them. The kernel shows a call as the distance of its function, which says nothing to us, and
// has put other instructions in place of some calls. So calls and loads of maps, as loaded and as shown, are matched one
// by one in program order. What cannot be moved here is refused with a reason.

import { halves } from "../../machine/address.js";
import { helperName } from "../../spec/bpf/helper-names.js";
import { HELPERS, MAP_LOOKUP, TAIL_CALL } from "../../spec/bpf/helpers.js";
import { type Insn, lddwHalves, withFields } from "../../spec/bpf/insn.js";
import type { Program } from "../../spec/bpf/program.js";
import { helperOffset } from "../../subjects/lowering.js";
import { HASH_ELEMENT_HELPER } from "../../subjects/run/helper-traps.js";
import { ARRAY_HEADER_BYTES, HASH_ELEMENT_HEADER_BYTES, layoutOf } from "../../subjects/run/layout.js";
import type { RewrittenFunction } from "../../subjects/subject.js";
import { type BlindedLoad, blindedLoads, isKernelAddress, setBlindedAddress } from "./blinded.js";
import { type MapLoad, mapLoadAt, splitFunctions, type Unknown } from "./functions.js";
import type { Recording } from "./recording.js";
import { setAddress } from "./resolve.js";

type Relocated =
  | { readonly ok: true; readonly functions: readonly RewrittenFunction[] }
  /** Why the program cannot run here. */
  | { readonly ok: false; readonly why: string };

/** A function whose slots are being changed. */
interface Moving {
  readonly insns: Insn[];
  readonly unknowns: readonly Unknown[];
}

/** @param asLoaded the program as it was loaded: it names maps by index and helpers by number. */
export function relocate(recording: Recording, asLoaded: readonly Insn[], program: Program): Relocated {
  const split = splitFunctions(recording);
  if (!split.ok) return { ok: false, why: split.message };
  const moving = split.functions.map(({ fn, unknowns }): Moving => ({ insns: [...fn.insns], unknowns }));
  const isShownBlinded = recording.kernel.isHardened && moving.length === 1;
  const why =
    (isShownBlinded ? placeBlindedMaps : placeMaps)(asLoaded, moving, program) ?? placeHelpers(asLoaded, moving);
  if (why !== undefined) return { ok: false, why };
  const functions = moving.map(({ insns }, i) => {
    return { ...split.functions[i]!.fn, insns, origin: Int32Array.from(insns.keys()) };
  });
  return { ok: true, functions };
}

/** Fill in the addresses of maps. @returns why that cannot be done */
function placeMaps(asLoaded: readonly Insn[], functions: readonly Moving[], program: Program): string | undefined {
  const loaded = [...asLoaded.keys()].flatMap((pc) => mapLoadAt(asLoaded, pc) ?? []);
  const places: { readonly insns: Insn[]; readonly pc: number }[] = [];
  const shown: MapLoad[] = [];
  for (const { insns, unknowns } of functions) {
    for (const unknown of unknowns) {
      if (unknown.kind !== "mapAddress" || unknown.shown === undefined) return "arenas are not modelled";
      places.push({ insns, pc: unknown.pc });
      shown.push(unknown.shown);
    }
  }
  const maps = mapsOf(loaded, shown);
  if (maps === undefined) return `${loaded.length} loads of maps as loaded, ${shown.length} as seen by the JIT`;
  for (const [i, load] of maps.entries()) {
    const address = addressOf(load, program);
    if (address === undefined) return "a map is loaded that recorded programs do not have";
    const { insns, pc } = places[i]!;
    setAddress(insns, pc, halves(address));
  }
  return undefined;
}

/** The same in a program that is shown blinded. If nothing was removed from it, its constants are those of the loaded one. */
function placeBlindedMaps(
  asLoaded: readonly Insn[],
  [moving]: readonly Moving[],
  program: Program,
): string | undefined {
  const constants = [...asLoaded.keys()].filter((pc) => asLoaded[pc]!.row.kind === "lddw");
  const loaded = constants.flatMap((pc) => mapLoadAt(asLoaded, pc) ?? []);
  const { insns } = moving!;
  const all = blindedLoads(insns);
  const isWhole = all.length === constants.length;
  // Else an address is what the program has not brought along.
  const brought = new Set(constants.map((pc) => constantOf(asLoaded, pc)));
  const isAddress = (load: BlindedLoad): boolean => isKernelAddress(load) && !brought.has(`${load.high} ${load.low}`);
  const shown = all.filter((load, i) => (isWhole ? mapLoadAt(asLoaded, constants[i]!) !== undefined : isAddress(load)));
  if (loaded.length !== shown.length) return `${loaded.length} loads of maps as loaded, ${shown.length} shown blinded`;
  for (const [i, { pc }] of shown.entries()) {
    const address = addressOf(loaded[i]!, program);
    if (address === undefined) return "a map is loaded that recorded programs do not have";
    setBlindedAddress(insns, pc, halves(address));
  }
  return undefined;
}

/** Both halves of a 64-bit constant, as text. */
function constantOf(insns: readonly Insn[], pc: number): string {
  const { high, low } = lddwHalves(insns, pc);
  return `${high >>> 0} ${low >>> 0}`;
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
  const [distance, ...others] = distances.filter((d) => shown.every(({ imm }) => indexes.has(imm - d)));
  if (distance === undefined || others.length > 0) return undefined;
  return shown.map((load) => ({ ...load, imm: load.imm - distance }));
}

function addressOf({ source, imm, offset }: MapLoad, program: Program): number | undefined {
  const place = layoutOf(program, 0).maps[imm];
  return source === "mapFd" ? place?.object.base : place && place.values.base + offset;
}

/** Point the calls at our models of the helpers that the program called when it was loaded. @returns why that cannot be done */
function placeHelpers(asLoaded: readonly Insn[], functions: readonly Moving[]): string | undefined {
  const foreign = asLoaded.find(isForeignCall);
  if (foreign !== undefined) {
    return `${foreign.row.id === "call helper" ? helperName(foreign.imm) : "a kernel function"} is not modelled`;
  }
  const ids = asLoaded.filter(isHelperCall).map(({ imm }) => imm);
  const places = functions.flatMap(({ insns }) =>
    [...insns.keys()].flatMap((pc) => {
      const form = formAt(insns, pc);
      return form === undefined ? [] : [{ insns, pc, form }];
    }),
  );
  if (ids.length !== places.length) {
    return `${ids.length} helper calls as loaded, ${places.length} as seen by the JIT`;
  }
  for (const [i, { insns, pc, form }] of places.entries()) {
    const id = ids[i]!;
    const slot = insns[pc]!;
    if (form !== "call" && id !== MAP_LOOKUP)
      return `${helperName(id)} as loaded, an inlined lookup as seen by the JIT`;
    if (form === "arrayLookup" || (slot.imm === id && INLINED_BY_JIT.has(id))) continue;
    insns[pc] = withFields(slot, { imm: helperOffset(form === "hashLookup" ? HASH_ELEMENT_HELPER : id) });
  }
  return undefined;
}

/** Helpers that are called by number and in whose place the JIT puts a load. */
const INLINED_BY_JIT: ReadonlySet<number> = new Set([8]);

const isHelperCall = ({ row, imm }: Insn): boolean => row.id === "call helper" && imm !== TAIL_CALL;
const isForeignCall = (slot: Insn): boolean =>
  isHelperCall(slot) ? !HELPERS.has(slot.imm) : slot.row.kind === "call" && slot.row.target === "kfunc";

/**
 * What was a helper call before the verifier: a call still, or the first slot of an inlined lookup.
 *
 * An array's is `r1 += 264; r0 = *(u32 *)(r2 + 0); if r0 >= ENTRIES goto ...`. A hash's is a call that gives an element,
 * whose value `if r0 == 0 goto +1; r0 += 56` makes of it.
 *
 * @source linux v6.12 kernel/bpf/arraymap.c, array_map_gen_lookup(); kernel/bpf/hashtab.c, htab_map_gen_lookup()
 */
function formAt(insns: readonly Insn[], pc: number): "call" | "arrayLookup" | "hashLookup" | undefined {
  const [first, second, third] = insns.slice(pc, pc + 3);
  if (first?.row.id === "call helper") {
    const checks = second?.row.id === "jeq imm" && second.dst === 0 && second.imm === 0 && second.off === 1;
    const adds = third?.row.id === "add imm" && third.dst === 0 && third.imm === HASH_ELEMENT_HEADER_BYTES;
    return checks && adds ? "hashLookup" : "call";
  }
  const adds = first?.row.id === "add imm" && first.dst === 1 && first.imm === ARRAY_HEADER_BYTES;
  const loads = second?.row.id === "ldxw" && second.dst === 0 && second.src === 2 && second.off === 0;
  const checks = third?.row.id === "jge imm" && third.dst === 0;
  return adds && loads && checks ? "arrayLookup" : undefined;
}
