// The coverage matrix: heat maps by family, and the same as tables for whoever reads or searches numbers.

import { cellCoverage } from "../../properties/coverage/cells.js";
import type { CoverageData } from "./data.js";
import { counted, grouped, type Html, html, raw } from "./html.js";
import { type Family, heat, matrix } from "./matrix.js";
import { drawFamily } from "./matrix-drawing.js";

export function coverageSection(coverage: CoverageData): Html {
  const { cells, counted: what, looked, programs, rowsMissing, rowsAll } = coverage;
  if (looked === 0) return EMPTY;
  const families = matrix(cells);
  const { reached, all } = cellCoverage(cells);
  const sample =
    looked === programs
      ? "The code of every program was looked at."
      : `A sample: the code of ${counted(looked, "program")} out of ${grouped(programs)} was looked at.`;
  return html`<section id="coverage" aria-labelledby="coverage-title"><h2 id="coverage-title">Coverage</h2>
<p class="lead"><strong>${reached} of ${all}</strong> lowerings seen: BPF instruction by the way it was compiled, read off
the A64 words. ${sample} Rows are as the JIT gets them, after the verifier.</p>
<p><strong>${rowsAll - rowsMissing.length} of ${rowsAll}</strong> instruction rows ran, over all programs.</p>
${rowsMissing.length === 0 ? "" : html`<details class="fold"><summary>The ${rowsMissing.length} that never ran</summary><p>${rowsMissing.map((id, i) => html`${i === 0 ? "" : ", "}<code>${id}</code>`)}</p></details>`}
${legend(what)}
<div class="families">${families.map(familyFigure)}</div>
</section>`;
}

const EMPTY: Html = html`<section id="coverage" aria-labelledby="coverage-title"><h2 id="coverage-title">Coverage</h2>
<p class="none">No code was looked at: the run ended before the first generated program, or did not keep count.</p></section>`;

const legend = (what: string): Html => html`<ul class="legend" aria-label="Colours: ${what} seen">
<li>${what}:</li>
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
