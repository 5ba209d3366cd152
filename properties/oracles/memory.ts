// Bytes of executable memory: how long the parts of an image are, and whether memory holds what it should, compared in
// place: to copy it takes longer than to compare it.

import { Buffer } from "node:buffer";
import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";

interface Difference {
  readonly va: Va;
  readonly expected: number;
  /** Undefined if the page is not mapped. */
  readonly got: number | undefined;
}

/** The first byte from `va` on that is not as expected. */
export function firstDifference(machine: Machine, va: Va, expected: Uint8Array): Difference | undefined {
  const { pageBytes } = machine;
  for (let done = 0; done < expected.length; ) {
    const from = (va + done) % pageBytes;
    const piece = Math.min(expected.length - done, pageBytes - from);
    const bytes = machine.mapping(va + done)?.frame.bytes;
    if (bytes === undefined) return { va: va + done, expected: expected[done]!, got: undefined };
    if (piece <= SHORT || !isSame(expected.subarray(done, done + piece), bytes.subarray(from, from + piece))) {
      for (let i = 0; i < piece; i++) {
        if (expected[done + i] === bytes[from + i]) continue;
        return { va: va + done + i, expected: expected[done + i]!, got: bytes[from + i]! };
      }
    }
    done += piece;
  }
  return undefined;
}

/** Bytes that are compared sooner one by one. */
const SHORT = 256;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
