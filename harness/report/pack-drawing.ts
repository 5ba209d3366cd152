// Two pictures of an allocator's history: memory over time, and a map of every region as it was in the end.

import * as Plot from "@observablehq/plot";
import { pointer } from "../../machine/address.js";
import type { PackHistory } from "./data.js";
import { draw } from "./drawing.js";
import { byteSize, counted } from "./html.js";
import {
  type Band,
  bandOf,
  clip,
  type Life,
  type Lives,
  stretches,
  type Tile,
  tiles,
  type Window,
} from "./pack-history.js";

const MIB_2 = 2 * 2 ** 20;
const WIDTH = 1040;
/** Neighbours seldom have the same one. */
const TINTS = ["var(--pack-even)", "var(--pack-odd)", "var(--pack-third)"];

/** Every program a bar from its load to its free, over the addresses that it took. */
export function drawLives({ steps, bands, programs }: Lives, { pageBytes }: PackHistory): string {
  const last = bands.at(-1);
  const total = last === undefined ? 0 : last.offset + last.bytes;
  const place = (address: number, band: Band | undefined): number =>
    (band?.offset ?? 0) + address - (band?.at ?? address);
  const bars = programs.map((life) => {
    const band = bandOf(bands, life.at);
    const start = place(life.at, band);
    return { ...life, start, middle: start + life.used, end: start + life.bytes };
  });
  const large = bands.flatMap((band) => multiples(band, MIB_2));
  const pages = total / pageBytes <= 64 ? bands.flatMap((band) => multiples(band, pageBytes)) : [];
  const marks = bands.flatMap(({ offset, bytes }) =>
    [0, 0.25, 0.5, 0.75].map((share) => ({ y: offset + share * bytes, text: byteSize(share * bytes) })),
  );
  return draw(
    `Memory over ${counted(steps, "step")}: ${counted(programs.length, "program")} in ${counted(bands.length, "region")}`,
    {
      width: WIDTH,
      height: 420,
      marginLeft: 66,
      marginRight: 92,
      marginTop: 10,
      marginBottom: 34,
      style: { fontSize: "12px" },
      x: { type: "linear", label: "step", domain: [0, steps], ticks: 8 },
      y: { type: "linear", axis: null, domain: [0, total], reverse: true },
      marks: [
        Plot.rect(bands, {
          x1: 0,
          x2: steps,
          y1: (b: Band) => b.offset,
          y2: (b: Band) => b.offset + b.bytes,
          fill: "var(--pack-rest)",
        }),
        Plot.ruleY(pages, { x1: 0, x2: steps, y: "y", stroke: "var(--rule)", strokeWidth: 0.5 }),
        Plot.rect(bars, {
          x1: "from",
          x2: "to",
          y1: "start",
          y2: "middle",
          fill: (life: Life) => TINTS[life.id % TINTS.length],
          title: (life: Life) => `program ${life.id}: ${byteSize(life.bytes)}, step ${life.from} to ${life.to}`,
        }),
        Plot.rect(bars, { x1: "from", x2: "to", y1: "middle", y2: "end", fill: "var(--pack-slack)" }),
        Plot.ruleY(large, {
          x1: 0,
          x2: steps,
          y: "y",
          stroke: "var(--pack-edge)",
          strokeWidth: 1.5,
          strokeDasharray: "5 3",
        }),
        Plot.text(large, {
          x: steps,
          y: "y",
          text: () => "2 MiB boundary",
          textAnchor: "start",
          dx: 6,
          fill: "var(--pack-edge)",
        }),
        Plot.text(marks, { x: 0, y: "y", text: "text", textAnchor: "end", dx: -8, dy: 5 }),
      ],
      color: { type: "identity" },
    },
  );
}

/** Offsets in the drawing of the multiples of `bytes` within the band, its start left out. */
function multiples({ at, bytes: size, offset }: Band, bytes: number): { readonly y: number }[] {
  const found: { y: number }[] = [];
  for (let address = (Math.floor(at / bytes) + 1) * bytes; address < at + size; address += bytes) {
    found.push({ y: offset + address - at });
  }
  return found;
}

/** How long a row of a region's map is: one page, or 16 KiB where that makes too many rows. */
export const rowBytesOf = ({ bytes }: Band, { pageBytes }: PackHistory): number =>
  bytes > 16 * pageBytes ? Math.max(16 * 1024, pageBytes) : pageBytes;

