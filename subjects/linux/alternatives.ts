// Alternatives: places in the text that a kernel rewrites while it boots, by what its CPU can do. Those of every CPU are
// applied, and those of the capabilities that are asked for; everything else stays as the compiler left it, so that the
// weakest hardware is what runs, with all cache maintenance to be seen.

import type { Va } from "../../machine/address.js";
import { NOP } from "../../spec/a64/hints.js";
import { Malformed } from "../../spec/malformed.js";
import { entriesOf, within } from "./image/table.js";
import type { TypedImage } from "./kernel-image.js";

/** Entries (struct alt_instr): original and replacement relative to their own place, capability, two lengths. */
const ENTRY_BYTES = 12;
/** Of the capability: the replacement is a function that makes it. */
const IS_CALLBACK = 0x8000;
const CAPABILITY = 0x7fff;
const MOST_CAPABILITIES = 512;
const MOST_TEXT = 256;

/** By number, what the kernel calls its CPU capabilities: the text of its log, or the function that looks for it. */
export function capabilitiesOf(image: TypedImage): ReadonlyMap<number, string> {
  const table = image.address("arm64_features");
  const type = image.types.struct("arm64_cpu_capabilities");
  const capabilities = new Map<number, string>();
  if (table === undefined || type === undefined) return capabilities;
  const [desc, capability, matches] = ["desc", "capability", "matches"].map(
    (name) => (type.member(name)?.bit ?? 0) / 8,
  );
  const view = new DataView(image.bytes.buffer, image.bytes.byteOffset, image.bytes.length);
  const most = Math.max(desc!, capability!, matches!);
  if (most % 1 !== 0 || most + 8 > type.bytes) {
    throw new Malformed("struct arm64_cpu_capabilities with its members in it", `${type.bytes} bytes, one at ${most}`);
  }
  for (let i = 0, at = table - image.base; i < MOST_CAPABILITIES; i++, at += type.bytes) {
    within(image, at, type.bytes, "the table arm64_features");
    const looksFor = pointerAt(view, at + matches!);
    if (looksFor === 0) break;
    const text = pointerAt(view, at + desc!);
    const number = view.getUint16(at + capability!, true);
    const name = text === 0 ? image.symbolAt(looksFor)?.name : textAt(image, text);
    if (!capabilities.has(number)) capabilities.set(number, name ?? "?");
  }
  return capabilities;
}

/** The image with its alternatives for these capabilities. */
export function withAlternatives(image: TypedImage, wanted: ReadonlySet<number>): Uint8Array {
  const bytes = Uint8Array.from(image.bytes);
  const view = new DataView(bytes.buffer);
  for (const at of entriesOf(image, ["__alt_instructions", "__alt_instructions_end"], ENTRY_BYTES)) {
    const capability = view.getUint16(at + 8, true);
    if (!wanted.has(capability & CAPABILITY)) continue;
    const length = view.getUint8(at + 10) & ~3;
    const original = within(image, at + view.getInt32(at, true), length, "an alternative's place");
    const replacement = at + 4 + view.getInt32(at + 4, true);
    if ((capability & IS_CALLBACK) === 0) {
      const bytes = Math.min(length, view.getUint8(at + 11) & ~3);
      copyWords(view, original, within(image, replacement, bytes, "an alternative's words"), bytes);
    } else if (image.symbolAt(image.base + replacement)?.name === "alt_cb_patch_nops") {
      for (let i = 0; i < length; i += 4) view.setUint32(original + i, NOP, true);
    }
  }
  return bytes;
}

/** Branches out of the replacement keep their targets. */
function copyWords(view: DataView, to: number, from: number, bytes: number): void {
  for (let i = 0; i < bytes; i += 4) {
    const word = view.getUint32(from + i, true);
    view.setUint32(to + i, moved(word, from + i, to + i, from, from + bytes), true);
  }
}

function moved(word: number, from: number, to: number, start: number, end: number): number {
  const isBranch = (word & 0x7c00_0000) === 0x1400_0000;
  const target = from + ((word << 6) >> 6) * 4;
  if (!isBranch || (target >= start && target < end)) return word;
  return ((word & 0xfc00_0000) | (((target - to) / 4) & 0x03ff_ffff)) >>> 0;
}

/** Low 48 bits of the pointer at an offset of the image. */
const pointerAt = (view: DataView, at: number): Va => Number(view.getBigUint64(at, true) & 0xffff_ffff_ffffn);

function textAt({ bytes, base }: TypedImage, va: Va): string {
  const from = Math.max(0, va - base);
  return Buffer.from(bytes.subarray(from, from + MOST_TEXT))
    .toString("latin1")
    .split("\0", 1)[0]!;
}
