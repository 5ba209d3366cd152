// The page's style sheet, as text. Two colour schemes from one set of names; every colour of text has a contrast of at
// least 4.5 on its ground. Marks that only colour would tell have a shape or a word as well.

const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --panel: #ffffff; --ink: #1d2227; --ink-soft: #59626b; --rule: #dcdad4; --accent: #1f6670;
  --ok: #1c6b3f; --ok-ground: #e8f3ec; --bad: #a3262a; --bad-ground: #fbeceb; --wait: #7a5200; --wait-ground: #faf1dd;
  --mark: #f6d5d1; --mark-ink: #7c1417; --code: #f3f1ec;
  --heat-0: #fbfaf8; --heat-1: #d3e8e6; --heat-2: #a3cfd0; --heat-3: #67a9ae; --heat-4: #2f7c85; --heat-5: #14505a;
  --heat-text-0: #8a4b12; --heat-text-1: #1d2227; --heat-text-2: #1d2227; --heat-text-3: #10171a; --heat-text-4: #ffffff;
  --heat-text-5: #ffffff; --heat-missed: #c98a4b;
  --plot-line: #2f7c85; --plot-area: #dcecec;
  --pack-even: #2f7c85; --pack-odd: #6aa5a9; --pack-third: #a9ccc9; --pack-slack: #d9a441; --pack-hole: #f2d3c4; --pack-rest: #efede7;
  --pack-edge: #a3262a; --pack-page: #fbfaf8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --panel: #1b1f23; --ink: #e5e7e8; --ink-soft: #a2abb3; --rule: #33393f; --accent: #7fc4cb;
    --ok: #7fd3a0; --ok-ground: #16281e; --bad: #ff9d97; --bad-ground: #331c1c; --wait: #ecc06a; --wait-ground: #2e2613;
    --mark: #5d2624; --mark-ink: #ffd9d5; --code: #22272c;
    --heat-0: #14171a; --heat-1: #1d3a3f; --heat-2: #24555c; --heat-3: #2f7c85; --heat-4: #65b3ba; --heat-5: #b5e6e8;
    --heat-text-0: #d9a066; --heat-text-1: #e5e7e8; --heat-text-2: #ffffff; --heat-text-3: #ffffff; --heat-text-4: #0b1113;
    --heat-text-5: #0b1113; --heat-missed: #8f6534;
    --plot-line: #65b3ba; --plot-area: #1d3a3f;
    --pack-even: #3f8f98; --pack-odd: #28636b; --pack-third: #7fbfc3; --pack-slack: #e0b04e; --pack-hole: #5b3328; --pack-rest: #23282d;
    --pack-edge: #ff9d97; --pack-page: #14171a;
  }
}`;

const PAGE = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
.top, main, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.25rem; }
main:focus { outline: none; }
h1, h2, h3 { line-height: 1.2; font-weight: 650; margin: 0; letter-spacing: -0.01em; }
h1 { font-size: clamp(1.6rem, 1.2rem + 1.8vw, 2.3rem); }
h2 { font-size: 1.35rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; }
section > h3 { margin: 1.8rem 0 .8rem; }
section { margin: 0 0 3rem; scroll-margin-top: 1rem; }
p { margin: 0 0 .75rem; max-width: 46rem; }
a { color: var(--accent); text-underline-offset: .15em; }
code, pre, .code, .steps { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: .5rem; top: -4rem; padding: .6rem 1rem; background: var(--panel); color: var(--accent); z-index: 2; }
.skip:focus { top: .5rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.soft, .none { color: var(--ink-soft); }
.n { color: var(--ink-soft); font-variant-numeric: tabular-nums; font-weight: 400; }
.lead { font-size: 1.03rem; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--ink-soft); font-size: .9rem; border-top: 1px solid var(--rule); }`;

