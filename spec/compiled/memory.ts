// What lies in the linear memory of the compiled interpreter: the program once, and around each run its regions. See
// `layout.ts` for the places.

import { contextBytes, packetBytes } from "../bpf/context.js";
import { structureOf } from "../bpf/context-fields.js";
import { hasRequests } from "../bpf/helpers.js";
import { type Insn, REGISTERS } from "../bpf/insn.js";
import type { LddwRow } from "../bpf/isa.js";
import { isCompared, valuesBytes } from "../bpf/maps.js";
import type { Outcome, RegionBytes } from "../bpf/outcome.js";
import {
  type ContextKind,
  DEFAULT_LOOPS,
  DEFAULT_TAIL_CALL_COUNT,
  hasFields,
  type InsnArrayMap,
  type Layout,
  MAX_CALL_DEPTH,
  type MapSpec,
  type Program,
  type Range,
  STACK_BYTES,
  type TailCallCount,
} from "../bpf/program.js";
import { withoutCounter } from "../bpf/run-state.js";
import { copyOf } from "../slab.js";
import type { AskedHelpers } from "./asked.js";
import { entriesOf, fillArray, fillHash } from "./elements.js";
import { tableOf } from "./fields.js";
import * as at from "./layout.js";
import { aligned, hasValues, isTaken, SORTS, STATE_BYTES, strideOf, WORD } from "./maps.js";
import { RegionTable } from "./region-table.js";

/** Of the first region. */
const SIZES = (at.REGIONS + at.REGION_SIZE) / 4;

/** Whether a wide instruction has its second slot, and the map that it names. */
const isWhole = ({ source }: LddwRow, low: number, second: Insn | undefined, maps: number): boolean =>
  second?.row.kind === "lddwHigh" && (source === "imm64" || low >>> 0 < maps);

const NOTHING = new Uint8Array();

type Returned = Extract<Outcome, { kind: "returned" }>;

export class CompiledMemory extends RegionTable {
  private program: Program | undefined;
  /** The first byte that nothing has. */
  private free = at.HEAP;
  /** From here on what a run needs beside its program and maps. */
  private contextPlace = 0;
  /** The kind of context whose fields the table says. */
  private fieldsOf: ContextKind | undefined;
  /** Of the run that was placed last. */
  private frames: Layout["frames"] = [];

  /** @param asked for what the module does not have */
  constructor(
    buffer: ArrayBuffer,
    private readonly asked: AskedHelpers,
  ) {
    super(buffer);
  }

  /** @returns false if the program is not taken */
  load(program: Program): boolean {
    const { code, maps, context } = program;
    this.free = at.HEAP;
    if (code.length > at.MOST_CODES || maps.length > at.MOST_MAPS) return false;
    this.knowFields(context);
    this.words[at.HIDES_ARGUMENTS / 4] = Number(program.unknownCalls !== undefined);
    this.words[at.CODE_COUNT / 4] = code.length;
    this.words[at.MAP_COUNT / 4] = maps.length;
    this.words[at.REGION_COUNT / 4] = at.FIRST_VALUES + maps.length;
    this.words[at.BUDGET / 4] = program.loops ?? DEFAULT_LOOPS;
    if (
      !code.every((_, i) => this.loadCode(program, i)) ||
      !maps.every((spec, i) => this.loadMap(spec, i, code.length))
    )
      return false;
    for (let i = 0; i < MAX_CALL_DEPTH; i++) {
      const place = this.take(2 * (i === at.MAIN_STACK ? at.MOST_FRAME_BYTES : STACK_BYTES));
      if (place === undefined) return false;
      // The main stack may be read at first.
      this.setRegion(i, place, i === at.MAIN_STACK ? 0 : place + STACK_BYTES);
    }
    this.contextPlace = this.free;
    this.program = program;
    return true;
  }

  private take(bytes: number): number | undefined {
    const place = this.free;
    if (place + aligned(bytes) > at.MEMORY_BYTES) return undefined;
    this.free = place + aligned(bytes);
    return place;
  }

  private loadCode({ code, maps }: Program, index: number): boolean {
    const insns = code[index]!;
    const { length } = insns;
    const place = this.take(8 * length);
    const marks = this.take(length);
    if (place === undefined || marks === undefined) return false;
    const { words } = this;
    const entry = (at.CODES + index * at.CODE_BYTES) / 4;
    words[entry + at.CODE_PLACE / 4] = place;
    words[entry + at.CODE_SLOTS / 4] = length;
    words[entry + at.CODE_MARKS / 4] = marks;
    for (let pc = 0, to = place / 4; pc < length; pc++, to += 2) {
      const { row, dst, src, off, imm } = insns[pc]!;
      if (row.kind !== "stackArgument" && (dst >= REGISTERS || src >= REGISTERS)) return false;
      if (row.group === "kernel") return false;
      if (row.kind === "lddw" && !isWhole(row, imm, insns[pc + 1], maps.length)) return false;
      words[to] = row.opcode | (dst << 8) | (src << 12) | (off << 16);
      words[to + 1] = imm;
    }
    return true;
  }

