// A pack as a map in the terminal: one character a chunk, one line a row, addresses at the left. Rows that are all free are
// drawn once.

import type { Chunk, MemoryMap, PackMap, Piece } from "../report/pack-map.js";
import { count } from "./text.js";

const MARKS: Readonly<Record<Chunk, string>> = { live: "#", trampoline: "t", slack: "-", free: ".", dirty: "!" };
const CHUNK = 64;
const ADDRESS_WIDTH = "0xffff800083010000  ".length;
/** Chunks of a row: 32 are half a page of 4 KiB. */
const ROWS = [96, 64, 32, 16];

export function formatMemoryMap({ packs, large, broken }: MemoryMap, columns: number): string[] {
  return [
    ...packs.flatMap((pack, i) => [...formatPack(pack, i, columns), ""]),
    ...large.map((piece) => `${name(piece)}  ${piece.bytes} bytes in pages of their own at ${address(piece.at)}`),
    ...(packs.length + large.length === 0 ? ["no executable memory"] : []),
    ...(packs.length === 0 ? [] : ["# live  t trampoline  - slack  . free  ! free, but not illegal: 64 bytes each"]),
    ...(broken === undefined ? [] : [`on the way: ${broken}`]),
  ];
}

function formatPack({ base, chunks, pieces }: PackMap, index: number, columns: number): string[] {
  const width = ROWS.find((n) => ADDRESS_WIDTH + n <= columns) ?? 16;
  const of = (kind: Chunk): number => chunks.filter((chunk) => chunk === kind).length;
  const taken = of("live") + of("trampoline") + of("slack");
  const owners = new Set(pieces.flatMap(({ what, id }) => (what === "function" ? [id] : []))).size;
  const trampolines = pieces.filter(({ what }) => what === "trampoline").length;
  const head =
    `pack ${index} at ${address(base)}: ${count(owners, "program")}, ` +
    `${trampolines === 0 ? "" : `${count(trampolines, "trampoline")}, `}${count(taken, "chunk")} taken, ` +
    `${of("free")} free${of("dirty") > 0 ? `, ${of("dirty")} not illegal` : ""}`;
  const rows = Array.from({ length: Math.ceil(chunks.length / width) }, (_, row) => {
    const marks = chunks.slice(row * width, (row + 1) * width).map((chunk) => MARKS[chunk]);
    return { at: base + row * width * CHUNK, marks: marks.join("") };
  });
  return [head, ...folded(rows), ...legend(pieces, columns)];
}

/** Free rows in a row are said in words. */
function folded(rows: readonly { readonly at: number; readonly marks: string }[]): string[] {
  const lines: string[] = [];
  let free = 0;
  const flush = (): void => {
    if (free > 1) lines.push(`${" ".repeat(ADDRESS_WIDTH)}(${free - 1} more free rows)`);
    free = 0;
  };
  for (const { at, marks } of rows) {
    const isFree = /^\.+$/.test(marks);
    if (!isFree) flush();
    else if (free++ > 0) continue;
    lines.push(`${address(at)}  ${marks}`);
  }
  flush();
  return lines;
}

const SHOWN_PIECES = 24;

function legend(pieces: PackMap["pieces"], columns: number): string[] {
  const cells = pieces
    .slice(0, SHOWN_PIECES)
    .map((piece) => `${name(piece)} +0x${(piece.first * CHUNK).toString(16)} (${piece.chunks * CHUNK} B)`);
  if (pieces.length > SHOWN_PIECES) cells.push(`and ${pieces.length - SHOWN_PIECES} more`);
  const lines: string[] = [];
  for (const cell of cells) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + cell.length <= columns) lines[lines.length - 1] = `${last}  ${cell}`;
    else lines.push(`  ${cell}`);
  }
  return lines;
}

const name = ({ what, id }: Pick<Piece, "what" | "id">): string => `${what === "trampoline" ? "t" : ""}#${id}`;

const address = (va: number): string => `0xffff${va.toString(16).padStart(12, "0")}`;
