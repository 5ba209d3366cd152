// What packing saves in the instruction TLB: the stresser with a page for each program, with packs mapped by pages, and with
// packs mapped by blocks of 2 MiB, at several page sizes and amounts of user code between the events.

import type { ItlbModel, Lookups } from "../../machine/itlb/itlb.js";
import type { Subject } from "../../subjects/subject.js";
import type { Workload } from "../cost/workload.js";
import { type CodePlace, hotEvents, placesOf, runEvents, SURROUNDINGS, type Surroundings } from "./stresser.js";

const PAGE_SIZES = [4096, 16384, 65536] as const;
type PageBytes = (typeof PAGE_SIZES)[number];

/** Where BPF code lies, and how it is mapped. */
export const LAYOUTS = {
  page: "a page for each program",
  pack: "packs, mapped by pages",
  block: "packs, mapped by 2 MiB blocks",
} as const;
export type Layout = keyof typeof LAYOUTS;

export type LayoutLookups = Readonly<Record<Layout, Lookups>>;

/** Pages of user code between two events that are tried. */
const USER_PAGES = [0, 5, 10, 15, 20, 30, 50, 100];

export interface TlbReport {
  readonly command: "tlb";
  readonly workload: string;
  readonly subject: string;
  readonly seed: number;
  readonly model: ItlbModel;
  readonly surroundings: Surroundings;
  /** Programs that run, and pages of 4 KiB that they lie on. */
  readonly programs: number;
  readonly pages: Readonly<Record<"page" | "pack", number>>;
  /** By page size, at the surroundings' user pages. */
  readonly byPageSize: readonly { readonly pageBytes: PageBytes; readonly lookups: LayoutLookups }[];
  /** At pages of 4 KiB. */
  readonly byUserPages: readonly { readonly userPages: number; readonly lookups: LayoutLookups }[];
  /** At pages of 4 KiB, with less and more data beside the code. */
  readonly byData: readonly { readonly dataPerCode: number; readonly lookups: LayoutLookups }[];
}

interface TlbOptions {
  readonly subject: Subject;
  readonly model: ItlbModel;
  readonly seed: number;
  readonly surroundings?: Surroundings;
  readonly progress?: (what: string) => void;
}

/** `now` against `before`, in percent; undefined if there was nothing before. */
export const change = (before: number, now: number): number | undefined =>
  before === 0 ? undefined : 100 * (now / before - 1);

export function tlbOf(workload: Workload, options: TlbOptions): TlbReport {
  const { subject, model, seed, surroundings = SURROUNDINGS, progress } = options;
  const hotOf = (images: "pages" | "packs", pageBytes: PageBytes): readonly (readonly CodePlace[])[] =>
    hotEvents(placesOf(workload, { subject, images, pageBytes, seed }));
  const lookups = (pageBytes: PageBytes, around: Surroundings): LayoutLookups => {
    const scenario = { model, pageBytes, seed };
    const [pages, packs] = [hotOf("pages", pageBytes), hotOf("packs", pageBytes)];
    return {
      page: runEvents(pages, around, { ...scenario, mappedBy: "pages" }),
      pack: runEvents(packs, around, { ...scenario, mappedBy: "pages" }),
      block: runEvents(packs, around, { ...scenario, mappedBy: "blocks" }),
    };
  };
  const byPageSize = PAGE_SIZES.map((pageBytes) => {
    progress?.(`pages of ${pageBytes / 1024} KiB`);
    return { pageBytes, lookups: lookups(pageBytes, surroundings) };
  });
  const byUserPages = USER_PAGES.map((userPages) => {
    progress?.(`${userPages} user pages between events`);
    return { userPages, lookups: lookups(4096, { ...surroundings, userPages }) };
  });
  const byData = [0.5, 1.5].map((times) => {
    const dataPerCode = surroundings.dataPerCode * times;
    progress?.(`${dataPerCode} pages of data for each of code`);
    return { dataPerCode, lookups: lookups(4096, { ...surroundings, dataPerCode }) };
  });
  const [pages, packs] = [hotOf("pages", 4096), hotOf("packs", 4096)];
  return {
    ...{ command: "tlb", workload: workload.name, subject: subject.name, seed, model, surroundings },
    programs: packs.flat().length,
    pages: { page: pagesOf(pages), pack: pagesOf(packs) },
    ...{ byPageSize, byUserPages, byData },
  };
}

const pagesOf = (hot: readonly (readonly CodePlace[])[]): number =>
  new Set(hot.flat().flatMap(({ at, bytes }) => [Math.floor(at / 4096), Math.floor((at + bytes - 1) / 4096)])).size;

/** From the cover letter (version 6): per second, and for 1,000 instructions. */
export const LETTER_CHANGES = { misses: -63.16, walks: -42.71 };
