// Two tables of a kernel image that say what becomes of an instruction that does not complete: the exception table, for
// accesses that may fault, and the bug table, for WARN and BUG.

import type { Va } from "../../machine/address.js";
import { Malformed } from "../../spec/malformed.js";
import { ENTRY_BYTES, SHORT_ENTRY_BYTES } from "../../spec/text/text.js";
import type { KernelImage } from "./image/image.js";
import { entriesOf } from "./image/table.js";
import type { TypedImage } from "./kernel-image.js";

export interface ExceptionEntry {
  readonly fixup: Va;
  readonly type: number;
  readonly data: number;
}
export interface BugEntry {
  readonly isWarning: boolean;
  readonly line: number;
}

const BUG_FLAG_WARNING = 1;

const viewOf = ({ bytes }: TypedImage): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Entries of older kernels have neither type nor data. */
export const entryBytesOf = ({ types }: Pick<KernelImage, "types">): number =>
  types?.struct("exception_table_entry")?.bytes === SHORT_ENTRY_BYTES ? SHORT_ENTRY_BYTES : ENTRY_BYTES;

/** By address of the access. */
export function exceptionTable(image: TypedImage): ReadonlyMap<Va, ExceptionEntry> {
  const entries = new Map<Va, ExceptionEntry>();
  const size = entryBytesOf(image);
  const isShort = size === SHORT_ENTRY_BYTES;
  const view = viewOf(image);
  for (const at of entriesOf(image, ["__start___ex_table", "__stop___ex_table"], size)) {
    const va = image.base + at;
    entries.set(va + view.getInt32(at, true), {
      fixup: va + 4 + view.getInt32(at + 4, true),
      type: isShort ? 1 : view.getInt16(at + 8, true),
      data: isShort ? 0xffff : view.getUint16(at + 10, true),
    });
  }
  return entries;
}

/** By address of the BRK. */
export function bugTable(image: TypedImage): ReadonlyMap<Va, BugEntry> {
  const entries = new Map<Va, BugEntry>();
  const type = image.types.struct("bug_entry");
  if (type === undefined) return entries;
  const flags = fieldOf(type.bytes, type.member("flags")?.bit);
  const line = fieldOf(type.bytes, type.member("line")?.bit);
  const view = viewOf(image);
  for (const at of entriesOf(image, ["__start___bug_table", "__stop___bug_table"], type.bytes)) {
    entries.set(image.base + at + view.getInt32(at, true), {
      isWarning: flags !== undefined && (view.getUint16(at + flags, true) & BUG_FLAG_WARNING) !== 0,
      line: line === undefined ? 0 : view.getUint16(at + line, true),
    });
  }
  return entries;
}

/** Offset of a field of 16 bits in an entry that begins with the place of the BRK; undefined if there is none. */
function fieldOf(entryBytes: number, bit: number | undefined): number | undefined {
  if (bit === undefined) return undefined;
  if (entryBytes < 6 || bit % 8 !== 0 || bit / 8 + 2 > entryBytes) {
    throw new Malformed("struct bug_entry with its fields in it", `${entryBytes} bytes, a field at bit ${bit}`);
  }
  return bit / 8;
}
