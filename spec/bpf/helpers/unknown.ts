// Calls of what is not modelled, as functions of which nothing is known but that equal arguments give equal results. They
// leave memory alone. Results are drawn from a seed, who is called, and the arguments; which are kept and compared. An
// argument of which a bit is undefined is none: nobody knows how many the function has.

import { type U64, u64 } from "../../bits.js";
import type { HelperState } from "./helper.js";

export const ARGUMENTS = 5;
const WORD_BYTES = 8;
/** Length and callee. */
const HEADER_BYTES = 8;
/** What a call adds to the requests, and where its arguments are in it. */
export const UNKNOWN_CALL = { bytes: HEADER_BYTES + ARGUMENTS * WORD_BYTES, header: HEADER_BYTES } as const;

/** Kernel functions and helpers are numbered apart. */
export const calleeOf = (target: "helper" | "kfunc", id: number): number =>
  target === "helper" ? id : id + 0x8000_0000;

interface UnknownCall {
  readonly seed: number;
  /** Of `calleeOf`. */
  readonly callee: number;
  readonly args: readonly U64[];
  /** By argument. */
  readonly defined: readonly boolean[];
}

/** @returns r0 */
export function callUnknown(state: HelperState, call: UnknownCall): U64 {
  const { seed, callee, args, defined } = call;
  const words = args.map((word, i) => (defined[i] === true ? word : 0n));
  const kept = new Uint8Array(new BigUint64Array(args).buffer);
  state.requests.append([callee], [kept]);
  if (defined.includes(false)) {
    state.requests.mark(
      kept,
      kept.map((_, i) => Number(defined[Math.floor(i / WORD_BYTES)])),
    );
  }
  return resultOf([BigInt(seed), BigInt(callee), ...words].reduce(mix, 0n));
}

/** As splitmix64 does. */
function mix(state: bigint, word: bigint): bigint {
  let z = u64((state ^ word) + 0x9e37_79b9_7f4a_7c15n);
  z = u64((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  z = u64((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return z ^ (z >> 31n);
}

/** Often 0, a small number or an error, as functions of the kernel return. */
function resultOf(drawn: bigint): U64 {
  const small = (drawn >> 8n) & 0x7fn;
  return u64([0n, small, -small, drawn][Number(drawn & 3n)]!);
}
