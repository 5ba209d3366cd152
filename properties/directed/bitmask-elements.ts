// Every element of up to 16 bits, repeated over a register: it is a bitmask immediate exactly if some N:immr:imms stands for
// it, and then the encoder finds one that does.

import { bitmask } from "../../impl/a64/bitmask.js";
import { decodeBitmask } from "../../spec/a64/bitmask.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

const WIDTHS = [32, 64] as const;
const FIELDS = 2 ** 13;
const ELEMENTS = 2 ** 16;

export const BITMASK_ELEMENTS: DirectedCase = {
  name: "every element of 16 bits is a bitmask immediate or none, as the manual says",
  check() {
    for (const width of WIDTHS) {
      const values = Array.from({ length: FIELDS }, (_, field) =>
        decodeBitmask(field >> 12, (field >> 6) & 63, field & 63, width),
      );
      const low = (value: bigint): number => Number(BigInt.asIntN(32, value));
      const repeated = new Set(
        values.flatMap((value) => (value !== undefined && isRepeated(value, width) ? low(value) : [])),
      );
      for (let element = 0; element < ELEMENTS; element++) {
        const half = (element << 16) | element;
        const field = bitmask(width === 64 ? 1 : 0, half, half);
        const isRight = field < 0 ? !repeated.has(half) : low(values[field] ?? 0n) === half;
        if (!isRight) return `0x${element.toString(16)} in ${width} bits becomes 0x${field.toString(16)}`;
      }
    }
    return undefined;
  },
};

/** Made of equal parts of 16 bits. */
const isRepeated = (value: bigint, width: number): boolean =>
  value === (value & 0xffffn) * (width === 64 ? 0x1_0001_0001_0001n : 0x1_0001n);
