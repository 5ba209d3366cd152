// Values of options: each parser accepts one notation, and refuses everything else by saying what it expects.

import { InvalidArgumentError } from "commander";

/** A decimal number from `least` to `most`. */
export const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `60s`, `2m` or `1h`, as milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (value >= 1 && value <= 1000 * UNITS.h) return value;
  throw new InvalidArgumentError("Expected a time such as 500ms, 60s, 2m or 1h.");
}

/** A kernel address: `0xffff800082c25880`, or its low 48 bits. Images begin at a multiple of 8. */
export function address(text: string): number {
  const value = /^(0x)?[0-9a-f]{1,16}$/i.test(text) ? BigInt(text.startsWith("0x") ? text : `0x${text}`) : -1n;
  const low = value & 0xffff_ffff_ffffn;
  const high = value >> 48n;
  if (value >= 0n && (high === 0n || high === 0xffffn) && low % 8n === 0n) return Number(low);
  throw new InvalidArgumentError("Expected a hexadecimal kernel address that is a multiple of 8.");
}

/** Names separated by commas. */
export const names = (text: string): readonly string[] => {
  const list = text.split(",").map((name) => name.trim());
  if (list.every((name) => name !== "")) return list;
  throw new InvalidArgumentError("Expected names separated by commas.");
};

const MOST_SEED = 999_999_999;
export const seedOf = (text: string | number): number => {
  const seed = /^\d{1,9}$/.test(`${text}`) ? Number(text) : Number.NaN;
  if (seed <= MOST_SEED) return seed;
  throw new InvalidArgumentError(`expected a seed from 0 to ${MOST_SEED}, got "${text}"`);
};
