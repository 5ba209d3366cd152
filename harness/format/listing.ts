// A listing as text: BPF on the left, A64 on the right, one line a word.

import { pointer } from "../../machine/address.js";
import { hexWord } from "../../spec/bits.js";
import type { ListedPart, ListedWord, Listing } from "../listing.js";
import { type SideBySide, sideBySide } from "./text.js";

export const formatListing = (listing: Listing, columns: number): string[] =>
  listing.flatMap(({ title, parts }) => [title, ...sideBySide(parts.map(row), columns)]);

const row = ({ part, bpf, words }: ListedPart): SideBySide => ({
  left: [partName(part, bpf)],
  right: words.map(wordLine),
});

export const partName = (part: number | string, bpf: string): string =>
  typeof part === "number" ? `${String(part).padStart(4)}: ${bpf}` : `<${part}>`;

export const wordLine = ({ va, word, text }: ListedWord): string =>
  `${pointer(va).toString(16)}  ${hexWord(word)}  ${text}`;
