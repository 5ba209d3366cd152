// Constants worth trying: where A64 changes how it encodes an immediate or an offset, where signs and carries turn, and
// the patterns of its logical immediates.

import type { Draw } from "../../../../subjects/random/draw.js";

const ENCODING_EDGES = [
  0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0xff, 0x100, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0xf_f000,
  0xff_f000, 0xff_ffff, 0x100_0000, 0x1001, 0x7fff_0000, 0x7fff_ffff,
] as const;
/** Runs of ones, rotated and repeated, and near misses. */
const PATTERNS = [
  0x8000_0001, 0xff00_ff00, 0x00ff_00ff, 0x5555_5555, 0xaaaa_aaaa, 0x7fff_fffe, 0x3333_3333, 0x0f0f_0f0f, 0xf000_000f,
  0x8000_0000, 0xffff_0000, 0x0000_fff0, 0x1234_5678, 0xffff_1234, 0x8000_ffff, 0x0101_0101, 0xfffe_fffe, 0xfff0_0fff,
] as const;
/** Signed 32-bit, both signs of each. */
export const EDGES: readonly number[] = [
  ...new Set([...ENCODING_EDGES.flatMap((x) => [x, -x]), ...PATTERNS, -0x8000_0000].map((x) => x | 0)),
];

/** Any signed 32-bit immediate, mostly an edge. */
export function immediate(draw: Draw): number {
  const how = draw.below(16);
  if (how < 9) return draw.pick(EDGES);
  if (how < 11) return (draw.pick(EDGES) + (draw.word() & 1 ? 1 : -1)) | 0;
  if (how < 13) return draw.between(-16, 16);
  if (how < 14) return runOfOnes(draw);
  return draw.word() | 0;
}

/** A divisor is never 0: the verifier refuses it. */
export function divisor(draw: Draw): number {
  const value = draw.chance(30) ? draw.pick(SMALL_DIVISORS) : immediate(draw);
  return value === 0 ? 1 : value;
}
const SMALL_DIVISORS = [-1, 1, 2, -2, 3, -3, 7, 10, 16, -16] as const;

export function shift(draw: Draw, width: 32 | 64): number {
  return draw.chance(25) ? draw.pick(width === 64 ? SHIFTS_64 : SHIFTS_32) : draw.below(width);
}
const SHIFTS_32 = [0, 1, 8, 16, 24, 31] as const;
const SHIFTS_64 = [0, 1, 8, 16, 31, 32, 33, 48, 56, 63] as const;

/** 1 to 31 consecutive ones, rotated: what a 32-bit logical immediate encodes. */
function runOfOnes(draw: Draw): number {
  const ones = -1 >>> (32 - draw.between(1, 31));
  const turn = draw.below(32);
  return (ones << turn) | (turn === 0 ? 0 : ones >>> (32 - turn));
}

const chunk = (draw: Draw): number => {
  const how = draw.below(8);
  if (how < 3) return 0;
  if (how < 6) return 0xffff;
  return how === 6 ? draw.word() & 0xffff : draw.pick(CHUNKS);
};
const CHUNKS = [1, 0x7fff, 0x8000, 0xfffe, 0x00ff, 0xff00, 0x5555] as const;

/** Half of a 64-bit constant, signed 32-bit, made of 16-bit chunks of all zeros, all ones or anything. */
export const half = (draw: Draw): number => (chunk(draw) << 16) | chunk(draw);

/** Around the limits of A64's scaled unsigned 12-bit offset and its signed 9-bit offset. */
const OFFSETS = [
  0, 1, -1, 3, 4, -4, 7, 8, -8, 31, 255, 256, 257, -255, -256, -257, 4095, 4096, 4097, -4095, -4096, 8189, 8190, 8191,
  8192, 16379, 16380, 16381, 16384, 32752, 32759, 32760, 32761, 32764, 32767, -32768, -32767, -32760,
] as const;

/** A displacement worth having in a load or store, signed 16-bit. */
export const displacement = (draw: Draw): number => {
  if (draw.chance(70)) return draw.pick(OFFSETS);
  return draw.between(-0x8000, 0x7fff);
};
