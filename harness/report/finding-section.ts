// The findings, one foldable entry each: where the witnesses part, the code of both, and how to see it again.

import { pointer } from "../../machine/address.js";
import { hexWord } from "../../spec/bits.js";
import type { ListedFunction, ListedPart } from "../listing.js";
import type { ActionData, DifferenceData, FindingData, StepData } from "./data.js";
import { commandLine, counted, grouped, type Html, html } from "./html.js";
import { sourceLink } from "./source-link.js";

export const findingsSection = (
  findings: readonly FindingData[],
  directory: string,
  overTime: Html | undefined,
): Html => html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
${overTime}
${findings.length === 0 ? html`<p class="none">None: all witnesses agreed on everything that was compared.</p>` : findings.map((finding, i) => findingEntry(finding, i, directory))}
<p class="none no-match" hidden>No finding matches the filter.</p>
</section>`;

/** The first one is open. */
const findingEntry = (finding: FindingData, index: number, directory: string): Html => {
  const {
    name,
    title,
    oracle,
    rows,
    groups,
    difference,
    listing,
    actions,
    replay,
    expected,
    got,
    file,
    forms,
    inKernel,
  } = finding;
  return html`<details class="finding" id="${name}" data-row="${[...rows, oracle].join(" | ")}" data-group="${groups.join(" ")}"${index === 0 ? html` open` : ""}>
<summary><h3>${title}</h3> <span class="tags"><code>${name}</code> <span>${oracle}</span>${shrunkTag(finding)}${timesTag(finding)}</span></summary>
<div class="body">
<dl class="answers"><div><dt>expected</dt><dd><code>${marked(expected, got)}</code></dd></div><div><dt>got</dt><dd><code>${marked(got, expected)}</code></dd></div></dl>
${inKernel === undefined ? "" : html`<p>In the kernel's own code: <code>${inKernel}</code></p>`}
${difference === undefined ? "" : differenceLine(difference)}
${listing.map((fn) => functionTable(fn, name, difference))}
${actions === undefined ? "" : actionsTable(actions, name)}
${commandLine(replay)}
${file === undefined ? "" : html`<p class="soft">Its file: <a href="${sourceLink(file, directory)}">${file}</a></p>`}
${forms === undefined ? "" : html`<p class="soft">Other cases of the same cause were shrunk to ${forms.map((form, i) => html`${i === 0 ? "" : ", "}<code>${form}</code>`)}.</p>`}
${stepsFold(finding)}
${finding.events.length === 0 ? "" : fold(`Event log, ${counted(finding.events.length, "line")}`, finding.events.join("\n"))}
${fold("The case as a file", finding.text)}
</div></details>`;
};

const shrunkTag = ({ size }: FindingData): Html | undefined =>
  size && html` <span>shrunk from ${counted(size.before, size.unit)} to ${grouped(size.after)}</span>`;

const timesTag = ({ times }: FindingData): Html | undefined =>
  times === undefined ? undefined : html` <span>seen ${times === 1 ? "once" : `${grouped(times)} times`}</span>`;

const differenceLine = ({
  part,
  bpf,
  register,
  expected,
  got,
}: DifferenceData): Html => html`<p class="first">First difference after
<code>${part}: ${bpf}</code>: register <strong class="register">${register}</strong> holds
<code>${marked(got, expected)}</code>${expected === "" ? "" : html` instead of <code>${marked(expected, got)}</code>`}.</p>`;

/** Two numbers of equal length: what differs is marked. */
function marked(text: string, other: string): Html {
  const from = [...text].findIndex((c, i) => c !== other[i]);
  if (!/^0x[0-9a-f]+$/.test(text) || text.length !== other.length || from < 0) return html`${text}`;
  let to = text.length;
  while (to > from && text[to - 1] === other[to - 1]) to--;
  return html`${text.slice(0, from)}<mark>${text.slice(from, to)}</mark>${text.slice(to)}`;
}

/** Prologue and epilogue are folded: they are long and seldom to blame. */
const functionTable = (
  { title, code, parts }: ListedFunction,
  finding: string,
  difference: DifferenceData | undefined,
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="Code of ${title}, ${finding}"><table class="code">
<caption>${title}</caption>
<thead><tr><th scope="col">BPF</th><th scope="col" class="address">address</th><th scope="col" class="word">word</th><th scope="col">A64</th></tr></thead>
${parts.filter(({ words, part }) => words.length > 0 || typeof part === "number").map((part) => partRows(part, difference?.code === code && difference.part === part.part ? difference : undefined))}
</table></div>`;

