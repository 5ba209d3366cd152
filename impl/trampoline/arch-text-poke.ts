// Changing the one word at a patch site of live text: at the entry of a program to attach and detach a trampoline, and
// inside a trampoline to release it. A CPU that runs through the site executes the old word or the new one.

import { halves, type RoAddr, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { EFAULT, EINVAL, ENOTSUPP, type Errno } from "../errno.js";
import type { JitEnv } from "../jit/env.js";
import { setMemoryRo, setMemoryRw } from "../patching/set-memory.js";
import { aarch64InsnPatchTextNosync, aarch64InsnWriteLiteralU64 } from "../patching/text-poke.js";
import { genBranchOrNop, isLongJump, type PokeType } from "./branch.js";
import type { BpfSymbols } from "./symbols.js";

export interface PokeKernel {
  readonly machine: Machine;
  readonly env: Pick<JitEnv, "bti" | "dummyTramp" | "quirks">;
  readonly symbols: BpfSymbols;
  readonly warnings: string[];
}

/** The code of a program ends with the two words that load the literal behind it and jump there. */
const PLT_CODE_BYTES = 8;
const INSN_BYTES = 4;

/** Word index of the patch site at the entry of a program: behind the landing pad and the copy of LR. */
export const pokeOffset = (env: Pick<JitEnv, "bti">): number => (env.bti ? 2 : 1);

/**
 * Let the patch site of `ip` go to `newAddr` instead of `oldAddr`; undefined stands for a NOP. At the first address of a
 * program, the patch site is the one in its entry.
 *
 * @returns -ENOTSUPP if `ip` is not BPF text, -EINVAL if the way is too far for a place without a jump of its own,
 * -EFAULT if there is no such branch, the site does not hold the old one, or a store failed.
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_arch_text_poke()
 */
export function bpfArchTextPoke(
  kernel: PokeKernel,
  ip: RoAddr,
  type: PokeType,
  oldAddr: RoAddr | undefined,
  newAddr: RoAddr | undefined,
): Errno {
  const { machine, env } = kernel;
  const symbol = kernel.symbols.lookup(ip);
  if (symbol === undefined) return -ENOTSUPP;
  const atEntry = ip === symbol.start;
  const plt = atEntry ? symbol.start + symbol.bytes - PLT_CODE_BYTES : undefined;
  const site = (atEntry ? ip + INSN_BYTES * pokeOffset(env) : ip) as RoAddr;
  const newIsLong = isLongJump(site, newAddr);
  const oldIsLong = isLongJump(site, oldAddr);
  if (plt === undefined && (newIsLong || oldIsLong)) {
    kernel.warnings.push(`a long jump at 0x${ip.toString(16)}, which is no program entry`);
    return -EINVAL;
  }
  const oldInsn = genBranchOrNop(type, site, oldAddr, plt);
  const newInsn = genBranchOrNop(type, site, newAddr, plt);
  if (oldInsn === undefined || newInsn === undefined) return -EFAULT;
  const target = (plt ?? 0) + PLT_CODE_BYTES;
  const reset = !newIsLong && oldIsLong;
  // Before the word, so that the jump never leads to an address that nobody has set.
  if (newIsLong && writePltTarget(kernel, target, newAddr!) !== 0) return -EFAULT;
  if (reset && env.quirks.pltResetFirst && writePltTarget(kernel, target, env.dummyTramp) !== 0) return -EFAULT;
  if (oldInsn === newInsn) return 0;
  const error = machine.textMutex.hold(() =>
    machine.read32(site) === oldInsn ? aarch64InsnPatchTextNosync(machine, site, newInsn) : -EFAULT,
  );
  if (error !== 0) return error;
  // The old address may be freed soon. Nothing leads to it any more, so that it stays is no reason to fail.
  if (reset && !env.quirks.pltResetFirst && writePltTarget(kernel, target, env.dummyTramp) !== 0) {
    kernel.warnings.push(`the jump behind 0x${symbol.start.toString(16)} keeps its old address`);
  }
  return 0;
}

/** One store of 8 bytes at a multiple of 8: who reads it meanwhile gets the old address or the new one. */
function writePltTarget({ machine, env }: PokeKernel, at: Va, target: Va): Errno {
  const literal = halves(target);
  if (!env.quirks.pltPageWritable) return aarch64InsnWriteLiteralU64(machine, at as RoAddr, literal);
  // In Linux the page stays executable meanwhile: writable and executable at once. This machine has no such pages, so
  // here it is not executable; either way other programs on the page see what they should not.
  const page = at - (at % machine.pageBytes);
  const error = setMemoryRw(machine, page, machine.pageBytes);
  if (error !== 0) return error;
  const stored = machine.store64(at, literal.high, literal.low);
  setMemoryRo(machine, page, machine.pageBytes);
  return stored ? 0 : -EFAULT;
}
