// What a helper is given in r1 to r5, and its answer in r0.

import { REGISTERS } from "../layout";

// @ts-ignore: decorator
@inline
export function argument(register: usize): u64 {
  return load<u64>(register << 3, REGISTERS);
}

/** @returns 0: the run goes on */
export function answer(value: i64): u32 {
  store<i64>(REGISTERS, value);
  return 0;
}
