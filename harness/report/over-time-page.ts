// The page of `rox pack --over-time`: mapped memory and what of it is code, event by event, for each pack size and policy.

import * as Plot from "@observablehq/plot";
import type { Loaded } from "../bad-input.js";
import type { FillOverTime } from "../packs/over-time.js";
import { version } from "../project.js";
import { draw } from "./drawing.js";
import { byteSize, counted, type Html, html, raw } from "./html.js";
import { footer, htmlPage, writeIndex } from "./shell.js";

export function writeOverTimePage(
  directory: string,
  name: string,
  events: number,
  rows: readonly FillOverTime[],
): Loaded<string> {
  const sizes = [...new Set(rows.map(({ packBytes }) => packBytes))];
  return writeIndex(
    directory,
    htmlPage(
      "Packs over time · rox pack",
      html`<header class="top"><p class="brand"><strong>roxcheck</strong> <span>rox pack --over-time</span></p>
<h1>How full the packs are</h1>
<p class="lead">${name}: ${events} loads and frees. The line is what is mapped, the area is headers and images, and the dashed line what is free below something that lives.</p></header>
<main id="main" tabindex="-1">${sizes.map((size) =>
        section(
          size,
          rows.filter(({ packBytes }) => packBytes === size),
        ),
      )}</main>
${footer(version())}`,
    ),
  );
}

/** One scale for all policies, so that they can be compared. */
function section(size: number, rows: readonly FillOverTime[]): Html {
  const most = rows.flatMap(({ samples }) => samples).reduce((n, { mapped }) => Math.max(n, mapped), 0) / 1024;
  return html`<section aria-labelledby="size-${size}"><h2 id="size-${size}">Packs of ${byteSize(size)}</h2>
<div class="pair">${rows.map((row) => figure(row, most))}</div></section>`;
}

function figure({ policy, samples, mostPacks, mean, occupancy }: FillOverTime, most: number): Html {
  const kib = (bytes: number): number => bytes / 1024;
  const drawing = draw(`${policy}: mapped, code and holes over ${samples.length} moments`, {
    ...{ width: 520, height: 200, marginLeft: 58, marginRight: 12, marginBottom: 34, style: { fontSize: "11px" } },
    x: { label: "loads and frees" },
    y: { label: "KiB", domain: [0, most], grid: true, nice: true, ticks: 5 },
    marks: [
      Plot.areaY(samples, { x: "event", y1: () => 0, y2: (one) => kib(one.code), fill: "var(--plot-area)" }),
      Plot.lineY(samples, { x: "event", y: (one) => kib(one.mapped), stroke: "var(--plot-line)", strokeWidth: 2 }),
      Plot.lineY(samples, {
        ...{ x: "event", stroke: "var(--plot-line)", strokeWidth: 1, strokeDasharray: "3 3" },
        y: (one) => kib(one.holes),
      }),
      Plot.ruleY([0], { stroke: "var(--rule)" }),
    ],
  });
  const words = `${policy}: at most ${counted(mostPacks, "pack")}, ${(100 * occupancy).toFixed(1)} % code, ${byteSize(mean.holes)} of holes on average`;
  return html`<figure>${raw(drawing)}<figcaption>${words}.</figcaption></figure>`;
}
