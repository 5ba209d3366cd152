// A command to copy.

import { type Html, html } from "./html.js";

export const commandLine = (text: string): Html =>
  html`<div class="command"><code>${text}</code><button type="button" class="copy">Copy</button></div>`;
