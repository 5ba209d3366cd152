// Instructions of a program as they lie in memory, in the fields that a verifier changes between two rounds of a JIT.

import type { Va } from "../../machine/address.js";
import { SLOT_BYTES } from "../../spec/bpf/insn.js";
import { kernelPointer } from "./placed-kernel.js";

const PSEUDO_CALL = 1;
const PSEUDO_FUNC = 4;
const LDDW = 0x18;
const CALL = 0x85;
/** Classes LDX, ST, STX; the modes of accesses that may fault. */
const ACCESSES = new Set([1, 2, 3]);
const PROBES = new Set([0x20, 0x40, 0xa0, 0xe0]);
/** A load from an arena that sign-extends: in other classes its mode means something else. */
const ARENA_SIGNED = 0xc1;
/** By opcode. */
const FAULTING = Array.from(
  { length: 256 },
  (_, code) => (ACCESSES.has(code & 7) && PROBES.has(code & 0xe0)) || (code & 0xe7) === ARENA_SIGNED,
);

/** Until a function has an address, a load of it gets an address of modules. */
export function placeholders(bytes: Uint8Array, modulesBase: Va): void {
  eachSlot(bytes, (view, at) => {
    if (bytes[at] !== LDDW || bytes[at + 1]! >> 4 !== PSEUDO_FUNC) return;
    setPair(view, at, modulesBase);
  });
}

export function addresses(bytes: Uint8Array, addressOf: (index: number) => Va, callBase: Va): void {
  eachSlot(bytes, (view, at) => {
    const [code, source] = [bytes[at]!, bytes[at + 1]! >> 4];
    const index = view.getInt16(at + 2, true);
    if (code === CALL && source === PSEUDO_CALL) view.setInt32(at + 4, (addressOf(index) - callBase) | 0, true);
    if (code === LDDW && source === PSEUDO_FUNC) setPair(view, at, addressOf(index));
  });
}

/**
 * Other functions as a program names them before it is cut: by the distance to their first instruction, in slots.
 *
 * @param bytes of all functions, one behind the other; @param starts of them, in slots
 */
export function distances(bytes: Uint8Array, starts: readonly number[]): void {
  eachSlot(bytes, (view, at) => {
    const [code, source] = [bytes[at]!, bytes[at + 1]! >> 4];
    const isCall = code === CALL && source === PSEUDO_CALL;
    if (!isCall && (code !== LDDW || source !== PSEUDO_FUNC)) return;
    const start = starts[view.getInt16(at + 2, true)] ?? 0;
    view.setInt16(at + 2, 0, true);
    view.setInt32(at + 4, start - at / SLOT_BYTES - 1, true);
    if (!isCall) view.setInt32(at + SLOT_BYTES + 4, 0, true);
  });
}

/** Accesses that need an exception entry. */
export function entriesOf(bytes: Uint8Array): number {
  let count = 0;
  eachSlot(bytes, (_, at) => {
    if (FAULTING[bytes[at]!]) count++;
  });
  return count;
}

function setPair(view: DataView, at: number, va: Va): void {
  const value = kernelPointer(va);
  view.setUint32(at + 4, Number(value & 0xffff_ffffn), true);
  view.setUint32(at + SLOT_BYTES + 4, Number(value >> 32n), true);
}

function eachSlot(bytes: Uint8Array, visit: (view: DataView, at: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
    visit(view, at);
    if (bytes[at] === LDDW) at += SLOT_BYTES;
  }
}
