// Why an instruction does not complete, and the two checks that need no memory: SP as a base, and alignment.

import {
  REGS,
  STACK_POINTER,
  STOP_ADDRESS,
  STOP_BYTES,
  STOP_MISALIGNED_LOAD,
  STOP_MISALIGNED_STACK,
  STOP_MISALIGNED_STORE,
  STOP_SP,
  STOP_WHY,
} from "../layout";

const SP: usize = REGS + STACK_POINTER * 8;

export function stop(why: u32, address: u64, bytes: u32): void {
  store<u64>(STOP_ADDRESS, address);
  store<u64>(STOP_SP, load<u64>(SP));
  store<u32>(STOP_WHY, why);
  store<u32>(STOP_BYTES, bytes);
}

/** SP must be 16-byte aligned wherever it is a base. @returns false if the instruction stops. */
// @ts-ignore: decorator
@inline
export function isBase(register: u32): bool {
  return register != STACK_POINTER || stackIsAligned();
}

function stackIsAligned(): bool {
  if ((load<u64>(SP) & 15) == 0) return true;
  stop(STOP_MISALIGNED_STACK, load<u64>(SP), 0);
  return false;
}

/** Atomics and exclusives must be naturally aligned. @returns false if the instruction stops. */
export function isAligned(address: u64, bytes: u32, stores: bool): bool {
  if ((address & (bytes - 1)) == 0) return true;
  stop(stores ? STOP_MISALIGNED_STORE : STOP_MISALIGNED_LOAD, address, bytes);
  return false;
}
