// What is decided before the first instruction of a case: which features take part, how large it is, which maps there
// are, which functions call which with what arguments, and which programs tail calls lead to.

import type { ContextKind, MapSpec } from "../../../../spec/bpf/program.js";
import type { Body } from "./body.js";
import type { Region } from "./registers.js";

/** Kinds of code that a program may or may not contain. A case draws a subset, so that few things mix often. */
export const FEATURES = [
  "memory",
  "atomics",
  "pointers",
  "branches",
  "loops",
  "helpers",
  "maps",
  "calls",
  "tailCalls",
  "packet",
] as const;
export type Feature = (typeof FEATURES)[number];
export type Features = { readonly [F in Feature]: boolean };

/** `scalar`: anything. `count`: a scalar from 0 to 7. `context`: the context pointer. `memory`: a pointer to data. */
export type Parameter =
  | { readonly kind: "scalar" | "count" | "context" }
  | { readonly kind: "memory"; readonly bytes: number };

export interface Signature {
  /** In r1.. */
  readonly parameters: readonly Parameter[];
  /** The main function of a program: r1 is the context. */
  readonly main: boolean;
}

/** A function that is complete, for those who call it. */
export interface Callee {
  readonly signature: Signature;
  /** Upper bound of the instructions that a call executes. */
  readonly cost: number;
}

/** What blocks may refer to. */
export interface Plan {
  readonly features: Features;
  /** What blocks are made of, each item as often as it shall be tried. */
  readonly menu: readonly ((body: Body) => void)[];
  readonly kind: ContextKind;
  readonly maps: readonly MapSpec[];
  /** Indexes of `maps`. */
  readonly dataMaps: readonly number[];
  readonly progArrays: readonly number[];
  /**
   * Tail calls out of local functions keep the frames of their callers, so they must not lead to programs that have
   * functions themselves; then only `code[0]` has any, and no slot names it.
   */
  readonly tailCallsFromFunctions: boolean;
  readonly context: Region;
  readonly packet: Region;
  readonly packetEnd: Region;
  /** By map index: what a map pointer and a value pointer point to. */
  readonly mapObjects: readonly Region[];
  readonly values: readonly Region[];
  /** Functions of the current program by index, made from the last to the first; those not yet made are absent. */
  readonly callees: (Callee | undefined)[];
}