  private knowFields(context: ContextKind): void {
    this.words[at.HAS_LEGACY_LOADS / 4] = context === "skb" ? 1 : 0;
    if (!hasFields(context) || this.fieldsOf === context) return;
    this.fieldsOf = context;
    const { data, dataEnd } = structureOf(context)!.packet;
    this.words[at.DATA / 4] = data;
    this.words[at.DATA_END / 4] = dataEnd;
    this.words.set(tableOf(context), at.FIELDS / 4);
  }

  private loadMap(spec: MapSpec, index: number, codes: number): boolean {
    if (!isTaken(spec)) {
      this.words[(at.MAPS + index * at.MAP_BYTES + at.MAP_SORT) / 4] = at.OTHER_MAP;
      const values = this.take(valuesBytes(spec));
      if (values === undefined) return false;
      this.setRegion(at.FIRST_VALUES + index, values, 0);
      return true;
    }
    const keyBytes = hasValues(spec) ? spec.keyBytes : 4;
    const place = this.take(strideOf(spec) * spec.entries);
    const state = this.take(STATE_BYTES[spec.kind](spec.entries, keyBytes));
    if (place === undefined || state === undefined) return false;
    const { words } = this;
    const entry = (at.MAPS + index * at.MAP_BYTES) / 4;
    words[entry + at.MAP_SORT / 4] = SORTS[spec.kind];
    words[entry + at.MAP_KEY_BYTES / 4] = keyBytes;
    words[entry + at.MAP_VALUE_BYTES / 4] = hasValues(spec) ? spec.valueBytes : 0;
    words[entry + at.MAP_STRIDE / 4] = strideOf(spec);
    words[entry + at.MAP_ENTRIES / 4] = spec.entries;
    words[entry + at.MAP_PLACE / 4] = place;
    words[entry + at.MAP_STATE / 4] = state;
    this.setRegion(at.FIRST_VALUES + index, place, 0, spec.kind === "insnArray");
    if (spec.kind === "progArray") {
      if (spec.programs.some((code) => code !== undefined && code >= codes)) return false;
      for (let slot = 0; slot < spec.entries; slot++) words[state / 4 + slot] = spec.programs[slot] ?? -1;
    } else if (spec.kind === "insnArray") this.fillInsnArray(spec, place);
    return true;
  }

  private fillInsnArray({ entries, code, slots }: InsnArrayMap, place: number): void {
    for (let i = 0; i < entries; i++) {
      const slot = slots[i];
      if (slot === undefined) this.wide[place / WORD + i] = 0n;
      else this.setAddress(place + WORD * i, at.SLOT_ADDRESSES + at.CODE_ADDRESSES * code + WORD * slot);
    }
  }

  /** Everything as it is before a run. @returns false if there is not room for it */
  place(
    layout: Layout,
    input: Uint8Array,
    { countsEmptySlots, forgetsReturned }: TailCallCount = DEFAULT_TAIL_CALL_COUNT,
  ): boolean {
    const { code, maps, context } = this.program!;
    const { words, bytes } = this;
    this.free = this.contextPlace;
    this.frames = layout.frames;
    const isPacket = hasFields(context);
    const structure = isPacket ? contextBytes(this.program!, layout, input) : input;
    const contextPlace = this.take(structure.length);
    const packet = isPacket ? packetBytes(layout, input) : NOTHING;
    const packetPlace = this.take(packet.length);
    if (contextPlace === undefined || packetPlace === undefined) return false;
    if (layout.frames.some((frame) => frame.bytes > at.MOST_FRAME_BYTES)) return false;
    this.setAddress(at.CONTEXT, layout.context.base);
    this.setAddress(at.CALLEE_STACKS_END, layout.calleeStacks.base + layout.calleeStacks.bytes);
    for (let i = 0; i < code.length; i++) this.placeFrame(i, layout.frames[i]!);
    const frame = layout.frames[0]!;
    const stack = this.placeOf(at.MAIN_STACK);
    this.setRegion(at.MAIN_STACK, stack, 0);
    this.setRange(at.MAIN_STACK, frame);
    // A run that faults may have left the stacks of its calls.
    for (let depth = 1; depth < MAX_CALL_DEPTH; depth++)
      words[SIZES + (at.MAIN_STACK + depth) * (at.REGION_BYTES / 4)] = 0;
    bytes.fill(0, stack, stack + frame.bytes);
    this.setRegion(at.CONTEXT_REGION, contextPlace, 0, context === "tracing");
    this.setRange(at.CONTEXT_REGION, { base: layout.context.base, bytes: structure.length });
    this.setRegion(at.PACKET_REGION, packetPlace, 0);
    this.setRange(at.PACKET_REGION, { base: layout.packet.base, bytes: packet.length });
    bytes.set(structure, contextPlace);
    bytes.set(packet, packetPlace);
    words[(at.REGIONS + at.CONTEXT_REGION * at.REGION_BYTES + at.REGION_FIELDS) / 4] = isPacket ? 1 : 0;
    for (let i = 0; i < maps.length; i++) this.placeMap(i, maps[i]!, layout.maps[i]!);
    this.asked.begin({
      program: this.program!,
      layout,
      context: bytes.subarray(contextPlace, contextPlace + structure.length),
      packet: bytes.subarray(packetPlace, packetPlace + packet.length),
    });
    words[at.RAN / 4] = 0;
    words[at.COUNTS_EMPTY_SLOTS / 4] = Number(countsEmptySlots);
    words[at.FORGETS_RETURNED / 4] = Number(forgetsReturned);
    return true;
  }

