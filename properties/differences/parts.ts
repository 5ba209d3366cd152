// An image by parts: prologue, one for each compiled instruction, epilogue, the jump behind the code. Each word is told apart
// from what depends on lengths alone: a branch is what it does and where in the image it goes.

import { pointer, type Va } from "../../machine/address.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import { countWhile } from "../../spec/halving.js";
import { ENTRY_BYTES } from "../../spec/text/text.js";
import type { FunctionImage } from "./images.js";

export interface ImagePart {
  /** `prologue`, `epilogue`, `plt`, or the index of an instruction. */
  readonly part: "prologue" | "epilogue" | "plt" | number;
  /** Its text, of an instruction. */
  readonly bpf: string;
  readonly words: readonly PartWord[];
}
export interface PartWord {
  readonly va: Va;
  readonly word: number;
  /** What it says wherever it lies: the word, or for a branch its operation and where it goes. */
  readonly says: string;
}

const RET = 0xd65f_03c0;
/** The second half of a constant has no words of its own. */
const HIGH = "lddwHigh";

export function partsOfImage({ fn, image }: FunctionImage): readonly ImagePart[] {
  const { roImage, jitedBytes, offsets } = image;
  const words = new Uint32Array(image.image.slice(0, jitedBytes).buffer);
  const body = offsets[0] ?? 0;
  const epilogue = offsets[fn.insns.length] ?? body;
  const plt = words.lastIndexOf(RET) + 1;
  const bounds: Bounds[] = [{ part: "prologue", from: 0, to: body }];
  for (const [i, { row }] of fn.insns.entries()) {
    const to = offsets[i + 1] ?? epilogue;
    const last = bounds.at(-1)!;
    if (row.kind === HIGH) bounds[bounds.length - 1] = { ...last, to };
    else bounds.push({ part: i, from: offsets[i] ?? epilogue, to });
  }
  bounds.push({ part: "epilogue", from: epilogue, to: plt }, { part: "plt", from: plt, to: words.length });
  const target = (va: Va): string =>
    placeOf(bounds, (va - roImage) / 4, words.length) ?? `0x${pointer(va).toString(16)}`;
  return bounds.map(({ part, from, to }) => ({
    part,
    bpf: typeof part === "number" ? printInsn(fn.insns, part) : "",
    words: Array.from(words.subarray(from, to), (word, i) => {
      const va = roImage + 4 * (from + i);
      return { va, word, says: meaningOf(word, va, target) };
    }),
  }));
}

interface Bounds {
  readonly part: ImagePart["part"];
  /** Word indexes, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

/** Which part a word is in, and how far; undefined outside the image. @param bounds in order, each from the end of the last */
function placeOf(bounds: readonly Bounds[], word: number, words: number): string | undefined {
  // Behind the code lies what the jump to a trampoline loads.
  if (word >= words && word < words + LITERAL_REACH) return "literal";
  const found = bounds[countWhile(bounds.length, (i) => bounds[i]!.from <= word) - 1];
  return found !== undefined && word < found.to ? `${found.part}+${word - found.from}` : undefined;
}
/** Words: it is aligned to 8 bytes. */
const LITERAL_REACH = 4;

/** PC-relative: mask and value of the operation, lowest bit and number of bits of the distance in words. */
const RELATIVE = [
  { mask: 0x7c00_0000, value: 0x1400_0000, at: 0, bits: 26 },
  { mask: 0xff00_0010, value: 0x5400_0000, at: 5, bits: 19 },
  { mask: 0x7e00_0000, value: 0x3400_0000, at: 5, bits: 19 },
  { mask: 0x7e00_0000, value: 0x3600_0000, at: 5, bits: 14 },
  { mask: 0x3b00_0000, value: 0x1800_0000, at: 5, bits: 19 },
] as const;
/** Its distance is in bytes, the low two bits lie apart. */
const ADR = { mask: 0x9f00_0000, value: 0x1000_0000 };

function meaningOf(word: number, va: Va, target: (va: Va) => string): string {
  const row = RELATIVE.find(({ mask, value }) => (word & mask) >>> 0 === value);
  if (row !== undefined) {
    const distance = (((word >>> row.at) << (32 - row.bits)) >> (32 - row.bits)) * 4;
    const field = ((2 ** row.bits - 1) << row.at) >>> 0;
    return `${((word & ~field) >>> 0).toString(16)} ${target(va + distance)}`;
  }
  if ((word & ADR.mask) >>> 0 === ADR.value) {
    const distance = (((word >>> 5) << 13) >> 11) | ((word >>> 29) & 3);
    return `adr x${word & 31} ${target(va + distance)}`;
  }
  return word.toString(16);
}

/** An entry of the exception table: the word that may fault, and what the kernel is told to do then. */
interface TableEntry {
  readonly at: string;
  readonly says: string;
}

/** @source linux v6.12 arch/arm64/include/asm/extable.h, struct exception_table_entry */
export function tableOf({ fn, image }: FunctionImage): readonly TableEntry[] {
  const { tableBytes, entries, entryBytes = ENTRY_BYTES, offsets } = image;
  const view = new DataView(image.image.buffer, image.image.byteOffset, image.image.byteLength);
  return Array.from({ length: entries }, (_, i) => {
    const at = tableBytes + entryBytes * i;
    if (at + entryBytes > view.byteLength) return { at: "?", says: "outside the image" };
    const word = (at + view.getInt32(at, true)) / 4;
    const slot = fn.insns.findIndex((_insn, pc) => word >= (offsets[pc] ?? 0) && word < (offsets[pc + 1] ?? 0));
    const hex = (value: number): string => `0x${value.toString(16)}`;
    const fixup = `fixup ${hex(view.getUint32(at + 4, true))}`;
    if (entryBytes < ENTRY_BYTES) return { at: slot < 0 ? "?" : String(slot), says: fixup };
    const [type, data] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const says = `${fixup} type ${type} data ${hex(data)}`;
    return { at: slot < 0 ? "?" : String(slot), says };
  });
}
