// The coverage matrix: heat maps by family, and the same as tables for whoever reads or searches numbers.

import * as Plot from "@observablehq/plot";
import { matrixCoverage } from "../../properties/coverage/matrix.js";
import type { CoverageData } from "./data.js";
import { draw, tag } from "./drawing.js";
import { counted, grouped, type Html, html, raw } from "./html.js";
import { type Family, heat, type MatrixCell, matrix } from "./matrix.js";

export function coverageSection(coverage: CoverageData): Html {
  const { lowerings, looked, programs, rowsMissing, rowsAll } = coverage;
  if (looked === 0) return EMPTY;
  const families = matrix(lowerings);
  const { reached, all } = matrixCoverage(lowerings);
  const sample =
    looked === programs
      ? "The code of every program was looked at."
      : `A sample: the code of ${counted(looked, "program")} out of ${grouped(programs)} was looked at.`;
  return html`<section id="coverage" aria-labelledby="coverage-title"><h2 id="coverage-title">Coverage</h2>
<p class="lead"><strong>${reached} of ${all}</strong> lowerings seen: BPF instruction by the way it was compiled, read off
the A64 words. ${sample} Rows are as the JIT gets them, after the verifier.</p>
<p><strong>${rowsAll - rowsMissing.length} of ${rowsAll}</strong> instruction rows ran, over all programs.</p>
${rowsMissing.length === 0 ? "" : html`<details class="fold"><summary>The ${rowsMissing.length} that never ran</summary><p>${rowsMissing.map((id, i) => html`${i === 0 ? "" : ", "}<code>${id}</code>`)}</p></details>`}
${LEGEND}
<div class="families">${families.map(familyFigure)}</div>
</section>`;
}

const EMPTY: Html = html`<section id="coverage" aria-labelledby="coverage-title"><h2 id="coverage-title">Coverage</h2>
<p class="none">No code was looked at: the run ended before the first generated program, or did not keep count.</p></section>`;

const LEGEND: Html = html`<ul class="legend" aria-label="Colours: programs seen">
<li>programs:</li>
<li><i style="background:var(--heat-0)" class="missed"></i>not seen</li>
${["1", "10", "100", "1,000", "10,000"].map((from, i) => html`<li><i style="background:var(--heat-${heat(10 ** i)})"></i>${from}+</li>`)}
<li><i class="unexpected"></i>not expected</li></ul>`;

const familyFigure = (family: Family): Html => html`<figure class="family" data-filter="family">
<figcaption><h3>${family.title}</h3> <span class="n">${family.cells.filter(({ count }) => count > 0).length} of ${family.cells.length}</span></figcaption>
${raw(drawFamily(family))}
<details><summary>Numbers<span class="hidden"> for ${family.title}</span></summary>${numbers(family)}</details>
</figure>`;

const numbers = ({ title, rows, cells }: Family): Html => html`<table>
<caption class="hidden">${title}: rows by lowering</caption>
<thead><tr><th scope="col">Row</th><th scope="col">Lowering</th><th scope="col" class="right">Seen</th></tr></thead>
<tbody>${rows.map((row) =>
  cells
    .filter((cell) => cell.row === row)
    .map(
      (cell, i) =>
        html`<tr data-row="${row}" data-group="${cell.group}"><th scope="row">${i === 0 ? row : html`<span class="hidden">${row}</span>`}</th><td>${cell.strategy}</td><td class="right">${grouped(cell.count)}</td></tr>`,
    ),
)}</tbody></table>`;

const CELL = { width: 34, height: 20 } as const;
const MARGIN = { top: 92, right: 44, bottom: 4 } as const;
/** Of the row names, about. */
const LETTER = 6.6;

/** One family as a heat map. */
function drawFamily({ title, rows, strategies, cells }: Family): string {
  const place = { x: "strategy", y: "row" } as const;
  const left = 12 + LETTER * Math.max(...rows.map((row) => row.length));
  const options: Plot.PlotOptions = {
    width: left + strategies.length * CELL.width + MARGIN.right,
    height: MARGIN.top + rows.length * CELL.height + MARGIN.bottom,
    marginTop: MARGIN.top,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: left,
    padding: 0,
    x: { type: "band", domain: [...strategies], axis: null },
    y: { type: "band", domain: [...rows], axis: null },
    color: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        ...place,
        className: "heat",
        inset: 0.75,
        rx: 2,
        fill: (cell: MatrixCell) => `var(--heat-${heat(cell.count)})`,
        title: describe,
      }),
      Plot.text(cells, {
        ...place,
        className: "heat-count",
        text: (cell: MatrixCell) => short(cell.count),
        fill: (cell: MatrixCell) => `var(--heat-text-${heat(cell.count)})`,
        fontSize: 11.5,
      }),
      Plot.text(rows, {
        className: "heat-row",
        x: () => strategies[0],
        y: (row: string) => row,
        text: (row: string) => row,
        textAnchor: "end",
        dx: -CELL.width / 2 - 5,
        fontSize: 12,
      }),
      Plot.text(strategies, {
        className: "heat-strategy",
        x: (s: string) => s,
        y: () => rows[0],
        text: (s: string) => s,
        textAnchor: "start",
        rotate: -45,
        dy: -CELL.height / 2 - 6,
        fontSize: 12,
      }),
    ],
  };
  const reached = cells.filter(({ count }) => count > 0).length;
  const label = `${title}: ${reached} of ${cells.length} lowerings reached; the numbers are in the table below`;
  return draw(label, options, (drawing) => {
    for (const mark of ["heat", "heat-count"]) {
      tag(drawing, mark, cells, "data-row", ({ row }) => row);
      tag(drawing, mark, cells, "data-group", ({ group }) => group);
    }
    tag(drawing, "heat", cells, "class", ({ count, unexpected }) =>
      unexpected ? "unexpected" : count === 0 ? "missed" : "",
    );
    tag(drawing, "heat-row", rows, "data-row", (row) => row);
    tag(drawing, "heat-row", rows, "data-group", (row) => cells.find((cell) => cell.row === row)?.group ?? "");
  });
}

const describe = ({ row, strategy, count, unexpected }: MatrixCell): string =>
  `${row}, ${strategy}: ${count === 0 ? "not reached" : grouped(count)}${unexpected ? ", not expected" : ""}`;

/** Three characters: `7`, `42`, `1k`, `25k`, `3M`. */
const short = (count: number): string =>
  count === 0
    ? "–"
    : count < 1000
      ? `${count}`
      : count < 999_500
        ? `${Math.round(count / 1000)}k`
        : `${Math.round(count / 1e6)}M`;
