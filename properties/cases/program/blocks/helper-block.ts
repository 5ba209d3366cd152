// Calls of any helper of the table, with arguments made by its prototype: buffers in the frame or behind another pointer,
// maps of the kind that it takes, the context, and numbers among which are those that make it succeed. Records of ring
// buffers are reserved, written and sent.

import { MOST_HELPER } from "../../../../spec/bpf/helper-names.js";
import type { Helper, HelperArg } from "../../../../spec/bpf/helpers/helper.js";
import { HELPERS, TAIL_CALL } from "../../../../spec/bpf/helpers.js";
import { rowById } from "../../../../spec/bpf/isa.js";
import type { ContextKind, MapSpec } from "../../../../spec/bpf/program.js";
import { indexesOf, mapList } from "../../../../spec/lists.js";
import type { Body } from "./body.js";
import { callHelper, contextPlace, loadContext } from "./call-block.js";
import { EDGES } from "./immediates.js";
import { loadMapPointer, pointToFrame } from "./map-block.js";
import { dataPointers } from "./memory-block.js";
import { ALL, type Pointer, SPILL, SPILLS } from "./registers.js";

const MOV_REG = rowById("mov reg");
const STORE_4 = rowById("stw");
const STORE_8 = rowById("stdw");
const STORE_REG = rowById("stxdw");
const MOV = rowById("mov imm");
const MOV32 = rowById("mov32 imm");
const IF_NULL = rowById("jeq imm");
const [RESERVE, SUBMIT, DISCARD] = [131, 132, 133];

/** What has blocks of its own: maps with values, records, tail calls. */
const ELSEWHERE: ReadonlySet<number> = new Set([1, 2, 3, 12, RESERVE, SUBMIT, DISCARD, 195]);

/** Those that a program with that context and those maps may call. */
export const callableHelpers = (
  kind: ContextKind,
  maps: readonly MapSpec[],
  helpers: ReadonlySet<number>,
): readonly Helper[] =>
  [...HELPERS.values()].filter(
    ({ id, args, contexts }) =>
      helpers.has(id) &&
      !ELSEWHERE.has(id) &&
      (contexts === undefined || contexts.includes(kind)) &&
      args.every((sort) => typeof sort === "string" || maps.some((map) => sort.mapOf.includes(map.kind))),
  );

const CURRENT_CPU = -1;
/** By helper and argument from r1: numbers with which it does more than refuse. */
const NUMBERS: Readonly<Record<number, Readonly<Record<number, readonly number[]>>>> = {
  9: { 2: [0, 1, 8, 14, 20], 5: [0, 1, 2] },
  10: { 2: [0, 10, 24], 3: [0, 0x1234], 5: [0, 2, 4] },
  11: { 2: [0, 16, 36], 3: [0, 0x1234], 5: [0, 2, 4, 0x12, 0x24, 0x44] },
  13: { 2: [1, 2], 3: [0, 1] },
  18: { 2: [0x81, 0xa888], 3: [0, 7, 0xfff] },
  21: { 4: [0, 1, 4] },
  20: { 4: [0, 1] },
  22: { 2: [CURRENT_CPU, 0] },
  23: { 1: [1, 2], 2: [0, 1] },
  26: { 2: [0, 1, 12, 14, 30] },
  27: { 3: [0, 1, 5, 0x100, 0x203] },
  31: { 2: [0x08, 0xdd86], 3: [0] },
  32: { 2: [0, 1, 3] },
  38: { 2: [14, 20, 40, 60, 100], 3: [0] },
  39: { 2: [0, 14, 34, 54] },
  43: { 2: [0, 4, 14], 3: [0] },
  44: { 2: [0, 4, -4, 14, -14, -64] },
  49: { 2: [1], 3: [2, 8, 31] },
  50: { 2: [0, 4, -4, 20], 3: [0, 1], 4: [0] },
  51: { 2: [0, 1, 2], 3: [0, 2] },
  54: { 2: [0, -4, -8, 4] },
  55: { 2: [CURRENT_CPU, 0] },
  57: { 2: [1], 3: [2, 8, 31] },
  65: { 2: [0, -4, 8, 64, -20] },
  68: { 2: [0, 1, 14], 5: [0, 1] },
  69: { 4: [0, 1] },
  130: { 4: [0, 1, 2] },
  134: { 2: [0, 1, 2, 3] },
  152: { 1: [1, 2], 4: [0] },
  155: { 1: [1, 2], 2: [0] },
  189: { 2: [0, 1, 14] },
  190: { 2: [0, 1, 14] },
  25: { 3: [CURRENT_CPU, 0, 1] },
};
/** By helper: sizes of buffers that it takes. */
const SIZES: Readonly<Record<number, readonly number[]>> = {
  ...{ 20: [44, 28, 8], 21: [44, 28, 8], 28: [4, 8, 16], 29: [4, 8, 16], 30: [4, 8, 16], 49: [4], 55: [24], 56: [24] },
  ...{ 57: [4], 69: [64], 152: [20, 24], 6: [4, 8] },
};
const ANY_SIZE = [1, 2, 3, 4, 6, 8, 8, 13, 16, 24, 31] as const;

