// What is loaded and what it runs on: the code with its maps, the kind of its context, and where everything lies.
// Both witnesses get the same values, the addresses included, so that a pointer which a program stores or returns
// compares byte for byte.

import type { AnyOf } from "../any-of.js";
import { type Insn, isMayGoto } from "./insn.js";

export const STACK_BYTES = 512;
export const MAX_CALL_DEPTH = 8;
export const MAX_TAIL_CALLS = 33;

/** How tail calls count toward the limit, where a kernel has it otherwise than it should be. */
export interface TailCallCount {
  /** A tail call of an empty slot counts. */
  readonly countsEmptySlots: boolean;
  /** What a function has counted does not count any more once it has returned. */
  readonly forgetsReturned: boolean;
}
export const DEFAULT_TAIL_CALL_COUNT: TailCallCount = { countsEmptySlots: false, forgetsReturned: false };

/** How often the `may_goto` of one call of a function fall through: in Linux (BPF_MAX_LOOPS), and here unless a case says so. */
export const MOST_LOOPS = 8 * 1024 * 1024;
export const DEFAULT_LOOPS = 1000;

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
/** Keys are a number of bits, as a `u32`, and bytes that begin with so many that count: the longest match is found. */
export interface LpmTrieMap extends FilledMap {
  readonly kind: "lpmTrie";
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly entries: number;
}
export const REDIRECT_TARGETS = ["devmap", "devmap_hash", "cpumap", "xskmap"] as const;
/** Where packets may be sent to: programs look up what is there, and only somebody outside of them puts it there. */
export interface RedirectMap extends FilledMap {
  readonly kind: "redirect";
  readonly to: (typeof REDIRECT_TARGETS)[number];
  readonly keyBytes: 4;
  readonly valueBytes: number;
  readonly entries: number;
}
/** Maps whose values programs reach by keys. */
export type DataMap = ArrayMap | HashMap | LpmTrieMap | RedirectMap;
/** Targets of tail calls: slot -> index into `Program.code`, or undefined for an empty slot. */
export interface ProgArrayMap extends NamedMap {
  readonly kind: "progArray";
  readonly entries: number;
  readonly programs: readonly (number | undefined)[];
}
/** Maps by keys: which map of `Program.maps` a key stands for. */
export interface MapOfMaps extends NamedMap {
  readonly kind: "mapOfMaps";
  /** With an array, keys are indexes. */
  readonly outer: "array" | "hash";
  readonly keyBytes: number;
  readonly entries: number;
  readonly inner: readonly { readonly key: Uint8Array; readonly map: number }[];
}
/** What programs send somewhere and do not see again. `entries` of a ring buffer is its size in bytes. */
export interface SinkMap extends NamedMap {
  readonly kind: "perfEvents" | "ringBuffer";
  readonly entries: number;
}
/** Stacks by number; programs get the number. `valueBytes`: eight for each frame that there is room for. */
interface StackTraceMap extends NamedMap {
  readonly kind: "stackTrace";
  readonly valueBytes: number;
  readonly entries: number;
}
/** Addresses of instructions, eight bytes each: programs may load them, and `gotox` goes there. */
export interface InsnArrayMap extends NamedMap {
  readonly kind: "insnArray";
  readonly entries: number;
  /** Index into `Program.code`, and by entry a slot of that code. */
  readonly code: number;
  readonly slots: readonly number[];
}
export type MapSpec = DataMap | ProgArrayMap | MapOfMaps | SinkMap | StackTraceMap | InsnArrayMap;

/** The map with all fields there are, in one order: whoever makes many programs makes their maps so. */
export function ofOneShape<M extends MapSpec>(map: M): M {
  const { kind, name, keyBytes, valueBytes, entries, contents }: AnyOf<MapSpec> = map;
  const { to, programs, outer, inner, code, slots }: AnyOf<MapSpec> = map;
  return {
    kind,
    name,
    keyBytes,
    valueBytes,
    entries,
    contents,
    to,
    programs,
    outer,
    inner,
    code,
    slots,
  } as unknown as M;
}

