// What a history of loads and frees did to the packs.

import type { PackHistory } from "./data.js";
import { byteSize, counted, type Html, html, raw } from "./html.js";
import { drawCloseUp, drawLives, drawMap, rowBytesOf } from "./pack-drawing.js";
import { aliveAt, busiest, livesOf, occupancy } from "./pack-history.js";

/** Pages of the close-up. */
const CLOSE_PAGES = 16;

export function packsSection(history: PackHistory): Html {
  const lives = livesOf(history);
  const alive = aliveAt(lives.programs, lives.steps - 1);
  const { programs, used, slack, holes, largestHole, rest } = occupancy(lives.bands, alive);
  const near = busiest(lives.bands, alive, CLOSE_PAGES * history.pageBytes, history.pageBytes);
  const facts = [
    ["Programs", String(programs)],
    ["Headers and images", byteSize(used)],
    ["Slack", byteSize(slack)],
    ["Holes", `${byteSize(holes)}, the largest ${byteSize(largestHole)}`],
    ["Free to the end", byteSize(rest)],
  ];
  return html`<section id="packs" aria-labelledby="packs-title"><h2 id="packs-title">Packs</h2>
<p class="lead">${history.about}</p>
<ul class="legend" aria-label="Colours">
<li><i style="background:var(--pack-even)"></i><i style="background:var(--pack-odd)"></i><i style="background:var(--pack-third)"></i>programs</li>
<li><i style="background:var(--pack-slack)"></i>slack of the last chunk</li>
<li><i style="background:var(--pack-hole)"></i>hole</li>
<li><i style="background:var(--pack-rest)" class="framed"></i>free</li>
<li><i class="dash"></i>2 MiB boundary</li></ul>
<figure class="wide"><div class="scroll" tabindex="0" role="region" aria-label="Memory over time, scrolls sideways">${raw(drawLives(lives, history))}</div>
<figcaption>Memory over time: each program is a bar from its load to its free. One block a region, addresses growing downwards.</figcaption></figure>
<h3>In the end</h3>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<div class="pair">${lives.bands.map(
    (band, i) => html`<figure>${raw(drawMap(band, alive, history))}
<figcaption>Region ${i + 1}, ${byteSize(band.bytes)}: ${counted(band.bytes / history.chunkBytes, "chunk")} of ${history.chunkBytes} bytes. A row is ${byteSize(rowBytesOf(band, history))}; upright lines are page boundaries.</figcaption></figure>`,
  )}
${
  near === undefined
    ? ""
    : html`<figure>${raw(drawCloseUp(near, alive, history))}
<figcaption>The ${counted(near.bytes / history.pageBytes, "page")} where most programs begin, one a row; thin lines are chunk boundaries, strong bars headers.</figcaption></figure>`
}</div>
</section>`;
}
