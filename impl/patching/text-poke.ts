// The only way to change read-only, executable memory: one page at a time through a writable fixmap alias that lives no
// longer than the store. The caches are flushed once, after the last byte: a flush for each piece or each instruction
// interrupts every CPU as often, which costs minutes over a test suite.

import type { RoAddr, Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Machine } from "../../machine/machine.js";
import { EFAULT, EINVAL, type Errno } from "../errno.js";
import { cachesCleanInvalPou, flushIcacheRange } from "./icache.js";

const INSN_BYTES = 4;
const LITERAL_BYTES = 8;

/** Stores `bytes` at the alias; `done` bytes of the whole have been stored before. @returns false if it faulted. */
type Store = (alias: Va, done: number, bytes: number) => boolean;

/** @returns false if a store faulted; the others have been made, and are visible. */
function textPoke(machine: Machine, addr: RoAddr, bytes: number, store: Store): boolean {
  const { pageBytes, patchLock } = machine;
  let complete = true;
  patchLock.acquire();
  for (let done = 0; done < bytes; ) {
    const at = addr + done;
    const piece = Math.min(pageBytes - (at % pageBytes), bytes - done);
    complete = store(patchMap(machine, at), done, piece) && complete;
    machine.unmapFixmap();
    done += piece;
  }
  patchLock.release();
  flushIcacheRange(machine, addr, addr + bytes);
  return complete;
}

/** The writable alias of the byte at `at`. */
function patchMap(machine: Machine, at: Va): Va {
  machine.patchLock.assertHeld();
  const mapping = machine.mapping(at);
  if (mapping === undefined) throw new KernelFault("badMapping", at, "poked, but not mapped");
  return machine.mapFixmap(mapping.frame) + (at % machine.pageBytes);
}

/**
 * memcpy into text.
 *
 * @param copyFaultIgnored a piece whose copy faults is silently left out, as upstream ignores that result
 * @returns `dst`, or undefined if it is not 4-aligned, is told to fail, or the copy faulted (kernel: NULL).
 * @source linux v6.12 arch/arm64/kernel/patching.c, aarch64_insn_copy()
 */
export function aarch64InsnCopy(
  machine: Machine,
  dst: RoAddr,
  src: Va,
  bytes: number,
  copyFaultIgnored = false,
): RoAddr | undefined {
  if (dst % INSN_BYTES !== 0 || machine.refuse("poke")) return undefined;
  const complete = textPoke(machine, dst, bytes, (alias, done, piece) => machine.copy(alias, src + done, piece));
  return complete || copyFaultIgnored ? dst : undefined;
}

/**
 * memset32 of text; up to three trailing bytes stay as they are.
 *
 * @returns `dst`, or undefined if it is not 4-aligned (kernel: NULL).
 * @source linux v6.12 arch/arm64/kernel/patching.c, aarch64_insn_set()
 */
export function aarch64InsnSet(machine: Machine, dst: RoAddr, insn: number, bytes: number): RoAddr | undefined {
  if (dst % INSN_BYTES !== 0) return undefined;
  textPoke(machine, dst, bytes, (alias, _done, piece) => {
    machine.fill32(alias, insn, piece);
    return true;
  });
  return dst;
}

/** One instruction through the fixmap, without any cache maintenance. */
function aarch64InsnWrite(machine: Machine, addr: RoAddr, insn: number): Errno {
  machine.patchLock.acquire();
  const ok = machine.store32(patchMap(machine, addr), insn);
  machine.unmapFixmap();
  machine.patchLock.release();
  return ok ? 0 : -EFAULT;
}

/**
 * An address that code loads from its literal pool: one store of 8 bytes at a multiple of 8, so that no CPU reads half of
 * it. Data, so no other CPU has to know before it next loads it.
 *
 * @source linux v6.12 arch/arm64/kernel/patching.c, aarch64_insn_write_literal_u64()
 */
export function aarch64InsnWriteLiteralU64(
  machine: Machine,
  addr: RoAddr,
  { high, low }: { readonly high: number; readonly low: number },
): Errno {
  machine.patchLock.acquire();
  const ok = machine.store64(patchMap(machine, addr), high, low);
  machine.unmapFixmap();
  machine.patchLock.release();
  if (ok) cachesCleanInvalPou(machine, addr, addr + LITERAL_BYTES);
  return ok ? 0 : -EFAULT;
}

/** One instruction, visible to this CPU; the others notice when they next synchronize. */
export function aarch64InsnPatchTextNosync(machine: Machine, addr: RoAddr, insn: number): Errno {
  if (addr % INSN_BYTES !== 0) return -EINVAL;
  const error = aarch64InsnWrite(machine, addr, insn);
  if (error === 0) cachesCleanInvalPou(machine, addr, addr + INSN_BYTES);
  return error;
}
