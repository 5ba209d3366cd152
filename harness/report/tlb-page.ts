// The page of `rox tlb`: misses and walks of the instruction TLB, by where programs lie and by how much else runs.

import * as Plot from "@observablehq/plot";
import type { Lookups } from "../../machine/itlb/itlb.js";
import type { Loaded } from "../bad-input.js";
import { version } from "../project.js";
import { LAYOUTS, type Layout, type TlbReport } from "../tlb/tlb.js";
import { draw } from "./drawing.js";
import { grouped, type Html, html, raw } from "./html.js";
import { footer, htmlPage, writeIndex } from "./shell.js";

export const writeTlbPage = (directory: string, report: TlbReport): Loaded<string> =>
  writeIndex(directory, renderTlbPage(report));

export function renderTlbPage(report: TlbReport): string {
  const { model, programs, pages, workload, seed, subject, surroundings } = report;
  const facts = [
    ["Workload", `${workload}, seed ${seed}`],
    ["Subject", subject],
    ["Core", `${model.name}: ${model.first.entries} and ${model.second.entries} entries`],
    ["Hot programs", `${programs}, on ${pages.page} pages or packed on ${pages.pack}`],
    ["Beside each page of user code", `${surroundings.dataPerCode} pages of data`],
  ];
  return htmlPage(
    `Instruction TLB: ${workload} · rox tlb`,
    html`<header class="top"><p class="brand"><strong>roxcheck</strong> <span>rox tlb</span></p>
<h1>What packing saves in the instruction TLB</h1>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>
<main id="main" tabindex="-1"><section aria-labelledby="misses"><h2 id="misses">Misses and walks</h2>
<div class="pair">${figure(report, "misses", "First-level misses")}${figure(report, "walks", "Table walks")}</div></section>
${numbers(report)}</main>${footer(version())}`,
  );
}

const NAMES = Object.keys(LAYOUTS) as Layout[];
/** Lines are told apart by their dashes too. */
const DASHES: Readonly<Record<Layout, string>> = { page: "none", pack: "6 3", block: "2 3" };

function figure({ byUserPages, surroundings }: TlbReport, of: keyof Lookups, title: string): Html {
  const perEvent = (n: number): number => n / surroundings.events;
  const ends = byUserPages.at(-1)!;
  const drawing = draw(`${title} an event, by pages of user code between two events`, {
    ...{ width: 520, height: 260, marginLeft: 52, marginRight: 92, marginBottom: 36, style: { fontSize: "11px" } },
    x: { label: "pages of user code between two events" },
    y: { label: `${title.toLowerCase()} an event`, grid: true, zero: true, nice: true },
    marks: [
      ...NAMES.map((name) =>
        Plot.lineY(
          byUserPages.map(({ userPages, lookups }) => ({ userPages, n: perEvent(lookups[name][of]) })),
          { x: "userPages", y: "n", stroke: "var(--plot-line)", strokeWidth: 2, strokeDasharray: DASHES[name] },
        ),
      ),
      Plot.text(apart(NAMES.map((name) => ({ name, n: perEvent(ends.lookups[name][of]) }))), {
        ...{ x: () => ends.userPages, y: "n", text: "name", dx: 8, textAnchor: "start", fill: "var(--ink)" },
      }),
      Plot.ruleY([0], { stroke: "var(--rule)" }),
    ],
  });
  const legend = NAMES.map((name) => `${name}: ${LAYOUTS[name]}`).join("; ");
  return html`<figure>${raw(drawing)}<figcaption>${title} an event. ${legend}.</figcaption></figure>`;
}

/** Share of the height that a name takes. */
const NAME_SHARE = 0.07;

/** Names at the ends of lines, from the top down, none over another one. */
function apart<T extends { readonly n: number }>(ends: readonly T[]): readonly T[] {
  const fromTop = ends.toSorted((a, b) => b.n - a.n);
  const gap = NAME_SHARE * (fromTop[0]?.n ?? 0);
  let below = Number.POSITIVE_INFINITY;
  return fromTop.map((end) => {
    const n = Math.min(end.n, below);
    below = n - gap;
    return { ...end, n };
  });
}

const numbers = ({
  byUserPages,
}: TlbReport): Html => html`<section aria-labelledby="numbers"><h2 id="numbers">Numbers</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="numbers"><table class="numbers"><thead><tr><th scope="col">User pages</th>
${NAMES.map((name) => html`<th scope="col">misses, ${name}</th><th scope="col">walks, ${name}</th>`)}</tr></thead>
<tbody>${byUserPages.map(
  ({ userPages, lookups }) => html`<tr><th scope="row">${userPages}</th>
${NAMES.map((name) => html`<td>${grouped(lookups[name].misses)}</td><td>${grouped(lookups[name].walks)}</td>`)}</tr>`,
)}</tbody></table></div></section>`;
