// Contexts that have fields: each is read and written where a program may, and packets are loaded from as classic BPF did.

import { LOADS, STORE_IMMS, STORES } from "../../../../spec/bpf/access-rows.js";
import { type ContextStructure, isNumber, isSettable, structureOf } from "../../../../spec/bpf/context-fields.js";
import { type LegacyLoadRow, ROWS, rowById } from "../../../../spec/bpf/isa.js";
import { LEGACY_CONTEXT } from "../../../../spec/bpf/legacy-load.js";
import { type ContextKind, hasFields } from "../../../../spec/bpf/program.js";
import { times } from "../../../../spec/lists.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import type { Body } from "./body.js";
import { contextPlace, loadContext } from "./call-block.js";
import { EDGES, half } from "./immediates.js";
import { SPILL } from "./registers.js";

type Field = ContextStructure["fields"][number];
const AND = rowById("and imm");
const ABS = ROWS.filter((row): row is LegacyLoadRow => row.kind === "legacyLoad" && row.mode === "abs");
const IND = ROWS.filter((row): row is LegacyLoadRow => row.kind === "legacyLoad" && row.mode === "ind");

/** One access to a field, or a load of the packet. */
export function useContext(body: Body): void {
  const { draw, plan } = body;
  const fields = structureOf(plan.kind)?.fields.filter(isNumber);
  if (fields === undefined || contextPlace(body) < 0) return;
  if (plan.kind === "skb" && draw.chance(55)) legacyLoad(body);
  else accessField(body, draw.pick(fields));
}

/** In how many of a hundred cases fields hold something. */
const FILLED = { xdp: 15, skb: 70 } as const;
/** These follow from the packet. */
const IMPLIED = ["len", "wire_len", "protocol"];

/** What some of the fields hold at first; undefined for what they hold anyway. */
export function drawFields(draw: Draw, kind: ContextKind): ReadonlyMap<string, bigint> | undefined {
  if (!hasFields(kind) || !draw.chance(FILLED[kind])) return undefined;
  const fields = structureOf(kind)!.fields.filter(
    (field) => isNumber(field) && isSettable(field) && !IMPLIED.includes(field.name),
  );
  return new Map(
    times(draw.between(1, 6), () => {
      const { name, width } = draw.pick(fields);
      const value = (BigInt(half(draw)) << 32n) | BigInt(half(draw) >>> 0);
      return [name, BigInt.asUintN(8 * width, value)];
    }),
  );
}

function accessField(body: Body, field: Field): void {
  const { draw } = body;
  const stores = field.isWritable === true && draw.chance(50);
  const size = (
    stores && field.sort !== "any" ? field.bytes : draw.pick(SIZES_WITHIN[field.bytes] ?? [1, 2, 4])
  ) as Size;
  const places = Math.floor(field.bytes / size);
  const off = field.offset + size * (stores && field.sort !== "any" ? 0 : draw.below(places));
  if (off % size !== 0) return;
  const value = stores && draw.chance(60) ? body.operand() : -1;
  const dst = body.target();
  if (dst === value) return;
  const context = contextRegister(body, dst);
  if (!stores) {
    body.emit(LOADS[size], dst, context, off, 0);
    body.computed(dst);
  } else if (value >= 0) body.emit(STORES[size], context, value, off, 0);
  else body.emit(STORE_IMMS[size], context, 0, off, draw.pick(EDGES));
}
type Size = keyof typeof LOADS;
const SIZES_WITHIN: Readonly<Record<number, readonly Size[]>> = {
  1: [1],
  4: [1, 2, 4, 4],
  8: [1, 2, 4, 8],
  20: [1, 2, 4],
};

/** A spilled context is filled into `spare`. */
function contextRegister(body: Body, spare: number): number {
  const place = contextPlace(body);
  if (place < SPILL) return place;
  loadContext(body, spare);
  return spare;
}

/** Offsets around the end of short packets, and from the header of the network. */
const OFFSETS = [
  0, 1, 6, 7, 12, 14, 15, 20, 28, 45, 60, 61, 62, 63, 64, 100, -1, -0x10_0000, -0x0f_fff0, -0x20_0000,
] as const;

function legacyLoad(body: Body): void {
  const { draw, plan, state } = body;
  const rows = draw.chance(50) ? ABS : IND;
  if (!body.mayCall || !rows.every(({ id }) => plan.rows.has(id))) return;
  if (contextPlace(body) !== LEGACY_CONTEXT) {
    if (body.isLocked(LEGACY_CONTEXT)) return;
    loadContext(body, LEGACY_CONTEXT);
  }
  const row = draw.pick(rows);
  if (row.mode === "abs") body.emit(row, 0, 0, 0, draw.pick(OFFSETS));
  else {
    const index = body.mutable();
    if (draw.chance(70)) body.emit(AND, index, 0, 0, draw.pick([7, 15, 31, 63]));
    body.emit(row, 0, index, 0, draw.chance(40) ? 0 : draw.pick(OFFSETS));
  }
  body.clobberArguments();
  state.setScalar(0);
}
