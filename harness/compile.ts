// A case compiled for showing: the listing of all of its images, and their bytes.

import type { Case } from "../properties/case.js";
import { type Loaded, refuse } from "./bad-input.js";
import type { Listing } from "./listing.js";

export interface CompiledCase {
  readonly listing: Listing;
  /** All images, one after the other. */
  readonly image: Uint8Array;
}

/** @param base low 48 bits of the address of the first image's first word. */
export async function compileCase(c: Case, base?: number): Promise<Loaded<CompiledCase>> {
  return refuse({ subject: `${base}`, expected: "a JIT", came: `${c.program.code.length} programs`, next: "wait" });
}
