// What is known of a value beside its bits: which of them are anybody's promise, and what a pointer may reach. Numbers
// that were computed from addresses are numbers: both witnesses have the same addresses. Only the frames of local calls and
// instructions lie where each witness likes, so that no bit of a pointer to one is promised.

/** What a pointer was made to point to; it may be moved, and used only inside. */
export interface Target {
  readonly kind: "frame" | "context" | "packet" | "map" | "value" | "record" | "instruction" | "unknown";
  /** As a sentence names it: `the stack`, `map 0`, `the value of map 0`. */
  readonly name: string;
  /** Low 48 bits of the first byte's address. */
  readonly base: number;
  readonly bytes: number;
  /** Index of the map, for `map` and `value`. */
  readonly map?: number;
  /** Frames of local calls, and instructions: where they lie is nobody's promise. */
  readonly isElsewhere?: boolean;
  /**
   * What it was, once it is gone: a frame whose function has returned or was left by a tail call, or a packet that a helper
   * has moved.
   */
  isGone?: string;
}

/** What a call has returned that is not modelled: it may be a pointer, to what nobody knows. */
export const OF_UNKNOWN_CALL: Target = { kind: "unknown", name: "what is not modelled", base: 0, bytes: 0 };

/** A register, or what is loaded and stored. */
export interface Value {
  /** Bits that are nobody's promise. */
  readonly undefined: bigint;
  /** For a pointer. Where its target lies elsewhere, all bits are undefined. */
  readonly target?: Target | undefined;
}

const ALL_BITS = 0xffff_ffff_ffff_ffffn;
export const DEFINED: Value = { undefined: 0n };
export const UNDEFINED: Value = { undefined: ALL_BITS };

/** The bits are these, and nothing more is known of them. */
export const bitsOf = (undefinedBits: bigint): Value => (undefinedBits === 0n ? DEFINED : { undefined: undefinedBits });

export const pointerValue = (target: Target): Value => ({
  undefined: target.isElsewhere === true ? ALL_BITS : 0n,
  target,
});

/** Why a value is not defined, as the end of a sentence. */
export const whyUndefined = ({ target }: Value): string =>
  target === undefined
    ? "is undefined"
    : `depends on where ${target.kind === "instruction" ? target.name : "the frame of a local call"} lies`;
