// What packing saves in the instruction TLB, as tables beside those of the cover letter.

import type { Lookups } from "../../machine/itlb/itlb.js";
import { grouped } from "../report/html.js";
import { change, LAYOUTS, type Layout, type LayoutLookups, LETTER_CHANGES, type TlbReport } from "../tlb/tlb.js";
import { clip, table, wrap } from "./text.js";

const NAMES = Object.keys(LAYOUTS) as Layout[];

export function formatTlb(report: TlbReport, columns: number): string[] {
  const { workload, subject, seed, model, surroundings, programs, pages, pagesBy } = report;
  const { first, second } = model;
  const base = report.byPageSize[0]!.lookups;
  const isLetters = workload === "stresser";
  const head = [
    `${workload}, ${subject}, seed ${seed}`,
    ...wrap(
      `${model.name}: first level ${first.entries} entries, ${waysOf(first)}; second level ${second.entries} entries, ${waysOf(second)} (${model.source})`.split(
        " ",
      ),
      columns,
    ),
    ...wrap(
      `${programs} hot programs on ${pages.page} pages, or packed on ${pages.pack}; between two events ${surroundings.userPages} pages of user code, each with ${surroundings.dataPerCode} of data`.split(
        " ",
      ),
      columns,
    ),
    ...(pagesBy === subject ? [] : [`  pages as ${pagesBy} gives them: the kernel has packs`]),
  ];
  const rows = [
    ["", "fetches", "misses", "change", "walks", "change"],
    ...NAMES.map((name) => [LAYOUTS[name], ...cells(base, name)]),
    ...(isLetters
      ? [["cover letter", "", "", percentOf(LETTER_CHANGES.misses), "", percentOf(LETTER_CHANGES.walks)]]
      : []),
  ];
  return [
    ...head,
    "",
    ...table(rows, [1, 2, 3, 4, 5]).map((line) => clip(line, columns)),
    "",
    ...sensitivity(
      "user pages",
      report.byUserPages.map((one) => [one.userPages, one.lookups]),
    ),
    "",
    ...sensitivity(
      "page size",
      report.byPageSize.map((one) => [`${one.pageBytes / 1024} KiB`, one.lookups]),
    ),
    "",
    ...sensitivity(
      "data pages",
      report.byData.map((one) => [one.dataPerCode, one.lookups]),
    ),
    "",
    ...explanation(base, isLetters, columns),
    "OK",
  ];
}

const waysOf = ({ entries, ways }: { readonly entries: number; readonly ways: number }): string =>
  entries === ways ? "fully associative" : `${ways}-way`;

function cells(lookups: LayoutLookups, name: Layout): string[] {
  const { fetches, misses, walks } = lookups[name];
  const numbers = [fetches, misses, walks].map(grouped);
  const against = (of: (one: Lookups) => number): string =>
    name === "page" ? "" : percentOf(change(of(lookups.page), of(lookups[name])));
  return [numbers[0]!, numbers[1]!, against((one) => one.misses), numbers[2]!, against((one) => one.walks)];
}

/** `-63.2 %`; a dash where there was nothing before. */
const percentOf = (n: number | undefined): string => (n === undefined ? "-" : `${n < 0 ? "" : "+"}${n.toFixed(1)} %`);

function sensitivity(what: string, rows: readonly (readonly [string | number, LayoutLookups])[]): string[] {
  const line = ([name, { page, pack, block }]: (typeof rows)[number]): string[] => [
    String(name),
    percentOf(change(page.misses, pack.misses)),
    percentOf(change(page.misses, block.misses)),
    percentOf(change(page.walks, pack.walks)),
    percentOf(change(page.walks, block.walks)),
  ];
  const head = [what, "misses: packs", "blocks", "walks: packs", "blocks"];
  return table([head, ...rows.map(line)], [0, 1, 2, 3, 4]);
}

function explanation({ page, pack, block }: LayoutLookups, isLetters: boolean, columns: number): string[] {
  const gain = (of: (one: Lookups) => number): [number, number] => {
    const whole = of(page) - of(block);
    const share = whole === 0 ? 0 : (100 * (of(page) - of(pack))) / whole;
    return [share, 100 - share];
  };
  const [density, blocks] = gain((one) => one.misses);
  const text = [
    `Of what blocks would save in misses, density alone gives ${density.toFixed(0)} %, and block mappings ${blocks.toFixed(0)} %. Packs on arm64 are mapped by pages, so the series gains by density.`,
    isLetters
      ? "Not explained: the letter's counters are of a whole machine, whose stresser loops while the compiler runs on other CPUs. How many pages of user code and data come between two events is a guess; the walks depend on the data more than on anything else. Both are varied above."
      : "How many pages of user code and data come between two events is a guess. Both are varied above.",
  ];
  return text.flatMap((line) => wrap(line.split(" "), columns, ""));
}
