// Whether an access through a pointer is one that the program may make, and the sentence where it is not: what it does, in
// words, with names instead of addresses.

import { s64, u64 } from "../../bits.js";
import { pointerTo } from "../memory.js";
import { type Target, type Value, whyUndefined } from "./value.js";

export type AccessKind = "reads" | "writes" | "changes";

/** An access of `size` bytes at `offset` from what a register holds. */
export interface Access {
  readonly kind: AccessKind;
  /** `r3`. */
  readonly register: string;
  /** The bits of the register, and what is known of them. */
  readonly bits: bigint;
  readonly value: Value;
  readonly offset: number;
  readonly size: number;
}

/** @returns why the access is not the program's to make; undefined if it lies inside what the pointer was made for. */
export function problemOfAccess({ kind, register, bits, value, offset, size }: Access): string | undefined {
  const { target } = value;
  const through = `${kind} through ${register}, which`;
  if (target === undefined) {
    if (value.undefined !== 0n) return `${through} ${whyUndefined(value)}`;
    return `${through} is ${bits === 0n ? "0" : "a number"}`;
  }
  if (target.kind === "unknown") return `${through} comes of a call that is not modelled`;
  if (target.kind === "instruction") return `${through} points to ${target.name}`;
  if (target.kind === "map") return `${through} points to ${target.name} itself`;
  if (target.isGone !== undefined) return `${kind} ${target.isGone}, which is gone`;
  const at = offsetIn(target, bits) + BigInt(offset);
  if (at >= 0n && at + BigInt(size) <= BigInt(target.bytes)) return undefined;
  if (at < 0n) return `${kind} ${bytesOf(-at)} below ${target.name}`;
  return `${kind} ${bytesOf(at + BigInt(size) - BigInt(target.bytes))} beyond ${target.name}`;
}

/** How far a pointer is from the first byte of its target. */
export const offsetIn = (target: Target, bits: bigint): bigint => s64(u64(bits - pointerTo(target.base)));

const bytesOf = (count: bigint): string => (count === 1n ? "one byte" : `${count} bytes`);