/** What no kernel numbers as a helper that is modelled here, and kernel functions. */
const UNKNOWN_HELPERS = Array.from({ length: MOST_HELPER + 1 }, (_, id) => id).filter(
  (id) => id > 0 && id !== TAIL_CALL && !HELPERS.has(id),
);
const KFUNC = rowById("call kfunc");
const MOST_KFUNC = 15;

/** With five numbers: what it returns depends on all that it is given, and where a frame lies is nobody's promise. */
function unknownCall(body: Body): void {
  const { draw, state } = body;
  for (let register = 1; register <= 5; register++) {
    const numbers = state.scalars & ALL & ~(1 << register);
    if (numbers !== 0 && draw.chance(60)) body.copy(register, draw.bit(numbers));
    else body.constant(register, draw.pick(EDGES));
  }
  if (draw.chance(50)) {
    callHelper(body, draw.pick(UNKNOWN_HELPERS));
    return;
  }
  body.emit(KFUNC, 0, 0, 0, draw.between(1, MOST_KFUNC));
  body.clobberArguments();
  state.setScalar(0);
}

/** One call. */
export function anyHelper(body: Body): void {
  const { draw, plan } = body;
  if (body.mayCall && plan.unknownCalls && draw.chance(35)) {
    unknownCall(body);
    return;
  }
  if (!body.mayCall || plan.callable.length === 0) return;
  if (draw.chance(12) && reserveRecord(body)) return;
  const helper = draw.pick(plan.callable);
  // What a loop relies on, or a caller, may be a pointer to the packet.
  if (helper.movesPacket === true && (body.loopDepth > 0 || !body.signature.main)) return;
  if (!makeArguments(body, helper)) return;
  callHelper(body, helper.id);
  if (helper.movesPacket === true) forgetPacket(body);
}

/** The context goes first: it may lie in another argument register. Numbers come last, since pointers are made of others. */
const inOrder = (args: readonly HelperArg[]): readonly (readonly [register: number, sort: HelperArg])[] =>
  mapList(args, (sort, i) => [i + 1, sort] as const).sort(([, a], [, b]) => rank(a) - rank(b));
const rank = (sort: HelperArg): number => (sort === "context" ? 0 : sort === "scalar" || sort === "size" ? 2 : 1);

/** The arguments, if all that they need is at hand. Each of them writes its own register and no other. */
function makeArguments(body: Body, helper: Helper): boolean {
  const { draw, plan, frame } = body;
  if (helper.args.includes("context") && contextPlace(body) < 0) return false;
  const sizes = mapList(helper.args, (sort) => {
    if (typeof sort !== "string" || !BUFFERS.has(sort)) return 0;
    // A size of nothing goes with 0.
    return sort === "bytesOrNull" && draw.chance(25) ? 0 : draw.pick(SIZES[helper.id] ?? ANY_SIZE);
  });
  if (sizes.some((bytes) => bytes > frame.end - frame.start)) return false;
  if (helper.id === TRACE_PRINTK) sizes[0] = writeFormat(body);
  for (const [register, sort] of inOrder(helper.args)) {
    const bytes = sizes[register - 1]!;
    if (typeof sort !== "string") loadMapPointer(body, draw.pick(mapsOf(plan.maps, sort.mapOf)), register);
    else if (sort === "context") loadContext(body, register);
    else if (sort === "size") body.constant(register, sizes[register - 2]!);
    else if (sort === "address") address(body, register);
    else if (sort === "scalar") number(body, helper.id, register);
    else if (bytes === 0) body.constant(register, 0);
    else if (sort === "room" || sort === "both" || helper.id === TRACE_PRINTK) inFrame(body, register, bytes);
    else readable(body, register, bytes);
  }
  return true;
}

