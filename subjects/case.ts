// One thing to try: a program, the inputs to run it on, and the environment to compile it for.

import type { Program } from "../spec/bpf/program.js";

export interface CaseEnv {
  /** LSE atomics, or load-exclusive/store-exclusive loops. */
  readonly cpu: "lse" | "ll-sc";
  /** Bytes between the header and the image in its hole: 0, 8 .. 48. */
  readonly hole: number;
  /** Constants are blinded. Default: no. */
  readonly blind?: boolean;
  /** Divisions are guarded by instructions around them, as Linux does before any JIT sees them. Default: no. */
  readonly guard?: boolean;
  /** 64-byte chunks of the pack that are taken when the program is loaded, so that it lies further up; none if absent. */
  readonly skip?: number;
}

export interface Case {
  readonly program: Program;
  /** One run each. `memory`: the context bytes; `xdp`: the packet. At least one. */
  readonly inputs: readonly Uint8Array[];
  readonly env: CaseEnv;
}
