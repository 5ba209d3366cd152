// What is decided before the first instruction of a case: which features take part, and which functions call which with
// what arguments.

/** Kinds of code that a program may or may not contain. A case draws a subset, so that few things mix often. */
export const FEATURES = [
  "memory",
  "atomics",
  "pointers",
  "branches",
  "loops",
  "mayGoto",
  "helpers",
  "maps",
  "calls",
  "tailCalls",
  "packet",
  "kernel",
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
  /** Beyond five: anything. */
  readonly stackArguments: number;
  /** The main function of a program: r1 is the context. */
  readonly main: boolean;
}

/** A function that is complete, for those who call it. */
export interface Callee {
  readonly signature: Signature;
  /** Upper bound of the instructions that a call executes. */
  readonly cost: number;
}
