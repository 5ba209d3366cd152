// Two pictures of an allocator's history: memory over time, and a map of every region as it was in the end.

import * as Plot from "@observablehq/plot";
import type { PackHistory } from "./data.js";
import { draw } from "./drawing.js";
import { byteSize, counted } from "./html.js";
import { type Band, bandOf, type Life, type Lives, stretches, type Tile, tiles } from "./pack-history.js";

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

/** A row of the map is this many bytes where the region has more than 64 KiB, else one page. */
const WIDE_ROW = 16 * 1024;

/** The bytes of one region in rows, its pages marked. */
export function drawMap(band: Band, programs: readonly Life[], { pageBytes }: PackHistory): string {
  const rowBytes = band.bytes > 16 * pageBytes ? Math.max(WIDE_ROW, pageBytes) : pageBytes;
  const shown = tiles(stretches(band, programs), rowBytes).filter(({ use }) => use !== "rest");
  const first = Math.floor(band.at / rowBytes);
  const rows = Math.ceil((band.at + band.bytes) / rowBytes) - first;
  const columns = Array.from({ length: rowBytes / pageBytes - 1 }, (_, i) => (i + 1) * pageBytes);
  const boundary = (Math.floor(band.at / MIB_2) + 1) * MIB_2;
  const isInside = boundary < band.at + band.bytes;
  const at = (boundary - first * rowBytes) / rowBytes;
  const height = Math.max(60, Math.min(470, rows * 20));
  return draw(`Map of the region at 0x${(band.at + 0xffff_0000_0000_0000).toString(16)}, ${byteSize(rowBytes)} a row`, {
    width: 500,
    height: height + 4,
    margin: 2,
    marginRight: isInside ? 46 : 2,
    x: { axis: null, domain: [0, rowBytes] },
    y: { axis: null, domain: [rows, 0] },
    color: { type: "identity" },
    marks: [
      Plot.rect([0], { x1: 0, x2: rowBytes, y1: 0, y2: rows, fill: "var(--pack-rest)" }),
      Plot.rect(shown, {
        x1: "from",
        x2: "to",
        y1: (tile: Tile) => tile.row,
        y2: (tile: Tile) => tile.row + 1,
        // No seams between thin rows.
        insetTop: rows > 64 ? 0 : 1,
        insetBottom: rows > 64 ? -0.4 : 1,
        fill: ({ use }: Tile) => `var(--pack-${use})`,
      }),
      Plot.ruleX(columns, { stroke: "var(--pack-page)", strokeWidth: 1 }),
      Plot.ruleY(isInside ? [at] : [], { stroke: "var(--pack-edge)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
      Plot.text(isInside ? [at] : [], {
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