/** Slots of a code that instruction arrays name, ascending. */
export const namedSlots = (maps: readonly MapSpec[], code: number): readonly number[] => {
  const named = maps.flatMap((map) => (map.kind === "insnArray" && map.code === code ? map.slots : []));
  return [...new Set(named)].sort((a, b) => a - b);
};

export const isDataMap = (spec: MapSpec | undefined): spec is DataMap =>
  spec !== undefined && DATA_KINDS.has(spec.kind);
const DATA_KINDS: ReadonlySet<MapSpec["kind"]> = new Set(["array", "hash", "lpmTrie", "redirect"]);

export const CONTEXT_KINDS = ["memory", "tracing", "xdp", "skb"] as const;
/**
 * `memory`: r1 points to the input bytes, which may be read and written.
 * `tracing`: the same, but they may only be read: registers, arguments, or a record of a tracepoint.
 * `xdp`, `skb`: r1 points to a structure whose fields read as `context-fields.ts` says; the input bytes are the packet.
 */
export type ContextKind = (typeof CONTEXT_KINDS)[number];
/** Those whose accesses Linux rewrites. */
export const hasFields = (kind: ContextKind): kind is "xdp" | "skb" => kind === "xdp" || kind === "skb";

export interface Program {
  /** `code[0]` is entered first; the others are reached by tail calls. Local calls stay within one of them. */
  readonly code: readonly (readonly Insn[])[];
  /** What `lddw` of a map (by fd or by index) refers to: the imm is an index into this list. */
  readonly maps: readonly MapSpec[];
  readonly context: ContextKind;
  /** What fields of the context hold, by name, where it is not what `context-fields.ts` says. */
  readonly fields?: ReadonlyMap<string, bigint> | undefined;
  /**
   * Helpers and kernel functions that are not modelled are called as functions of which nothing is known; what they return
   * is drawn from this seed. Default: there are none.
   */
  readonly unknownCalls?: number | undefined;
  /**
   * It is of a kind that may begin again before it has ended, such as a kprobe: since Linux 6.17 its large frames lie in
   * memory of their own, where the JIT has private stacks, and not on the kernel's stack. Default: it is not.
   */
  readonly privateStack?: boolean | undefined;
  /** The budget of `may_goto` in each call of a function. Default: `DEFAULT_LOOPS`. */
  readonly loops?: number | undefined;
}

/** Whether a budget is spent anywhere: where it is not, it does not count. */
export const spendsLoops = ({ code }: Pick<Program, "code">): boolean => code.some((insns) => insns.some(isMayGoto));

/** Bytes from which on a frame is a private stack (Linux: BPF_PRIV_STACK_MIN_SIZE). */
const LEAST_PRIVATE_BYTES = 64;

/** Whether frames of that depth lie in memory of their own, in a program that has no tail call in any function. */
export const isPrivateDepth = (depth: number): boolean => Math.ceil(depth / 16) * 16 >= LEAST_PRIVATE_BYTES;

/** A contiguous range of addresses. `base` is the low 48 bits of the first byte's address. */
export interface Range {
  readonly base: number;
  readonly bytes: number;
}

export interface FrameRange extends Range {
  /** Where the kernel counts down the budget of `may_goto`: 8 bytes of the frame that are not the program's. */
  readonly counter?: number;
}

/** Where everything lies, made by the caller of the witnesses and the same for all of them. */
export interface Layout {
  /**
   * By code index: the frame of that code when no local call is active, at most 512 bytes; r10 is its end. They may
   * overlap, since a tail call leaves the frame that it comes from.
   */
  readonly frames: readonly FrameRange[];
  /** Frames of local calls grow down from here in the interpreter; no program may depend on the place. */
  readonly calleeStacks: Range;
  /** The input, or the structure that has fields, with what the kernel keeps for it. */
  readonly context: Range;
  /** Where the context has fields: the input, and the room before and behind it. */
  readonly packet: Range;
  /** Bytes of `packet` before the input. Default: none. */
  readonly headroom?: number | undefined;
  /** By map index: the object that a map pointer points to, and its values (empty for a prog array). */
  readonly maps: readonly { readonly object: Range; readonly values: Range }[];
}