  private placeFrame(index: number, frame: Range): void {
    const entry = at.CODES + index * at.CODE_BYTES;
    this.words[(entry + at.CODE_FRAME_BYTES) / 4] = frame.bytes;
    this.setAddress(entry + at.CODE_FRAME, frame.base);
    const marks = this.words[(entry + at.CODE_MARKS) / 4]!;
    this.bytes.fill(0, marks, marks + this.words[(entry + at.CODE_SLOTS) / 4]!);
  }

  private placeMap(index: number, spec: MapSpec, { object, values }: Layout["maps"][number]): void {
    const entry = at.MAPS + index * at.MAP_BYTES;
    this.setAddress(entry + at.MAP_OBJECT, object.base);
    this.setAddress(entry + at.MAP_VALUES, values.base);
    const bytes = valuesBytes(spec);
    this.setRange(at.FIRST_VALUES + index, { base: values.base, bytes });
    // Nobody writes to an instruction array.
    if (spec.kind === "insnArray") return;
    const place = this.placeOf(at.FIRST_VALUES + index);
    this.bytes.fill(0, place, place + bytes);
    if (spec.kind === "array") fillArray(this.bytes, spec, place);
    if (spec.kind === "hash") fillHash(this.bytes, spec, this.hashPlace(index));
  }

  private hashPlace(index: number): { readonly values: number; readonly state: number } {
    const entry = (at.MAPS + index * at.MAP_BYTES) / 4;
    return { values: this.words[entry + at.MAP_PLACE / 4]!, state: this.words[entry + at.MAP_STATE / 4]! };
  }

  /** Instructions. */
  get ran(): number {
    return this.words[at.RAN / 4]!;
  }

  /** What the slots of a code did in the last run. */
  marksOf(code: number): Uint8Array {
    const entry = (at.CODES + code * at.CODE_BYTES) / 4;
    const marks = this.words[entry + at.CODE_MARKS / 4]!;
    return this.bytes.subarray(marks, marks + this.words[entry + at.CODE_SLOTS / 4]!);
  }

  /** What the last run has left. */
  returned(): Returned {
    const { maps, context } = this.program!;
    const regions = [this.stack(), this.region("context", at.CONTEXT_REGION)];
    if (hasFields(context)) regions.push(this.region("packet", at.PACKET_REGION));
    for (const [i, spec] of maps.entries()) {
      if (spec.kind === "array") regions.push(this.region(`map ${i}`, at.FIRST_VALUES + i));
      if (spec.kind === "hash")
        regions.push({ name: `map ${i}`, bytes: entriesOf(this.bytes, spec, this.hashPlace(i)) });
      if (!isTaken(spec) && isCompared(spec)) regions.push({ name: `map ${i}`, bytes: this.asked.dump(i) });
    }
    if (hasRequests(this.program!)) regions.push(this.asked.requests());
    return { kind: "returned", r0: this.wide[at.REGISTERS / 8]!, code: this.words[at.CODE / 4]!, regions };
  }

  private stack(): RegionBytes {
    const region = this.region("stack", at.MAIN_STACK);
    const place = this.words[(at.REGIONS + at.MAIN_STACK * at.REGION_BYTES + at.REGION_WRITTEN) / 4]!;
    const { name, bytes } = region;
    const marks = place === 0 ? undefined : copyOf(this.bytes, place, place + bytes.length);
    const written = withoutCounter(this.frames[this.words[at.CODE / 4]!]!, bytes.length, marks);
    return written === undefined ? region : { name, bytes, written };
  }
}
