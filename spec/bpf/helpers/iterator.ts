// Open-coded iterators over numbers (`bpf_for` in C, Linux 6.4): kernel functions that a program calls on 8 bytes of its
// stack. What such an iterator is, `struct bpf_iter_num_kern` says: the number that was given last, and where it ends.
// Source: linux kernel/bpf/bpf_iter.c.

import type { U64 } from "../../bits.js";
import { kernelFunctionNumber } from "../helper-names.js";
import { MOST_LOOPS } from "../program.js";
import {
  ERROR,
  type Helper,
  type HelperResult,
  type HelperState,
  ITERATOR_BYTES,
  int,
  readArgument,
  writeArgument,
} from "./helper.js";

/** Both numbers are 32 bits, signed. */
const END_OFFSET = 4;

function put(state: HelperState, args: readonly U64[], current: number, end: number, r0: bigint): HelperResult {
  const bytes = new Uint8Array(ITERATOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, current, true);
  view.setInt32(END_OFFSET, end, true);
  return writeArgument(state, args, 0, bytes, r0);
}

/** An error is 32 bits: the upper half of r0 is 0. */
const error = (code: bigint): bigint => BigInt.asUintN(32, code);

/** r1: the iterator, r2: the first number, r3: the one behind the last. */
function create(state: HelperState, args: readonly U64[]): HelperResult {
  const [start, end] = [int(args[1]!), int(args[2]!)];
  if (start > end) return put(state, args, 0, 0, error(ERROR.EINVAL));
  if (end - start > MOST_LOOPS) return put(state, args, 0, 0, error(ERROR.E2BIG));
  return put(state, args, (start - 1) | 0, end, 0n);
}

/** @returns where the next number is, which is in the iterator; 0 at the end */
function next(state: HelperState, args: readonly U64[]): HelperResult {
  const bytes = readArgument(state, args, 0, ITERATOR_BYTES);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const view = new DataView(bytes.buffer);
  const [current, end] = [(view.getInt32(0, true) + 1) | 0, view.getInt32(END_OFFSET, true)];
  return current >= end ? put(state, args, 0, 0, 0n) : put(state, args, current, end, args[0]!);
}

export const ITERATOR_FUNCTIONS: readonly Helper[] = [
  { name: "iter_num_new", args: ["iterator", "scalar", "scalar"], returns: "scalar", run: create } as const,
  { name: "iter_num_next", args: ["iterator"], returns: "firstOrNull", run: next, decides: true } as const,
  {
    name: "iter_num_destroy",
    args: ["iterator"],
    returns: "nothing",
    run: (state: HelperState, args: readonly U64[]) => put(state, args, 0, 0, 0n),
  } as const,
].map((fn) => ({ ...fn, id: kernelFunctionNumber(`bpf_${fn.name}`) }));
