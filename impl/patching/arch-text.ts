// What the core of BPF calls to change text: the arm64 side of its copy and invalidate hooks.

import type { RoAddr, Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { FILL } from "../a64/word.js";
import { EINVAL, type Errno } from "../errno.js";
import { aarch64InsnCopy, aarch64InsnSet } from "./text-poke.js";

/** What memory without a live program holds. */
export const AARCH64_BREAK_FAULT = FILL;

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_arch_text_copy() */
export function bpfArchTextCopy(
  machine: Machine,
  dst: RoAddr,
  src: Va,
  bytes: number,
  copyFaultIgnored = false,
): Errno {
  return aarch64InsnCopy(machine, dst, src, bytes, copyFaultIgnored) === undefined ? -EINVAL : 0;
}

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_arch_text_invalidate() */
export function bpfArchTextInvalidate(machine: Machine, dst: RoAddr, bytes: number): Errno {
  return aarch64InsnSet(machine, dst, AARCH64_BREAK_FAULT, bytes) === undefined ? -EINVAL : 0;
}
