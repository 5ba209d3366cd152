import { expect, test } from "vitest";
import { asksWhoLoads, hasNodes, protectionOf } from "./features.js";

const NOP = 0xd503_201f;
const BTI_C = 0xd503_245f;
const PACIASP = 0xd503_233f;
const FRAME = 0xa9bf_7bfd;
const BASE = 0x8000_8000_0000;
/** Words of a function that begins with these. */
const WORDS = 8;

/** Functions that begin so, each as often as it says. */
function imageOf(starts: readonly (readonly [times: number, ...words: readonly number[]])[]) {
  const all = starts.flatMap(([times, ...words]) => Array.from({ length: times }, () => words));
  const bytes = new Uint8Array(4 * WORDS * all.length);
  const view = new DataView(bytes.buffer);
  for (const [at, words] of all.entries()) {
    for (const [i, word] of words.entries()) view.setUint32(4 * (WORDS * at + i), word, true);
  }
  return { functions: Float64Array.from(all, (_, at) => BASE + 4 * WORDS * at), base: BASE, bytes };
}

test.each([
  { starts: [[100, FRAME] as const], bti: false, pac: false },
  { starts: [[100, PACIASP, FRAME] as const], bti: false, pac: true },
  // A leaf signs nothing.
  { starts: [[60, PACIASP, FRAME] as const, [40, BTI_C, NOP] as const], bti: true, pac: true },
  // Room for tracing lies in between.
  { starts: [[100, BTI_C, NOP, NOP, PACIASP, FRAME] as const], bti: true, pac: true },
  { starts: [[100, BTI_C, NOP, NOP, FRAME] as const], bti: true, pac: false },
  // What a few do that are written in assembly says nothing.
  { starts: [[98, FRAME] as const, [1, BTI_C] as const, [1, PACIASP] as const], bti: false, pac: false },
])("landing pads $bti and signed return addresses $pac are seen in how functions begin", ({ starts, bti, pac }) => {
  expect(protectionOf(imageOf(starts))).toEqual({ bti, pac });
});

test("what was built for a single user and for one memory node is told by what it lacks", () => {
  const having = (...names: readonly string[]) => ({
    address: (name: string) => (names.includes(name) ? BASE : undefined),
  });
  expect([having(), having("capable"), having("ns_capable")].map(asksWhoLoads)).toEqual([false, true, true]);
  expect([having(), having("nr_node_ids")].map(hasNodes)).toEqual([false, true]);
});
