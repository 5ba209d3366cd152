// What a subject that takes programs one by one is not asked: everything about a kernel that keeps them.

const NO_KERNEL = "it is no kernel";
const NO_ALLOCATOR = "it has no allocator of executable memory";
const ITS_OWN_CODE = "its code has forms of its own";

/** Kinds of cases, and parts of the gate. */
export const KERNEL_ONLY: ReadonlyMap<string, string> = new Map([
  ["directed", NO_KERNEL],
  ["encoders", "it has no encoders that could be called"],
  ["histories", NO_ALLOCATOR],
  ["verifier-only", "it takes programs, not what a verifier makes of them"],
  ["trampolines", NO_KERNEL],
  ["exhaustive", NO_ALLOCATOR],
]);

/** Oracles of kernels. */
export const KERNEL_ORACLES: ReadonlyMap<string, string> = new Map([
  ...[
    ...["fallback-is-clean", "w-xor-x", "flush-covers-writes", "no-stale-fetch", "relative-to-ro", "ro-immutable"],
    ...["freed-is-illegal", "allocator-matches-model", "no-overlap", "pack-returned-when-empty"],
    ...["accounting-balanced", "no-leak"],
  ].map((name) => [name, NO_ALLOCATOR] as const),
  ...["lock-discipline", "no-crash", "poke-atomic"].map((name) => [name, NO_KERNEL] as const),
  ...[
    ...["atomics-ordered", "branches-land", "calls-reach", "exception-entries", "landing-pads", "short-forms"],
    "long-jump",
  ].map((name) => [name, ITS_OWN_CODE] as const),
]);
