// Arguments beyond five, whose base is R11: those of the function that runs, and those that it has stored for its next call.

import {
  HAS_OWN_ARGUMENT, HAS_STORED_ARGUMENT, OWN_ARGUMENTS, REGISTERS, STACK_ARGUMENTS, STORED_ARGUMENTS,
} from "../layout";

const BYTES: usize = 8;
const MOST: i32 = 7;
/** No argument: a bit that none has. */
const NONE: i32 = 31;

/** A program begins, or a call is made that takes none, or returns. */
export function forgetArguments(): void {
  store<u64>(HAS_OWN_ARGUMENT, 0);
}

/** What was stored is the callee's. */
export function passArguments(): void {
  memory.copy(OWN_ARGUMENTS, STORED_ARGUMENTS, <usize>MOST * BYTES);
  store<u32>(HAS_OWN_ARGUMENT, load<u32>(HAS_STORED_ARGUMENT));
  store<u32>(HAS_STORED_ARGUMENT, 0);
}

/** The index of an argument that many bytes from the base, or NONE. */
function indexOf(bytes: i32): i32 {
  return (bytes & 7) == 0 && bytes >= <i32>BYTES && bytes <= MOST * <i32>BYTES ? bytes / <i32>BYTES - 1 : NONE;
}

/** @returns false if it is no argument, or none that is there */
export function loadArgument(dst: u32, src: u32, off: i32): bool {
  const index = indexOf(off);
  if (src != STACK_ARGUMENTS || ((load<u32>(HAS_OWN_ARGUMENT) >> index) & 1) == 0) return false;
  store<u64>(<usize>dst << 3, load<u64>(<usize>index * BYTES, OWN_ARGUMENTS), REGISTERS);
  return true;
}

/** @returns false if it is no argument */
export function storeArgument(dst: u32, off: i32, value: u64): bool {
  const index = indexOf(-off);
  if (dst != STACK_ARGUMENTS || index == NONE) return false;
  store<u32>(HAS_OWN_ARGUMENT, 0);
  store<u32>(HAS_STORED_ARGUMENT, load<u32>(HAS_STORED_ARGUMENT) | (1 << index));
  store<u64>(<usize>index * BYTES, value, STORED_ARGUMENTS);
  return true;
}
