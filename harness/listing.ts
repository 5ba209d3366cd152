// Compiled code as data for listings: each BPF instruction with the A64 words that it became, and the parts of the image
// that belong to no instruction by name.

import type { Case } from "../properties/case.js";
import { type Loaded, refuse } from "./bad-input.js";

export interface ListedWord {
  /** Low 48 bits. */
  readonly va: number;
  readonly word: number;
  /** Disassembly, or what the data is. */
  readonly text: string;
}

export interface ListedPart {
  /** `prologue`, `epilogue`, `plt`, ..., or the slot of an instruction. */
  readonly name: string | number;
  /** BPF text for an instruction. */
  readonly bpf?: string;
  readonly words: readonly ListedWord[];
}

export interface Listing {
  readonly images: readonly {
    readonly title: string;
    readonly parts: readonly ListedPart[];
  }[];
}

export async function caseListing(c: Case): Promise<Loaded<Listing>> {
  return refuse({ subject: "listing", expected: "a JIT", came: `${c.program.code.length} programs`, next: "wait" });
}
