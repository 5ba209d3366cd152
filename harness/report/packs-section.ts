// What a history of loads and frees did to the packs: memory over time, and every region as it was in the end.

import * as Plot from "@observablehq/plot";
import { pointer } from "../../machine/address.js";
import type { PackHistory } from "./data.js";
import { draw } from "./drawing.js";
import { byteSize, counted, type Html, html, raw } from "./html.js";
import {
  aliveAt,
  type Band,
  bandOf,
  type Life,
  type Lives,
  livesOf,
  occupancy,
  stretches,
  type Tile,
  tiles,
} from "./pack-history.js";

export function packsSection(history: PackHistory): Html {
  const lives = livesOf(history);
  const alive = aliveAt(lives.programs, lives.steps - 1);
  const { programs, used, slack, holes, largestHole, rest } = occupancy(lives.bands, alive);
  const facts = [
    ["Programs", String(programs)],
    ["Headers and images", byteSize(used)],
    ["Slack", byteSize(slack)],
    ["Holes", `${byteSize(holes)}, the largest ${byteSize(largestHole)}`],
    ["Free to the end", byteSize(rest)],
  ];
  return html`<section id="packs" aria-labelledby="packs-title"><h2 id="packs-title">Packs</h2>
<p class="lead">${history.about}</p>
<ul class="legend" aria-label="Colours">
<li><i style="background:var(--pack-even)"></i><i style="background:var(--pack-odd)"></i><i style="background:var(--pack-third)"></i>programs</li>
<li><i style="background:var(--pack-slack)"></i>slack of the last chunk</li>
<li><i style="background:var(--pack-hole)"></i>hole</li>
<li><i style="background:var(--pack-rest)" class="framed"></i>free</li></ul>
<figure class="wide"><div class="scroll" tabindex="0" role="region" aria-label="Memory over time, scrolls sideways">${raw(drawLives(lives, history))}</div>
<figcaption>Memory over time: each program is a bar from its load to its free. One block a region, addresses growing downwards.</figcaption></figure>
<h3>In the end</h3>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<div class="pair">${lives.bands.map(
    (band, i) => html`<figure>${raw(drawMap(band, alive, history))}
<figcaption>Region ${i + 1}, ${byteSize(band.bytes)}: ${counted(band.bytes / history.chunkBytes, "chunk")} of ${history.chunkBytes} bytes. A row is ${byteSize(ROW_BYTES)}; thin lines are chunk boundaries, strong bars headers.</figcaption></figure>`,
  )}</div>
</section>`;
}

const WIDTH = 1040;
/** Neighbours seldom have the same one. */
const TINTS = ["var(--pack-even)", "var(--pack-odd)", "var(--pack-third)"];

/** Every program a bar from its load to its free, over the addresses that it took. */
function drawLives({ steps, bands, programs }: Lives, { pageBytes }: PackHistory): string {
  const last = bands.at(-1);
  const total = last === undefined ? 0 : last.offset + last.bytes;
  const bars = programs.map((life) => {
    const band = bandOf(bands, life.at);
    const start = (band?.offset ?? 0) + life.at - (band?.at ?? life.at);
    return { ...life, start, middle: start + life.used, end: start + life.bytes };
  });
  const pages = bands.flatMap(({ bytes, offset }) =>
    Array.from({ length: Math.ceil(bytes / pageBytes) - 1 }, (_, i) => ({ y: offset + (i + 1) * pageBytes })),
  );
  const marks = bands.flatMap(({ offset, bytes }) =>
    [0, 0.25, 0.5, 0.75].map((share) => ({ y: offset + share * bytes, text: byteSize(share * bytes) })),
  );
  const label = `Memory over ${counted(steps, "step")}: ${counted(programs.length, "program")} in ${counted(bands.length, "region")}`;
  return draw(label, {
    width: WIDTH,
    height: 420,
    marginLeft: 66,
    marginRight: 12,
    marginTop: 10,
    marginBottom: 34,
    style: { fontSize: "12px" },
    x: { type: "linear", label: "step", domain: [0, steps], ticks: 8 },
    y: { type: "linear", axis: null, domain: [0, total], reverse: true },
    color: { type: "identity" },
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
      Plot.text(marks, { x: 0, y: "y", text: "text", textAnchor: "end", dx: -8, dy: 5 }),
    ],
  });
}

/** Of a region's map: the smallest page. */
const ROW_BYTES = 4096;

/** The bytes of one region in rows, with their chunks and the headers of programs. */
function drawMap(band: Band, programs: readonly Life[], { chunkBytes }: PackHistory): string {
  const first = Math.floor(band.at / ROW_BYTES);
  const rows = Math.ceil((band.at + band.bytes) / ROW_BYTES) - first;
  const chunks = Array.from({ length: ROW_BYTES / chunkBytes - 1 }, (_, i) => (i + 1) * chunkBytes);
  const shown = tiles(stretches(band, programs), ROW_BYTES);
  const headers = programs
    .filter((program) => bandOf([band], program.at) !== undefined)
    .map((program) => ({ x: program.at % ROW_BYTES, row: Math.floor(program.at / ROW_BYTES) - first }));
  return draw(`Map of the region at 0x${pointer(band.at).toString(16)}, ${byteSize(ROW_BYTES)} a row`, {
    width: 500,
    height: Math.max(60, Math.min(470, rows * 20)) + 4,
    margin: 2,
    x: { type: "linear", axis: null, domain: [0, ROW_BYTES] },
    y: { type: "linear", axis: null, domain: [0, rows], reverse: true },
    color: { type: "identity" },
    marks: [
      Plot.rect([0], { x1: 0, x2: ROW_BYTES, y1: 0, y2: rows, fill: "var(--pack-rest)" }),
      Plot.rect(
        shown.filter(({ use }) => use !== "rest"),
        {
          x1: "from",
          x2: "to",
          y1: (tile: Tile) => tile.row,
          y2: (tile: Tile) => tile.row + 1,
          insetTop: 1,
          insetBottom: 1,
          fill: ({ use }: Tile) => `var(--pack-${use})`,
        },
      ),
      Plot.ruleX(chunks, { stroke: "var(--pack-page)", strokeWidth: 0.4 }),
      Plot.ruleX(headers, {
        x: "x",
        y1: (header: { readonly row: number }) => header.row,
        y2: (header: { readonly row: number }) => header.row + 1,
        insetTop: 1,
        insetBottom: 1,
        stroke: "var(--ink)",
        strokeWidth: 2,
      }),
    ],
  });
}
