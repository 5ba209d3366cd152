// A history as a table: what was done, what became of it, and where an oracle objects.

import type { ActionData } from "./data.js";
import { type Html, html } from "./html.js";

export const actionsTable = (
  actions: readonly ActionData[],
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="The history"><table class="steps history">
<caption>The history</caption>
<thead><tr><th scope="col">Action</th><th scope="col">What became of it</th></tr></thead>
<tbody>${actions.map(actionRow)}</tbody></table></div>`;

const actionRow = (
  { text, result, breaches }: ActionData,
  index: number,
): Html => html`<tr${breaches.length > 0 ? html` class="differs"` : ""}>
<th scope="row"><span class="slot">${index}</span><code>${text}</code></th>
<td>${result}${breaches.map((breach) => html`<span class="breach">${breach}</span>`)}</td></tr>`;
