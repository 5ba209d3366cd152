// Format strings as trace_printk takes them: a few conversions of numbers, and strings. Everything else is refused.

import { type U64, u64 } from "../../bits.js";
import type { Memory } from "../memory.js";

interface Format {
  /** Bytes of the string. */
  readonly start: number;
  readonly end: number;
  readonly conversion: "d" | "i" | "u" | "x" | "X" | "c" | "p" | "s";
  readonly bits: 32 | 64;
}

const CONVERSION = /%(?:%|[-+ #0]*\d*(ll|l)?([diuxXcps])([A-Za-z]*))/y;
const MOST_STRING = 512;

/** The conversions of a string that ends with a zero byte; undefined for one that the kernel refuses. */
export function formatsOf(bytes: Uint8Array): readonly Format[] | undefined {
  const end = bytes.indexOf(0);
  if (end < 0 || end !== bytes.length - 1) return undefined;
  const text = Buffer.from(bytes.subarray(0, end)).toString("latin1");
  if (/[^\x20-\x7e\s]/.test(text)) return undefined;
  const formats: Format[] = [];
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", CONVERSION.lastIndex)) {
    CONVERSION.lastIndex = at;
    const found = CONVERSION.exec(text);
    if (found === null) return undefined;
    const [whole, length, conversion, more = ""] = found;
    if (conversion === undefined) continue;
    // Only pointers have letters that say more, and those are read as part of the text.
    const used = conversion === "p" ? whole : whole.slice(0, whole.length - more.length);
    CONVERSION.lastIndex = at + used.length;
    const bits = length === undefined && conversion !== "p" ? 32 : 64;
    formats.push({ start: at, end: at + used.length, conversion: conversion as Format["conversion"], bits });
  }
  return formats;
}

/** What is printed, with the zero byte. */
export function formatted(
  bytes: Uint8Array,
  formats: readonly Format[],
  args: readonly U64[],
  memory: Memory,
): Uint8Array {
  const text = Buffer.from(bytes.subarray(0, bytes.length - 1)).toString("latin1");
  let at = 0;
  const parts = formats.map((format, i) => {
    const before = text.slice(at, format.start);
    at = format.end;
    return `${before}${print(format, args[i]!, memory)}`;
  });
  return Uint8Array.from(Buffer.from(`${parts.join("")}${text.slice(at)}\0`.replaceAll("%%", "%"), "latin1"));
}

function print({ conversion, bits }: Format, value: U64, memory: Memory): string {
  switch (conversion) {
    case "s":
      return stringAt(value, memory);
    case "c":
      return String.fromCharCode(Number(value & 0xffn));
    case "d":
    case "i":
      return `${BigInt.asIntN(bits, value)}`;
    case "u":
      return `${BigInt.asUintN(bits, value)}`;
    default:
      return BigInt.asUintN(bits, value).toString(16);
  }
}

/** Nothing, where nothing can be read. */
function stringAt(address: U64, memory: Memory): string {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (bytes.length < MOST_STRING && memory.read(u64(address + BigInt(bytes.length)), byte) && byte[0] !== 0) {
    bytes.push(byte[0]!);
  }
  return Buffer.from(bytes).toString("latin1");
}
