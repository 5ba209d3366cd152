// One function of a program while it is compiled, and afterwards (kernel: `struct bpf_prog`, what the JIT sets of it).

import type { RoAddr, RwAddr } from "../../machine/address.js";
import { describe, type JitError } from "../jit/error.js";
import type { JitFunction } from "../jit/function.js";
import type { Sized } from "../jit/passes.js";
import type { ImagePlace } from "./image-memory.js";

/** What one round leaves for the next (kernel: `struct arm64_jit_data`). */
export interface JitData {
  /** The record itself, and the offset table, as allocations. */
  readonly record: RwAddr;
  readonly offsets: RwAddr;
  readonly sized: Sized;
  readonly place: ImagePlace;
}

export interface BpfProg {
  /** With its constants blinded, once that was done. */
  fn: JitFunction;
  /** Blinded: index of an instruction -> slot that it was made from. */
  origin: Int32Array | undefined;
  /** One of several: compiled twice. */
  readonly isFunc: boolean;
  jited: boolean;
  /** Where to enter it. */
  bpfFunc: RoAddr | undefined;
  /** Bytes, without the literal and the exception table. */
  jitedLen: number;
  /** Word offset of each BPF slot, and of the epilogue at the end. */
  offsets: Int32Array;
  /** Address and length of the exception table. */
  extable: RoAddr | undefined;
  entries: number;
  jitData: JitData | undefined;
}

/** Why a program stays with the interpreter. */
export type LoadError =
  | JitError
  | { readonly kind: "noMemory"; readonly what: "clone" | "record" | "offsets" | "image" }
  /** Blinding moved the target of that slot's jump out of reach. */
  | { readonly kind: "notBlinded"; readonly slot: number; readonly distance: number }
  /** The text copy faulted. */
  | { readonly kind: "notPublished" }
  /** The last round gave a function another address than the first. */
  | { readonly kind: "moved" };

/** One line for people. */
export function describeLoadError(error: LoadError): string {
  switch (error.kind) {
    case "noMemory":
      return `no memory for its ${error.what}`;
    case "notBlinded":
      return `pc ${error.slot}: blinded, it would have to jump by ${error.distance}`;
    case "notPublished":
      return "the copy into read-only memory failed";
    case "moved":
      return "the last round gave it another address";
    default:
      return describe(error);
  }
}

const NO_OFFSETS = new Int32Array(0);

export const bpfProg = (fn: JitFunction, isFunc: boolean): BpfProg => ({
  fn,
  origin: undefined,
  isFunc,
  jited: false,
  bpfFunc: undefined,
  jitedLen: 0,
  offsets: NO_OFFSETS,
  extable: undefined,
  entries: 0,
  jitData: undefined,
});