/** The bytes of one region in rows, its pages marked. */
export function drawMap(band: Band, programs: readonly Life[], history: PackHistory): string {
  const rowBytes = rowBytesOf(band, history);
  const first = Math.floor(band.at / rowBytes);
  const rows = Math.ceil((band.at + band.bytes) / rowBytes) - first;
  const { pageBytes } = history;
  const columns = Array.from({ length: rowBytes / pageBytes - 1 }, (_, i) => (i + 1) * pageBytes);
  const boundary = (Math.floor(band.at / MIB_2) + 1) * MIB_2;
  const isInside = boundary < band.at + band.bytes;
  const edge = isInside ? [(boundary - first * rowBytes) / rowBytes] : [];
  const shown = tiles(stretches(band, programs), rowBytes);
  return draw(`Map of the region at ${hex(band.at)}, ${byteSize(rowBytes)} a row`, {
    ...frame(rowBytes, rows),
    marginRight: isInside ? 46 : 2,
    marks: [
      ...ground(shown, rowBytes, rows),
      Plot.ruleX(columns, { stroke: "var(--pack-page)", strokeWidth: 1 }),
      Plot.ruleY(edge, { stroke: "var(--pack-edge)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
      Plot.text(edge, {
        x: rowBytes,
        y: (y: number) => y,
        text: () => "2 MiB",
        textAnchor: "start",
        dx: 5,
        fontSize: 12,
        fill: "var(--pack-edge)",
      }),
    ],
  });
}

/** A few pages, one a row, with their chunks and the headers of programs. */
export function drawCloseUp({ band, at, bytes }: Window, programs: readonly Life[], history: PackHistory): string {
  const { pageBytes, chunkBytes } = history;
  const shown = clip(stretches(band, programs), at, bytes);
  const rows = Math.ceil(bytes / pageBytes);
  const chunks = Array.from({ length: pageBytes / chunkBytes - 1 }, (_, i) => (i + 1) * chunkBytes);
  const headers = aliveWithin(programs, at, bytes).map((program) => ({
    x: program.at % pageBytes,
    row: Math.floor((program.at - at) / pageBytes),
  }));
  return draw(`${counted(rows, "page")} from ${hex(at)}, one a row`, {
    ...frame(pageBytes, rows),
    marks: [
      ...ground(tiles(shown, pageBytes), pageBytes, rows),
      Plot.ruleX(chunks, { stroke: "var(--pack-page)", strokeWidth: 0.4 }),
      Plot.ruleX(headers, {
        x: "x",
        y1: (h: { readonly row: number }) => h.row,
        y2: (h: { readonly row: number }) => h.row + 1,
        insetTop: 1,
        insetBottom: 1,
        stroke: "var(--ink)",
        strokeWidth: 2,
      }),
    ],
  });
}

const aliveWithin = (programs: readonly Life[], at: number, bytes: number): readonly Life[] =>
  programs.filter((program) => program.at >= at && program.at < at + bytes);

const hex = (va: number): string => `0x${pointer(va).toString(16)}`;

const frame = (rowBytes: number, rows: number): Plot.PlotOptions => ({
  width: 500,
  height: Math.max(60, Math.min(470, rows * 20)) + 4,
  margin: 2,
  x: { type: "linear", axis: null, domain: [0, rowBytes] },
  y: { type: "linear", axis: null, domain: [0, rows], reverse: true },
  color: { type: "identity" },
});

/** Above so many rows they are drawn without space between them. */
const MANY_ROWS = 64;

const ground = (shown: readonly Tile[], rowBytes: number, rows: number): Plot.Markish[] => [
  Plot.rect([0], { x1: 0, x2: rowBytes, y1: 0, y2: rows, fill: "var(--pack-rest)" }),
  Plot.rect(
    shown.filter(({ use }) => use !== "rest"),
    {
      x1: "from",
      x2: "to",
      y1: (tile: Tile) => tile.row,
      y2: (tile: Tile) => tile.row + 1,
      // No seams between thin rows.
      insetTop: rows > MANY_ROWS ? 0 : 1,
      insetBottom: rows > MANY_ROWS ? -0.4 : 1,
      fill: ({ use }: Tile) => `var(--pack-${use})`,
    },
  ),
];
