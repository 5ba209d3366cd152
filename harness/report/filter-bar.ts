// The one filter of the page: by words in the names of rows and oracles, and by conformance group. Without a script it is not shown.

import { ROWS } from "../../spec/bpf/isa.js";
import type { ReportData } from "./data.js";
import { type Html, html } from "./html.js";

const GROUPS = [...new Set(ROWS.map(({ group }) => group))];

export const filterBar = ({
  findings,
}: ReportData): Html => html`<form class="filter" role="search" aria-label="Filter findings and coverage">
<label for="filter-text">Row or oracle</label>
<input id="filter-text" type="search" placeholder="add32, ldx, lock …" autocomplete="off" spellcheck="false">
<label for="filter-group">Group</label>
<select id="filter-group"><option value="">all groups</option>${GROUPS.map((g) => html`<option>${g}</option>`)}</select>
<button type="reset">Clear</button>
<output for="filter-text filter-group" data-findings="${findings.length}"></output>
</form>`;
