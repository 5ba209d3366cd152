// The findings of a campaign over its time, a line each: when it was seen first and last.

import { clock } from "../format/fuzz.js";
import type { FindingData } from "./data.js";
import { grouped, type Html, html, raw } from "./html.js";

const WIDTH = 240;
const HEIGHT = 12;

/** @param endMs of the campaign. Nothing where no finding has a time */
export function timeline(findings: readonly FindingData[], endMs: number): Html | undefined {
  const timed = findings.flatMap(({ seen, ...finding }) => (seen === undefined ? [] : [{ ...finding, seen }]));
  if (timed.length === 0) return undefined;
  const inOrder = timed.toSorted((a, b) => a.seen.firstMs - b.seen.firstMs);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Findings over time"><table class="timeline">
<caption>Findings over time, ${clock(endMs)} in all</caption>
<thead><tr><th scope="col">Finding</th><th scope="col" class="right">Cases</th><th scope="col" class="right">First seen</th><th scope="col" class="right">Last seen</th><th scope="col" class="when"><span class="hidden">As a line</span></th></tr></thead>
<tbody>${inOrder.map(
    ({ name, title, times, seen }) => html`<tr><th scope="row"><a href="#${name}">${title}</a></th>
<td class="right">${grouped(times ?? 1)}</td><td class="right">${clock(seen.firstMs)}</td><td class="right">${clock(seen.lastMs)}</td>
<td class="when">${line(seen.firstMs / endMs, seen.lastMs / endMs)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** @param first,last shares of the whole */
function line(first: number, last: number): Html {
  const at = (share: number): number => Math.round(4 + (WIDTH - 8) * Math.min(1, Math.max(0, share)));
  const middle = HEIGHT / 2;
  return raw(
    `<svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">` +
      `<line x1="0" x2="${WIDTH}" y1="${middle}" y2="${middle}" stroke="var(--rule)"/>` +
      `<line x1="${at(first)}" x2="${at(last)}" y1="${middle}" y2="${middle}" stroke="var(--bad)" stroke-width="3"/>` +
      `<circle cx="${at(first)}" cy="${middle}" r="4" fill="var(--bad)"/>` +
      `<circle cx="${at(last)}" cy="${middle}" r="3" fill="var(--panel)" stroke="var(--bad)" stroke-width="2"/></svg>`,
  );
}