const mapsOf = (maps: readonly MapSpec[], kinds: readonly MapSpec["kind"][]): readonly number[] =>
  indexesOf(maps, ({ kind }) => kinds.includes(kind));

const BUFFERS: ReadonlySet<HelperArg> = new Set<HelperArg>(["bytes", "bytesOrNull", "room", "both"]);
const TRACE_PRINTK = 6;

/** `%d` and `%x` with what ends them, where the frame ends. @returns bytes */
function writeFormat(body: Body): number {
  const formats = [0x000a_6425, 0x0020_7825, 0x0025_2525];
  body.emit(STORE_4, 10, 0, body.frame.end - FORMAT_BYTES, body.draw.pick(formats));
  return FORMAT_BYTES;
}
const FORMAT_BYTES = 4;

/** Bytes of the frame; a format at its end. */
function inFrame(body: Body, register: number, bytes: number): void {
  const { frame, draw } = body;
  const last = frame.end - bytes;
  pointToFrame(body, register, draw.chance(50) ? last : draw.between(frame.start, last));
}

/** Bytes behind a pointer that is at hand, or in the frame. */
function readable(body: Body, register: number, bytes: number): void {
  const { draw } = body;
  const fits = ({ low, high, end, region: { start } }: Pointer): boolean =>
    low === high && low >= start && low + bytes <= end;
  const mask = dataPointers(body, fits) & ALL;
  if (mask === 0 || draw.chance(60)) inFrame(body, register, bytes);
  else body.copy(register, draw.bit(mask));
}

/** Where something can be read, or not. */
function address(body: Body, register: number): void {
  const { draw, frame } = body;
  if (draw.chance(65)) pointToFrame(body, register, frame.start);
  else if (draw.chance(50)) body.constant(register, draw.pick(EDGES));
  else body.wide(register, draw.pick(EDGES), draw.between(-0x1_0000, 0));
}

/** What the helper takes, most of the time. */
function number(body: Body, helper: number, register: number): void {
  const { draw, state } = body;
  const known = NUMBERS[helper]?.[register];
  const others = state.scalars & ALL & ~(1 << register);
  if (known !== undefined && draw.chance(85)) {
    const value = draw.pick(known);
    if (value === CURRENT_CPU) body.emit(MOV32, register, 0, 0, -1);
    else body.emit(MOV, register, 0, 0, value);
    state.setScalar(register);
  } else if (others !== 0 && draw.chance(50)) body.copy(register, draw.bit(others));
  else body.constant(register, draw.pick(EDGES));
}

/** Pointers to the packet are none any more. */
function forgetPacket({ state, plan }: Body): void {
  for (let place = 0; place < SPILL + SPILLS; place++) {
    if (!((state.pointers >> place) & 1)) continue;
    const { region } = state.pointer(place);
    if (region === plan.packet || region === plan.packetEnd) state.forget(1 << place);
  }
}

/** A record of a ring buffer, written whole, and sent or given back. @returns whether there was one */
function reserveRecord(body: Body): boolean {
  const { draw, plan, state } = body;
  const rings = mapsOf(plan.maps, ["ringBuffer"]);
  if (rings.length === 0 || !plan.helpers.has(RESERVE)) return false;
  const bytes = 8 * draw.between(1, 3);
  loadMapPointer(body, draw.pick(rings), 1);
  body.constant(2, bytes);
  body.constant(3, 0);
  callHelper(body, RESERVE);
  state.forget(1);
  const after = body.label();
  body.emit(IF_NULL, 0, 0, 0, 0);
  body.jumpsTo(after);
  for (let at = 0; at < bytes; at += 8) {
    const scalars = state.scalars & ALL;
    if (scalars !== 0 && draw.chance(60)) body.emit(STORE_REG, 0, draw.bit(scalars), at, 0);
    else body.emit(STORE_8, 0, 0, at, draw.pick(EDGES));
  }
  body.emit(MOV_REG, 1, 0, 0, 0);
  body.constant(2, 0);
  callHelper(body, draw.chance(70) ? SUBMIT : DISCARD);
  state.forget(1);
  body.place(after);
  return true;
}