function partRows({ part, bpf, words }: ListedPart, difference: DifferenceData | undefined): Html {
  const left =
    typeof part === "number"
      ? html`<span class="slot">${part}</span><code>${bpf}</code>`
      : html`<span class="part">${part}</span>`;
  const note =
    difference === undefined ? "" : html`<span class="note">${difference.register} differs after this</span>`;
  const lines = words.length === 0 ? [undefined] : words;
  const classes = [difference === undefined ? "" : "differs", typeof part === "number" ? "" : "frame"].join(" ").trim();
  return html`<tbody class="${classes}">${lines.map(
    (word, i) =>
      html`<tr>${i === 0 ? html`<th scope="rowgroup" rowspan="${lines.length}">${left}${note}</th>` : ""}${
        word === undefined
          ? html`<td class="address"></td><td class="word"></td><td class="soft">no word</td>`
          : html`<td class="address">${pointer(word.va).toString(16)}</td><td class="word">${hexWord(word.word)}</td><td>${word.text}</td>`
      }</tr>`,
  )}</tbody>`;
}

/** A history: what was done, what became of it, and where an oracle objects. */
const actionsTable = (
  actions: readonly ActionData[],
  finding: string,
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="The history, ${finding}"><table class="steps history">
<caption>The history</caption>
<thead><tr><th scope="col">Action</th><th scope="col">What became of it</th></tr></thead>
<tbody>${actions.map(actionRow)}</tbody></table></div>`;

const actionRow = (
  { text, result, breaches }: ActionData,
  index: number,
): Html => html`<tr${breaches.length > 0 ? html` class="differs"` : ""}>
<th scope="row"><span class="slot">${index}</span><code>${text}</code></th>
<td>${result}${breaches.map((breach) => html`<span class="breach">${breach}</span>`)}</td></tr>`;

function stepsFold({ name, steps, stepsCut }: FindingData): Html {
  if (steps.length === 0) return html``;
  return html`<details class="fold"><summary>Both witnesses step by step, ${counted(steps.length, "step")}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Steps, ${name}"><table class="steps">
<thead><tr><th scope="col">BPF</th><th scope="col">interpreter</th><th scope="col">compiled code has</th><th scope="col" class="a64">A64</th></tr></thead>
<tbody>${steps.map(stepRow)}</tbody></table></div>
${stepsCut ? html`<p class="soft">The run was longer; the steps around the first difference are shown.</p>` : ""}</details>`;
}

const stepRow = ({
  part,
  bpf,
  words,
  changes,
  differences,
}: StepData): Html => html`<tr${differences.length > 0 ? html` class="differs"` : ""}>
<th scope="row">${typeof part === "number" ? html`<span class="slot">${part}</span><code>${bpf}</code>` : html`<span class="part">${part}</span>`}</th>
<td>${lines(changes)}</td><td>${lines(differences)}</td><td class="a64">${lines(words)}</td></tr>`;

const lines = (texts: readonly string[]): Html =>
  html`${texts.map((text, i) => html`${i === 0 ? "" : html`<br>`}<code>${text}</code>`)}`;

const fold = (title: string, text: string): Html =>
  html`<details class="fold"><summary>${title}</summary><pre tabindex="0">${text}</pre></details>`;
