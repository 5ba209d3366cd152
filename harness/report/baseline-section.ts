// What is different from the run before: findings that are new or gone, coverage gained and lost, speed.

import { visible } from "../bad-input.js";
import type { Comparison } from "./baseline.js";
import { counted, grouped, type Html, html } from "./html.js";

export const baselineSection = (comparison: Comparison | undefined): Html =>
  html`<section class="baseline" aria-labelledby="baseline"><h2 id="baseline">Against the run before</h2>
${comparison === undefined ? NOTHING : compared(comparison)}
</section>`;

const NOTHING = html`<p class="none">Not compared: <code>--baseline DIR</code> names an earlier report or campaign.</p>`;

function compared({ before, appeared, vanished, points, speed, unlike }: Comparison): Html {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["New findings", grouped(appeared.length)],
    ["Not found this time", grouped(vanished.length)],
    ["Coverage gained", points === undefined ? "not comparable" : counted(points.gained.length, "point")],
    ["Coverage lost", points === undefined ? "not comparable" : counted(points.lost.length, "point")],
    ["Speed", speed === undefined ? "not comparable" : `${speed.toFixed(2)} times, ${before.speed.unit}`],
  ];
  return html`<p>The run of ${before.date}${unlike.length === 0 ? "" : html`, which had ${visible(unlike.join(", "))}`}.</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${names(
  "New",
  appeared.map(({ title }) => title),
)}
${names(
  "Not found this time",
  vanished.map(({ title }) => title),
)}
${folded("Coverage gained", points?.gained ?? [])}
${folded("Coverage lost", points?.lost ?? [])}`;
}

const MOST_NAMES = 200;

const names = (title: string, of: readonly string[]): Html | undefined =>
  of.length === 0
    ? undefined
    : html`<h3>${title}</h3><ul>${of.slice(0, MOST_NAMES).map((name) => html`<li>${name}</li>`)}${rest(of)}</ul>`;

const folded = (title: string, of: readonly string[]): Html | undefined =>
  of.length === 0
    ? undefined
    : html`<details class="fold"><summary>${title}: ${counted(of.length, "point")}</summary>
<ul>${of.slice(0, MOST_NAMES).map((name) => html`<li><code>${name}</code></li>`)}${rest(of)}</ul></details>`;

const rest = (of: readonly string[]): Html | undefined =>
  of.length > MOST_NAMES ? html`<li>and ${grouped(of.length - MOST_NAMES)} more</li>` : undefined;
