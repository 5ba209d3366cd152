// `.BTF.ext`: which line of which source file an instruction comes from, and which instructions a loader must change to
// fit the types of the kernel that runs (CO-RE). Both are lists by section, of records of a size that the file says.

import { viewOf } from "../elf/elf.js";
import { Malformed, type Parsed, parsed } from "../malformed.js";
import type { Btf } from "./btf.js";

interface SourceLine {
  /** In bytes from the start of the section. */
  readonly offset: number;
  readonly file: string;
  readonly line: number;
}
interface CoreRelocation {
  readonly offset: number;
  /** As in `task_struct.pid`, or the numbers of the members where the types do not say. */
  readonly what: string;
}
export interface BtfExt {
  /** By section, in the order of the file. */
  readonly lines: ReadonlyMap<string, readonly SourceLine[]>;
  readonly relocations: ReadonlyMap<string, readonly CoreRelocation[]>;
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const CORE_HEADER_BYTES = 32;
const LEAST_RECORD_BYTES = 16;

export const readBtfExt = (bytes: Uint8Array, btf: Btf): Parsed<BtfExt> => parsed(() => extOf(bytes, btf));

function extOf(bytes: Uint8Array, btf: Btf): BtfExt {
  const view = viewOf(bytes);
  if (bytes.length < HEADER_BYTES || view.getUint16(0, true) !== MAGIC) {
    throw new Malformed(".BTF.ext with its header", `${bytes.length} bytes of another sort`);
  }
  const header = view.getUint32(4, true);
  const table = (at: number): Table => ({
    start: header + view.getUint32(at, true),
    bytes: view.getUint32(at + 4, true),
  });
  const lines = recordsOf(view, table(16), btf, (at) => ({
    offset: view.getUint32(at, true),
    file: btf.text(view.getUint32(at + 4, true)),
    line: view.getUint32(at + 12, true) >>> 10,
  }));
  const hasCore = header >= CORE_HEADER_BYTES && bytes.length >= CORE_HEADER_BYTES;
  const relocations = recordsOf(view, hasCore ? table(24) : { start: 0, bytes: 0 }, btf, (at) => ({
    offset: view.getUint32(at, true),
    what: accessOf(btf, view.getUint32(at + 4, true), btf.text(view.getUint32(at + 8, true))),
  }));
  return { lines, relocations };
}

interface Table {
  readonly start: number;
  readonly bytes: number;
}

function recordsOf<T>(
  view: DataView,
  { start, bytes }: Table,
  btf: Btf,
  read: (at: number) => T,
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  if (bytes < 4) return found;
  const end = start + bytes;
  if (end > view.byteLength) {
    throw new Malformed(`.BTF.ext within its ${view.byteLength} bytes`, `a table up to byte ${end}`);
  }
  const recordBytes = view.getUint32(start, true);
  if (recordBytes < LEAST_RECORD_BYTES) {
    throw new Malformed(`records of .BTF.ext with at least ${LEAST_RECORD_BYTES} bytes`, `${recordBytes}`);
  }
  for (let at = start + 4; at < end; ) {
    if (at + 8 > end) throw new Malformed("a whole list of records in .BTF.ext", "the end of its table");
    const section = btf.text(view.getUint32(at, true));
    const count = view.getUint32(at + 4, true);
    at += 8;
    if (at + count * recordBytes > end)
      throw new Malformed("a whole list of records in .BTF.ext", "the end of its table");
    const list = found.get(section) ?? [];
    for (let i = 0; i < count; i++, at += recordBytes) list.push(read(at));
    found.set(section, list);
  }
  return found;
}

/** `0:1:2` of a type, in the names of its members. The first number is an index of an array of such types. */
function accessOf(btf: Btf, type: number, access: string): string {
  const steps = access.split(":").slice(1).map(Number);
  let name = btf.name(type) || btf.kind(type);
  let at = btf.resolve(type);
  for (const step of steps) {
    const kind = btf.kind(at);
    if (kind === "array") {
      name += `[${step}]`;
      at = btf.resolve(btf.array(at).element);
      continue;
    }
    const member = kind === "struct" || kind === "union" ? btf.members(at)[step] : undefined;
    if (member === undefined) return `${name} (${access})`;
    if (member.name !== "") name += `.${member.name}`;
    at = btf.resolve(member.type);
  }
  return name;
}

/** The last line that begins at the instruction or before it. */
export const lineOf = (lines: readonly SourceLine[], offset: number): SourceLine | undefined =>
  lines.findLast((line) => line.offset <= offset);
