import { expect, test } from "vitest";
import { Itlb } from "../../machine/itlb/itlb.js";
import { ITLB_MODELS } from "../../machine/itlb/models.js";
import { defaultSubject } from "../../subjects/index.js";
import { loadWorkload } from "../cost/cost.js";
import { parseWorkload } from "../cost/workload-text.js";
import { formatTlb } from "../format/tlb.js";
import { renderTlbPage } from "../report/tlb-page.js";
import { hotEvents, placesOf, SURROUNDINGS } from "./stresser.js";
import { change, tlbOf } from "./tlb.js";

const SMALL = { first: { entries: 2, ways: 2 }, second: { entries: 4, ways: 2 } };

test("the page that was used longest ago goes first", () => {
  const tlb = new Itlb(SMALL);
  for (const page of [1, 2, 1, 3, 1, 2]) tlb.fetch(page);
  // 2 was thrown out of the first level by 3, and found in the second.
  expect(tlb.lookups).toEqual({ fetches: 6, misses: 4, walks: 3 });
});

test("pages of one set of the second level throw each other out, others do not", () => {
  const walks = (pages: readonly number[]): number => {
    const tlb = new Itlb({ ...SMALL, first: { entries: 1, ways: 1 } });
    for (const page of [...pages, ...pages]) tlb.fetch(page);
    return tlb.lookups.walks;
  };
  expect([walks([0, 2, 4]), walks([0, 1, 2])]).toEqual([6, 3]);
});

test("data takes room in the second level only", () => {
  const tlb = new Itlb(SMALL);
  tlb.fetch(0);
  for (const page of [2, 4, 6]) tlb.data(page);
  tlb.fetch(0);
  expect(tlb.lookups).toEqual({ fetches: 2, misses: 1, walks: 1 });
});

test("every model has whole sets, and a source", () => {
  for (const { name, first, second, source } of ITLB_MODELS) {
    expect([first.entries % first.ways, second.entries % second.ways, source.length > 20], name).toEqual([0, 0, true]);
  }
});

test("the stresser's hot programs are 100, on a page each or on a tenth of that", () => {
  const workload = loadWorkload("stresser");
  if (!workload.ok) throw new Error(workload.error.got);
  const pages = (images: "pages" | "packs"): number => {
    const hot = hotEvents(placesOf(workload.value, { subject: defaultSubject, images, pageBytes: 4096, seed: 1 }));
    expect(hot.flat().length).toBe(100);
    return new Set(hot.flat().map(({ at }) => Math.floor(at / 4096))).size;
  };
  expect([pages("pages"), pages("packs") <= 10]).toEqual([100, true]);
});

test("packing saves misses, less the more user code there is; the report shows it as text and as a page", () => {
  const workload = loadWorkload("stresser");
  if (!workload.ok) throw new Error(workload.error.got);
  const surroundings = { ...SURROUNDINGS, events: 100 };
  const result = tlbOf(workload.value, { subject: defaultSubject, model: ITLB_MODELS[0]!, seed: 1, surroundings });
  if (!result.ok) throw new Error(result.error.got);
  const report = result.value;
  const saved = report.byUserPages.map(({ lookups }) => change(lookups.page.misses, lookups.pack.misses)!);
  for (const [i, n] of saved.entries()) if (i > 0) expect(n).toBeGreaterThan(saved[i - 1]!);
  expect(saved.every((n) => n < -10)).toBe(true);
  const text = formatTlb(report, 80);
  expect(text.find((line) => line.startsWith("cover letter"))).toMatch(/-63.2 %.*-42.7 %/);
  expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(renderTlbPage(report)).toContain("packs, mapped by pages");
});

test("programs that come and go are looked at where most of them live; a workload that does not fit is refused", () => {
  const host = loadWorkload("container_host");
  if (!host.ok) throw new Error(host.error.got);
  const places = placesOf(host.value, { subject: defaultSubject, images: "packs", pageBytes: 4096, seed: 1 });
  expect(places.length).toBe(500);
  // After all that have come and gone, and not before.
  expect(places.some(({ name }) => name === "late.4000")).toBe(true);
  const wrong = parseWorkload(
    "mine.workload",
    "mine",
    "load a 4 moves\nload b 4 moves\nfree a\nfree a\nload c 4 moves\nload d 4 moves",
  );
  if (!wrong.ok) throw new Error(wrong.error.got);
  const options = { subject: defaultSubject, model: ITLB_MODELS[0]!, seed: 1 };
  expect(tlbOf(wrong.value, options)).toMatchObject({ ok: false, error: { got: "a is used, but it is not there" } });
});
