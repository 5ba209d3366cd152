// The report as one HTML page that needs nothing else, so that a browser opens it from anywhere and a build server can keep
// it: no network, no file beside it, and no script but for the filter
// and the copy buttons. See `data.ts` for what goes in, and `page.css` and `page-script.js` for what is written into it.

import path from "node:path";
import { ROWS } from "../../spec/bpf/isa.js";
import type { Loaded } from "../bad-input.js";
import { writeOutputFile } from "../output-file.js";
import { reportJson } from "../report.js";
import { compareRuns, SUMMARY_FILE } from "./baseline.js";
import { baselineSection } from "./baseline-section.js";
import { drawGrowth, drawPace, drawSizes } from "./charts.js";
import { coverageSection } from "./coverage-section.js";
import type { FindingData, GrowthPoint, ReportData } from "./data.js";
import { findingsSection } from "./finding-section.js";
import { commandLine, type Html, html, raw } from "./html.js";
import { packsSection } from "./packs-section.js";
import { beside, footer, htmlPage, writeIndex } from "./shell.js";
import { timeline } from "./timeline.js";

/** Write `index.html` into the directory, which is made. Returns its path. */
export function writePage(directory: string, data: ReportData): Loaded<string> {
  const page = writeIndex(directory, renderPage(data, directory));
  const summary = page.ok ? writeOutputFile(path.join(directory, SUMMARY_FILE), reportJson(data.summary)) : page;
  return summary.ok ? page : summary;
}

/** @param directory where the page will lie: links to files lead from there */
export function renderPage(data: ReportData, directory = "."): string {
  const { command, version, verdict } = data;
  return htmlPage(
    `${verdict.headline} · ${command}`,
    html`<a class="skip" href="#main">Skip to the findings</a>
${header(data)}
<main id="main" tabindex="-1">
${filterBar(data)}
${findingsSection(data.findings, directory, timeline(data.findings, data.growth?.at(-1)?.elapsedMs ?? 1))}
${coverageSection(data.coverage)}
${data.packs === undefined ? NO_PACKS : packsSection(data.packs)}
${speedSection(data)}
</main>
${footer(version)}
<script>${raw(beside("page-script.js"))}</script>`,
  );
}

/** Characters, beyond which the path of a subject takes a line of its own. */
const LONG_SUBJECT = 20;
const NO_PACKS = html`<section id="packs" aria-labelledby="packs-title"><h2 id="packs-title">Packs</h2>
<p class="none">Not run: no history of this run put a program into a pack.</p></section>`;

const SIGNS: Readonly<Record<ReportData["verdict"]["state"], string>> = { ok: "✓", failed: "✕", interrupted: "‖" };
const WORDS: Readonly<Record<ReportData["verdict"]["state"], string>> = {
  ok: "Passed",
  failed: "Failed",
  interrupted: "Interrupted",
};

const header = (data: ReportData): Html => {
  const { command, verdict, facts, again, knownDefects, notChecked, findings, baseline, summary } = data;
  return html`<header class="top">
<p class="brand"><strong>roxcheck</strong> <span>${command}</span></p>
<div class="verdict ${verdict.state}">
<span class="sign" aria-hidden="true">${SIGNS[verdict.state]}</span>
<div><p class="state">${WORDS[verdict.state]}</p><h1>${verdict.headline}</h1><p class="detail">${verdict.detail}</p></div>
</div>
${firstFinding(findings[0])}
<div class="about">
<section aria-labelledby="ran"><h2 id="ran">What was run</h2>
<dl class="facts">${facts.map(({ name, value }) => html`<div${name === "Subject" && value.length > LONG_SUBJECT ? html` class="long"` : ""}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${commandLine(again)}
</section>
${knownDefectSection(knownDefects)}
<section aria-labelledby="unchecked"><h2 id="unchecked">What was not checked</h2>
<ul>${notChecked.map((line) => html`<li>${line}</li>`)}</ul>
</section>
</div>
${baselineSection(baseline && compareRuns(baseline, summary))}
<nav aria-label="Sections"><ul>
<li><a href="#findings">Findings <span class="n">${findings.length}</span></a></li>
<li><a href="#coverage">Coverage</a></li>
<li><a href="#packs">Packs</a></li>
<li><a href="#speed">${speedTitle(data)}</a></li>
</ul></nav>
</header>`;
};

const knownDefectSection = (defects: ReportData["knownDefects"]): Html | undefined =>
  defects.length === 0
    ? undefined
    : html`<section aria-labelledby="known"><h2 id="known">Known defects of Linux that it has</h2>
<ul>${defects.map(({ id, title }) => html`<li><code>${id}</code>: ${title}</li>`)}</ul>
</section>`;

/** What a reader wants to know before anything else: what failed first, and how to see it again. */
const firstFinding = (finding: FindingData | undefined): Html | undefined =>
  finding &&
  html`<section class="lead" aria-labelledby="lead"><h2 id="lead">First finding</h2>
<p><a href="#${finding.name}">${finding.title}</a></p>
${commandLine(finding.replay)}
</section>`;

const GROUPS = [...new Set(ROWS.map(({ group }) => group))];

/** The one filter of the page: by words in the names of rows and oracles, and by group. Without a script it is not shown. */
const filterBar = ({
  findings,
}: ReportData): Html => html`<form class="filter" role="search" aria-label="Filter findings and coverage">
<label for="filter-text">Row or oracle</label>
<input id="filter-text" type="search" placeholder="add32, ldx, lock …" autocomplete="off" spellcheck="false">
<label for="filter-group">Group</label>
<select id="filter-group"><option value="">all groups</option>${GROUPS.map((g) => html`<option>${g}</option>`)}</select>
<button type="reset">Clear</button>
<output for="filter-text filter-group" data-findings="${findings.length}"></output>
</form>`;

const speedTitle = ({ growth }: ReportData): string => (growth === undefined ? "Speed and sizes" : "Speed and growth");

const TOO_SHORT = html`<p class="none">The run was too short for a curve.</p>`;

function speedSection(data: ReportData): Html {
  const { pace, growth } = data;
  const speed = drawPace(pace, growth === undefined ? "program" : "case");
  return html`<section id="speed" aria-labelledby="speed-title"><h2 id="speed-title">${speedTitle(data)}</h2>
<div class="pair">
<figure>${speed === undefined ? TOO_SHORT : raw(speed)}
<figcaption>${growth === undefined ? "Programs" : "Cases of all kinds"} a second of wall-clock time; the dashed line is the mean.</figcaption></figure>
${growth === undefined ? sizesFigure(data) : growthFigure(growth)}
</div></section>`;
}

function sizesFigure({ sizes }: ReportData): Html {
  const size = drawSizes(sizes);
  return html`<figure>${size === undefined ? html`<p class="none">No programs were generated.</p>` : raw(size)}
<figcaption>Generated programs by number of BPF slots.</figcaption></figure>`;
}

function growthFigure(growth: readonly GrowthPoint[]): Html {
  const drawn = drawGrowth(growth);
  return html`<figure>${drawn === undefined ? TOO_SHORT : raw(drawn)}
<figcaption>Coverage points reached so far, of all kinds of cases. An upright line marks a new finding.</figcaption></figure>`;
}
