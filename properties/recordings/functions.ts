// From what the kernel shows of a program back to what its JIT was handed. `BPF_OBJ_GET_INFO_BY_FD` shows local calls,
// function addresses, tail calls and map loads in another form than the JIT saw, and hides which accesses may fault.

import { decode, type Insn, insn, withFields } from "../../spec/bpf/insn.js";
import { ROWS, type Row, rowById } from "../../spec/bpf/isa.js";
import type { JitFunction } from "../../subjects/subject.js";
import type { Recording } from "./recording.js";
import { prologueFacts, wordsOf } from "./words.js";

const CALL = 0x85;
const EXIT = 0x95;
const TAIL_CALL_HELPER = 12;
const TAIL_CALL = rowById("tail call");
const LDDW_IMM64 = rowById("lddw imm64");

/** A slot whose value or form only the image tells. */
export type Unknown =
  | { readonly kind: "mapAddress"; readonly pc: number; readonly shown: MapLoad | undefined }
  | { readonly kind: "userBase"; readonly pc: number }
  | { readonly kind: "arenaAccess"; readonly pc: number };

/** A load of a map, or of its value at an offset; `imm` is the map's index as loaded, and its id as shown. */
export interface MapLoad {
  readonly source: "mapFd" | "mapFdValue";
  readonly imm: number;
  readonly offset: number;
}

/** The load of a map at that slot, or undefined. */
export function mapLoadAt(slots: readonly Insn[], pc: number): MapLoad | undefined {
  const { row, imm } = slots[pc]!;
  if (row.kind !== "lddw" || (row.source !== "mapFd" && row.source !== "mapFdValue")) return undefined;
  return { source: row.source, imm, offset: slots[pc + 1]?.imm ?? 0 };
}

export interface SplitFunction {
  readonly fn: JitFunction;
  /** In slot order. */
  readonly unknowns: readonly Unknown[];
}
type Split =
  | { readonly ok: true; readonly functions: readonly SplitFunction[] }
  | { readonly ok: false; readonly message: string };

/** Undo the display and split the program into its functions. Unknowns are filled with placeholders. */
export function splitFunctions(recording: Recording): Split {
  const decoded = decode(recording.xlated, "kernel");
  if (!decoded.ok) return { ok: false, message: `xlated: pc ${decoded.error.pc}: ${decoded.error.message}` };
  const slots = decoded.value;
  const starts = startsOf(slots);
  const facts = recording.functions.map(({ code }) => prologueFacts(wordsOf(code)));
  if (starts.length !== recording.functions.length) {
    return { ok: false, message: `${starts.length} functions in xlated, but ${recording.functions.length} images` };
  }
  const visible = facts.some(({ exceptionBoundary }) => exceptionBoundary) ? withoutHidden(slots) : slots.length;
  const functions = starts.map((start, index): SplitFunction => {
    const shown = slots.slice(start, starts[index + 1] ?? visible);
    const insns = shown.map((_, pc) => slotAsCompiled(shown, pc, () => calleeAt(slots, start + pc, starts)));
    const { stackBytes, exceptionBoundary, exceptionCallback, arenaBase } = facts[index]!;
    const fn: JitFunction = {
      ...{ insns, index, exceptionBoundary, exceptionCallback, wasClassic: recording.progType === 0 },
      stackDepth: recording.functions[index]?.stackDepth ?? stackBytes,
      ...(arenaBase && { arena: { kernelBase: arenaBase, userBase: { high: 0, low: 0 } } }),
    };
    return { fn, unknowns: unknownsOf(shown, arenaBase !== undefined) };
  });
  return { ok: true, functions };
}

/** First slots of the functions that something calls or takes the address of, and of the main program. */
function startsOf(slots: readonly Insn[]): readonly number[] {
  const starts = new Set([0]);
  const far: number[][] = [];
  slots.forEach(({ row, imm }, pc) => {
    if (row.kind === "lddw" && row.source === "code") starts.add(pc + 1 + imm);
    if (row.kind !== "call" || row.target !== "local") return;
    const places = landings(slots, pc);
    if (places.length > 1) far.push(places);
    else starts.add(places[0]!);
  });
  // Where a far call may go to several places, one that is called anyway is the likelier.
  for (const places of far) starts.add(places.find((place) => starts.has(place)) ?? places[0]!);
  return [...starts].sort((a, b) => a - b);
}

