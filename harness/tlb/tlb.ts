// What packing saves in the instruction TLB: the stresser with a page for each program, with packs mapped by pages, and with
// packs mapped by blocks of 2 MiB, at several page sizes and amounts of user code between the events.

import type { ItlbModel, Lookups } from "../../machine/itlb/itlb.js";
import { defaultSubject } from "../../subjects/index.js";
import type { ImageMemoryName, Subject } from "../../subjects/subject.js";
import { type Loaded, loaded } from "../bad-input.js";
import type { Workload } from "../cost/workload.js";
import { refuseFault } from "../cost/workload-run.js";
import {
  type CodePlace,
  hotEvents,
  type PageBytes,
  placesOf,
  runEvents,
  SURROUNDINGS,
  type Surroundings,
} from "./stresser.js";

const PAGE_SIZES = [4096, 16384, 65536] as const;

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
  /** Whose page allocator it is: a kernel with packs has none. */
  readonly pagesBy: string;
  readonly seed: number;
  /** Bytes of a page, where page sizes are not varied. */
  readonly pageBytes: PageBytes;
  readonly model: ItlbModel;
  readonly surroundings: Surroundings;
  /** Programs that run, and pages that they lie on. */
  readonly programs: number;
  readonly pages: Readonly<Record<"page" | "pack", number>>;
  /** By page size, at the surroundings' user pages. */
  readonly byPageSize: readonly { readonly pageBytes: PageBytes; readonly lookups: LayoutLookups }[];
  /** At pages of `pageBytes`. */
  readonly byUserPages: readonly { readonly userPages: number; readonly lookups: LayoutLookups }[];
  /** With less and more data beside the code. */
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

/** A workload at fault is refused. */
export function tlbOf(workload: Workload, options: TlbOptions): Loaded<TlbReport> {
  try {
    return loaded(report(workload, options));
  } catch (error) {
    return refuseFault(workload, error);
  }
}

type Hot = readonly (readonly CodePlace[])[];

function report(workload: Workload, options: TlbOptions): TlbReport {
  const { subject, model, seed, surroundings = SURROUNDINGS, progress } = options;
  // What a kernel was built with cannot be varied, and one with packs has no page allocator: ours stands for it.
  const sizes = subject.fixed === undefined ? PAGE_SIZES : [subject.fixed.pageBytes];
  const pagesBy = subject.fixed?.images === "packs" ? defaultSubject : subject;
  const [pageBytes] = sizes as [PageBytes];
  const laidOut = new Map<string, Hot>();
  const hotOf = (images: ImageMemoryName, size: PageBytes): Hot => {
    const key = `${images} ${size}`;
    const by = images === "pages" ? pagesBy : subject;
    const hot = laidOut.get(key) ?? hotEvents(placesOf(workload, { subject: by, images, pageBytes: size, seed }));
    laidOut.set(key, hot);
    return hot;
  };
  const lookups = (size: PageBytes, around: Surroundings): LayoutLookups => {
    const scenario = { model, pageBytes: size, seed };
    const [pages, packs] = [hotOf("pages", size), hotOf("packs", size)];
    return {
      page: runEvents(pages, around, { ...scenario, mappedBy: "pages" }),
      pack: runEvents(packs, around, { ...scenario, mappedBy: "pages" }),
      block: runEvents(packs, around, { ...scenario, mappedBy: "blocks" }),
    };
  };
  const byPageSize = sizes.map((size) => {
    progress?.(`pages of ${size / 1024} KiB`);
    return { pageBytes: size, lookups: lookups(size, surroundings) };
  });
  const byUserPages = USER_PAGES.map((userPages) => {
    progress?.(`${userPages} user pages between events`);
    return { userPages, lookups: lookups(pageBytes, { ...surroundings, userPages }) };
  });
  const byData = [0.5, 1.5].map((times) => {
    const dataPerCode = surroundings.dataPerCode * times;
    progress?.(`${dataPerCode} pages of data for each of code`);
    return { dataPerCode, lookups: lookups(pageBytes, { ...surroundings, dataPerCode }) };
  });
  const [pages, packs] = [hotOf("pages", pageBytes), hotOf("packs", pageBytes)];
  return {
    ...{ command: "tlb", workload: workload.name, subject: subject.name, pagesBy: pagesBy.name, seed, model },
    ...{ surroundings, pageBytes, programs: packs.flat().length },
    pages: { page: pagesOf(pages, pageBytes), pack: pagesOf(packs, pageBytes) },
    ...{ byPageSize, byUserPages, byData },
  };
}

const pagesOf = (hot: Hot, size: PageBytes): number =>
  new Set(hot.flat().flatMap(({ at, bytes }) => [Math.floor(at / size), Math.floor((at + bytes - 1) / size)])).size;

/** From the cover letter (version 6): per second, and for 1,000 instructions. */
export const LETTER_CHANGES = { misses: -63.16, walks: -42.71 };
