// Two tables of a kernel image that say what becomes of an instruction that does not complete: the exception table, for
// accesses that may fault, and the bug table, for WARN and BUG.

import type { Va } from "../../machine/address.js";
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

/** Entries of older kernels have neither type nor data. */
const SHORT_ENTRY_BYTES = 8;
const BUG_FLAG_WARNING = 1;

const viewOf = ({ bytes }: TypedImage): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** By address of the access. */
export function exceptionTable(image: TypedImage): ReadonlyMap<Va, ExceptionEntry> {
  const entries = new Map<Va, ExceptionEntry>();
  const [from, to] = [image.address("__start___ex_table"), image.address("__stop___ex_table")];
  if (from === undefined || to === undefined) return entries;
  const size = image.types.struct("exception_table_entry")?.bytes ?? 12;
  const view = viewOf(image);
  for (let va = from; va + size <= to; va += size) {
    const at = va - image.base;
    const isShort = size === SHORT_ENTRY_BYTES;
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
  const [from, to] = [image.address("__start___bug_table"), image.address("__stop___bug_table")];
  const type = image.types.struct("bug_entry");
  if (from === undefined || to === undefined || type === undefined) return entries;
  const flags = (type.member("flags")?.bit ?? 0) / 8;
  const line = type.member("line");
  const view = viewOf(image);
  for (let va = from; va + type.bytes <= to; va += type.bytes) {
    const at = va - image.base;
    entries.set(va + view.getInt32(at, true), {
      isWarning: (view.getUint16(at + flags, true) & BUG_FLAG_WARNING) !== 0,
      line: line === undefined ? 0 : view.getUint16(at + line.bit / 8, true),
    });
  }
  return entries;
}
