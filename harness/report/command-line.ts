// A command to copy.

import { type Html, html } from "./html.js";

/** Lines are broken between its words. */
export const commandLine = (text: string): Html =>
  html`<div class="command"><code>${text
    .split(" ")
    .map(
      (word, i) => html`${i === 0 ? "" : " "}<span>${word}</span>`,
    )}</code><button type="button" class="copy">Copy</button></div>`;
