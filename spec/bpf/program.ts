// What is loaded and what it runs on: the code with its maps, the kind of its context, and where everything lies.
// Both witnesses get the same values, the addresses included, so that a pointer which a program stores or returns
// compares byte for byte.

import type { Insn } from "./insn.js";

export const STACK_BYTES = 512;
export const MAX_CALL_DEPTH = 8;
export const MAX_TAIL_CALLS = 33;

interface NamedMap {
  /** As its file calls it, where it does. */
  readonly name?: string;
}
/** What a map holds before anything runs, in the order in which it was put there; an array holds zeros otherwise. */
interface FilledMap extends NamedMap {
  readonly contents?: readonly MapElement[];
}
export interface MapElement {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
export interface ArrayMap extends FilledMap {
  readonly kind: "array";
  readonly keyBytes: 4;
  readonly valueBytes: number;
  readonly entries: number;
}
export interface HashMap extends FilledMap {
  readonly kind: "hash";
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
}
/** Targets of tail calls: slot -> index into `Program.code`, or undefined for an empty slot. */
export interface ProgArrayMap extends NamedMap {
  readonly kind: "progArray";
  readonly entries: number;
  readonly programs: readonly (number | undefined)[];
}
export type MapSpec = ArrayMap | HashMap | ProgArrayMap;

export const CONTEXT_KINDS = ["memory", "xdp"] as const;
/**
 * `memory`: r1 points to the input bytes, which may be read and written.
 * `xdp`: r1 points to a context whose u32 fields at 0, 4 and 8 read as the full pointers data, data_end and data_meta;
 * the input bytes are the packet.
 */
export type ContextKind = (typeof CONTEXT_KINDS)[number];

export interface Program {
  /** `code[0]` is entered first; the others are reached by tail calls. Local calls stay within one of them. */
  readonly code: readonly (readonly Insn[])[];
  /** What `lddw` of a map (by fd or by index) refers to: the imm is an index into this list. */
  readonly maps: readonly MapSpec[];
  readonly context: ContextKind;
}

/** A contiguous range of addresses. `base` is the low 48 bits of the first byte's address. */
export interface Range {
  readonly base: number;
  readonly bytes: number;
}

/** Where everything lies, made by the caller of the witnesses and the same for all of them. */
export interface Layout {
  /**
   * By code index: the frame of that code when no local call is active, at most 512 bytes; r10 is its end. They may
   * overlap, since a tail call leaves the frame that it comes from.
   */
  readonly frames: readonly Range[];
  /** Frames of local calls grow down from here in the interpreter; no program may depend on the place. */
  readonly calleeStacks: Range;
  /** `memory`: the input. `xdp`: the context structure. */
  readonly context: Range;
  /** `xdp` only: the input. */
  readonly packet: Range;
  /** By map index: the object that a map pointer points to, and its values (empty for a prog array). */
  readonly maps: readonly { readonly object: Range; readonly values: Range }[];
}