const TOP = `
.brand { margin: 1.5rem 0 1rem; color: var(--ink-soft); }
.brand strong { color: var(--ink); letter-spacing: -0.01em; }
.verdict { display: flex; gap: 1.1rem; align-items: center; padding: 1.3rem 1.4rem; border-radius: 12px; margin-bottom: 2rem; }
.verdict p { margin: 0; }
.verdict .state { font-weight: 600; font-size: .95rem; }
.verdict .detail { color: var(--ink); margin-top: .2rem; }
.sign { flex: none; display: grid; place-items: center; width: 3.2rem; height: 3.2rem; border-radius: 50%; font-size: 1.6rem; font-weight: 700; border: 3px solid; }
.ok { background: var(--ok-ground); } .ok .sign, .ok .state { color: var(--ok); }
.failed { background: var(--bad-ground); } .failed .sign, .failed .state { color: var(--bad); }
.interrupted { background: var(--wait-ground); } .interrupted .sign, .interrupted .state { color: var(--wait); }
.about { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 3rem; }
.about section { margin-bottom: 1.5rem; }
.about h2 { font-size: 1.05rem; }
.about ul { margin: 0; padding-left: 1.1rem; color: var(--ink-soft); }
.about li { margin-bottom: .3rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: .8rem 1.5rem; margin: 0 0 1.2rem; }
.facts dt { color: var(--ink-soft); font-size: .85rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: 0 0 2rem; padding: .75rem 0; border-block: 1px solid var(--rule); }
nav a { display: inline-block; padding: .25rem 0; }
.command { display: flex; align-items: stretch; max-width: 46rem; background: var(--code); border-radius: 8px; margin: 0 0 1rem; }
.command code { flex: 1; padding: .6rem .9rem; min-width: 0; }
.command code span { display: inline-block; max-width: 100%; }
button, input, select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--ink-soft); border-radius: 7px; padding: .4rem .75rem; min-height: 2.5rem; }
::placeholder { color: var(--ink-soft); opacity: 1; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
.copy { display: none; flex: none; width: 6rem; background: none; border: 0; border-left: 2px solid var(--ground); border-radius: 0 8px 8px 0; color: var(--accent); }
.js .copy { display: block; }
.filter { display: none; flex-wrap: wrap; align-items: center; gap: .5rem .75rem; margin: 0 0 2.5rem; }
.js .filter { display: flex; }
.filter label { color: var(--ink-soft); font-size: .9rem; }
.filter input { width: 15rem; max-width: 100%; }
.filter output { min-width: 14rem; min-height: 1.6em; color: var(--ink-soft); font-variant-numeric: tabular-nums; }`;

const FINDINGS = `
details > summary { cursor: pointer; }
.finding { background: var(--panel); border: 1px solid var(--rule); border-left: 4px solid var(--bad); border-radius: 8px; margin-bottom: 1rem; }
.finding > summary { padding: .9rem 1.1rem; }
.finding > summary h3 { display: inline; font-size: 1.08rem; }
.tags { display: inline-flex; flex-wrap: wrap; gap: .2rem .9rem; margin-left: .6rem; color: var(--ink-soft); font-size: .9rem; vertical-align: baseline; }
.finding .body { padding: 0 1.1rem 1.1rem; }
.answers { margin: 0 0 1rem; }
.answers div { display: flex; gap: 1rem; }
.answers dt { flex: none; width: 5rem; color: var(--ink-soft); }
.answers dd { margin: 0; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 2px; padding: 0 1px; }
.first { max-width: none; }
.register { color: var(--bad); font-family: ui-monospace, monospace; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; }
th { font-weight: inherit; text-align: left; }
td, th { padding: .12rem .9rem .12rem 0; vertical-align: top; }
caption { text-align: left; color: var(--ink-soft); padding-bottom: .4rem; font-family: system-ui, sans-serif; }
thead th { color: var(--ink-soft); font-family: system-ui, sans-serif; border-bottom: 1px solid var(--rule); }
.code, .steps { margin: 0 0 1.2rem; min-width: min(100%, 40rem); overflow-wrap: normal; }
.code td, .code th, .steps td, .steps th { padding-left: .6rem; padding-right: .6rem; }
.code code, .steps code { font-size: 1em; }
.code tbody + tbody tr:first-child > * { border-top: 1px solid var(--rule); }
.code td, .code .slot { white-space: nowrap; }
.code tbody th { min-width: 9rem; max-width: 22rem; }
.slot { display: inline-block; min-width: 2.2em; padding-right: .7em; text-align: right; color: var(--ink-soft); }
.part { color: var(--ink-soft); font-family: system-ui, sans-serif; }
.frame td, .address, .word { color: var(--ink-soft); }
.differs > tr > *, tr.differs > * { background: var(--bad-ground); }
.differs > tr > th, tr.differs > th { box-shadow: inset 4px 0 var(--bad); }
.note { display: block; color: var(--bad); font-family: system-ui, sans-serif; font-weight: 600; padding-left: 2.9em; }
.history code { white-space: pre-wrap; }
.breach { display: block; color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
.fold { margin-bottom: .5rem; }
.fold > summary { padding: .35rem 0; color: var(--accent); }
pre { margin: .3rem 0 1rem; padding: .8rem 1rem; background: var(--code); border-radius: 8px; overflow: auto; max-height: 26rem; line-height: 1.45; }`;

