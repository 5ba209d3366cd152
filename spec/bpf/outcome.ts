// What a run of a BPF program came to. Every witness answers in this shape; `properties/verdict.ts` compares two.

/** Bytes of one named region after the run. Hash maps are dumped in key order, so that equal contents compare equal. */
export interface RegionBytes {
  /** `stack`, `context`, `packet`, `map 0`, ... */
  readonly name: string;
  readonly bytes: Uint8Array;
  /**
   * One byte for each byte of the region, nonzero where its value is the program's doing; absent where all of them are.
   * The frame that a tail call enters holds what earlier frames left there, until it is written.
   */
  readonly written?: Uint8Array | undefined;
}

export type FaultWhy =
  /** Load or store outside the regions, or against their permissions. */
  | "badAccess"
  /** A callee's stack byte read before it was written: its value is nobody's promise. */
  | "uninitialisedStack"
  /** A use of something that has no meaning, found by following the run: see `definedness/`. */
  | "undefined"
  /** A use of what a call has returned of which nothing is known: what lacks is ours. */
  | "unmodelled"
  | "badOpcode"
  | "badCall"
  | "callDepth"
  /** pc left the program. */
  | "badJump"
  /** The machine's own rules: misaligned fetch, unknown word, not executable, stack pointer contract, ... */
  | "machine";

export type Outcome =
  | {
      readonly kind: "returned";
      readonly r0: bigint;
      /** The code that ran last: another than 0 after a tail call. Its frame is the region `stack`. */
      readonly code: number;
      readonly regions: readonly RegionBytes[];
    }
  | {
      readonly kind: "faulted";
      /** Slot index within the code that was running, where it is known. */
      readonly pc: number | undefined;
      readonly why: FaultWhy;
      /** One line for people. */
      readonly detail: string;
      /** The code that was running, where it is known. */
      readonly code?: number;
    }
  | { readonly kind: "outOfFuel" };
