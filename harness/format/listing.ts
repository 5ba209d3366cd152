// Listings and traces as text: BPF on the left, and in a trace what it changed; A64 on the right, one line a word.

import { pointer } from "../../machine/address.js";
import type { Trace } from "../../properties/cases/program/trace-run.js";
import { hexWord } from "../../spec/bits.js";
import type { ListedPart, ListedWord, Listing } from "../listing.js";
import { type SideBySide, sideBySide } from "./text.js";

export const formatListing = (listing: Listing, columns: number): string[] =>
  listing.flatMap(({ title, parts }) => [title, ...sideBySide(parts.map(row), columns)]);

const row = ({ part, bpf, words }: ListedPart): SideBySide => ({
  left: [partName(part, bpf)],
  right: words.map(wordLine),
});

const partName = (part: number | string, bpf: string): string =>
  typeof part === "number" ? `${String(part).padStart(4)}: ${bpf}` : `<${part}>`;

const wordLine = ({ va, word, text }: ListedWord): string => `${pointer(va).toString(16)}  ${hexWord(word)}  ${text}`;

export function formatTrace({ rows, cut }: Trace, columns: number): string[] {
  const lines = sideBySide(
    rows.map(({ part, bpf, words, changes, differences }) => ({
      left: [
        partName(part, bpf),
        ...changes.map((change) => `        ${change}`),
        ...differences.map((difference) => `     !! ${difference} in the JIT`),
      ],
      right: words.map(wordLine),
    })),
    columns,
  );
  return cut ? [...lines, "the trace is cut here: the run is longer"] : lines;
}