const DRAWINGS = `
figure { margin: 0; }
figcaption { color: var(--ink-soft); font-size: .9rem; margin-top: .4rem; max-width: 46rem; }
.plot { display: block; max-width: 100%; height: auto; overflow: visible; color: var(--ink); font-family: system-ui, sans-serif; }
.plot text { white-space: pre; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem 3rem; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; margin: 0 0 1.2rem; padding: 0; color: var(--ink-soft); font-size: .9rem; }
.legend i { display: inline-block; width: 1rem; height: 1rem; border-radius: 3px; margin-right: .45rem; vertical-align: -2px; border: 1.5px solid transparent; }
.legend i + i { margin-left: -.35rem; }
.legend .missed { border: 1.5px dashed var(--heat-missed); }
.legend .unexpected { border: 2px solid var(--bad); }
.legend .framed { border-color: var(--rule); }
.legend .dash { height: 0; border: 0; border-top: 2px dashed var(--pack-edge); border-radius: 0; vertical-align: 4px; }
.families { columns: 23rem; column-gap: 2.5rem; }
.family { break-inside: avoid; padding-bottom: 1.5rem; }
.family figcaption { margin: 0; color: var(--ink); }
.family h3 { display: inline; margin-right: .3rem; }
.family summary { color: var(--accent); font-size: .9rem; padding: .35rem 0; }
.family table { font-size: .9rem; }
.heat .missed { stroke: var(--heat-missed); stroke-width: 1; stroke-dasharray: 2.5 2; }
.heat .unexpected { stroke: var(--bad); stroke-width: 2; }
.faded { opacity: .13; }
@media (max-width: 52rem) {
  .about { grid-template-columns: minmax(0, 1fr); }
  .address { display: none; }
}
@media (max-width: 34rem) {
  .top, main, footer { padding: 0 1rem; }
  .verdict { padding: 1rem; gap: .9rem; }
  .sign { width: 2.6rem; height: 2.6rem; font-size: 1.3rem; }
  .tags { display: flex; margin: .2rem 0 0 1rem; }
  .js .filter { display: grid; grid-template-columns: auto minmax(0, 1fr); }
  .filter input { width: 100%; }
  .filter output { min-width: 0; }
  .facts { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
  .word, .steps .a64 { display: none; }
  .code, .steps { min-width: 0; }
  .code thead { display: none; }
  .code, .code caption, .code tbody, .code tr, .code th { display: block; }
  .code td { display: block; padding-left: 3.4em; }
  .code td.address, .code td.word { display: none; }
  .code tbody th { max-width: none; padding-top: .3rem; }
  .code tbody + tbody tr:first-child > td { border: 0; }
  .code tbody { padding-bottom: .3rem; }
  .slot { min-width: 1.6em; }
  .wide .plot { min-width: 44rem; }
  .note { padding-left: 2.3em; }
  .finding > summary, .finding .body { padding-left: .8rem; padding-right: .8rem; }
}
@media print { .filter, .copy, nav, .skip { display: none !important; } }`;

export const STYLE = [COLOURS, PAGE, TOP, FINDINGS, DRAWINGS].join("\n");
