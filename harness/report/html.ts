// HTML out of template strings, escaped by default: only what was made here, or said to be HTML, goes in as it is.

import { visible } from "../bad-input.js";

export class Html {
  constructor(readonly text: string) {}
}

/** Text that is HTML already: a drawing, a style sheet. */
export const raw = (text: string): Html => new Html(text);

type Part = Html | string | number | undefined | readonly Part[];

/** Text in values is escaped, for elements as well as for quoted attributes; lists are joined, undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < values.length ? render(values[i]) : "")).join(""));
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']|(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, (c) => ENTITIES[c] ?? visible(c));

/** `1,234,567`. */
export const grouped = (n: number): string => Math.round(n).toLocaleString("en-US");

/** `1 program`, `2 programs`. */
export const counted = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;

/** `64 B`, `4 KiB`, `2 MiB`, with at most one decimal. */
export function byteSize(bytes: number): string {
  const [unit, name] = bytes >= 2 ** 20 ? [2 ** 20, "MiB"] : bytes >= 1024 ? [1024, "KiB"] : [1, "B"];
  return `${Math.round((10 * bytes) / unit) / 10} ${name}`;
}

/** A command to copy: lines are broken between its words. */
export const commandLine = (text: string): Html =>
  html`<div class="command"><code>${text
    .split(" ")
    .map(
      (word, i) => html`${i === 0 ? "" : " "}<span>${word}</span>`,
    )}</code><button type="button" class="copy">Copy</button></div>`;