/**
 * Where the call at `pc` may go. Its distance is shown in 16 bits, and the function's index is looked up with what is
 * left of it: if there is no function at that distance, the index is an error number, and the distance has lost its upper
 * half. Then it goes to a place at that distance, modulo 2^16, where a function can begin.
 *
 * @source linux v6.12 kernel/bpf/verifier.c, jit_subprogs()
 */
function landings(slots: readonly Insn[], pc: number): number[] {
  const { off, imm } = slots[pc]!;
  const near = pc + 1 + off;
  if (imm >= 0) return [near];
  const places: number[] = [];
  for (let place = near % 2 ** 16; place < slots.length; place += 2 ** 16) {
    if (place !== near && canBegin(slots, place)) places.push(place);
  }
  return places.length === 0 ? [near] : places;
}

/** Whether the slot before it ends a function. */
const canBegin = (slots: readonly Insn[], start: number): boolean => {
  const before = slots[start - 1]?.row.kind;
  return before === "exit" || before === "ja";
};

/** The kernel adds its own exception callback, `r0 = r1; exit`, behind a program that throws, and shows no image of it. */
function withoutHidden(slots: readonly Insn[]): number {
  const [move, exit] = slots.slice(-2);
  const isCallback = move?.row.id === "mov reg" && move.dst === 0 && move.src === 1 && exit?.row.opcode === EXIT;
  return isCallback ? slots.length - 2 : slots.length;
}

/** The index of the function that the call at `pc` goes to. */
function calleeAt(slots: readonly Insn[], pc: number, starts: readonly number[]): number {
  const { imm } = slots[pc]!;
  return imm < 0 ? starts.findIndex((start) => landings(slots, pc).includes(start)) : imm;
}

/** One slot as the JIT got it. A map's address is a placeholder. */
function slotAsCompiled(shown: readonly Insn[], pc: number, callee: () => number): Insn {
  const slot = shown[pc]!;
  const { row, dst } = slot;
  if (row.opcode === CALL && slot.src === 0 && slot.imm === TAIL_CALL_HELPER) return insn(TAIL_CALL);
  if (row.kind === "call" && row.target === "local") return withFields(slot, { off: callee(), imm: 0 });
  if (row.kind === "lddw" && row.source === "code") return withFields(slot, { off: shown[pc + 1]?.imm ?? 0, imm: 0 });
  if (isMapLoad(row)) return insn(LDDW_IMM64, { dst });
  const before = row.kind === "lddwHigh" ? shown[pc - 1]?.row : undefined;
  return before?.kind === "lddw" && before.source !== "imm64" ? withFields(slot, { imm: 0 }) : slot;
}

const isMapLoad = (row: Row): boolean => row.kind === "lddw" && row.source !== "imm64" && row.source !== "code";

const unknownsOf = (shown: readonly Insn[], usesArena: boolean): readonly Unknown[] =>
  shown.flatMap(({ row }, pc): Unknown[] => {
    if (isMapLoad(row)) return [{ kind: "mapAddress", pc, shown: mapLoadAt(shown, pc) }];
    if (row.kind === "kernel" && row.op === "castUser") return [{ kind: "userBase", pc }];
    return usesArena && arenaRow(row.id) !== undefined ? [{ kind: "arenaAccess", pc }] : [];
  });

/** The form of an access that may fault in an arena, or undefined if there is none. */
export const arenaRow = (id: string): Row | undefined => VARIANTS.get(`arena ${id}`);
/** The form of a load that may fault elsewhere, or undefined if there is none. */
export const probeRow = (id: string): Row | undefined => VARIANTS.get(`probe ${id}`);
const VARIANTS: ReadonlyMap<string, Row> = new Map(ROWS.map((row) => [row.id, row]));
