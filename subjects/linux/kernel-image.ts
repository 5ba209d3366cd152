// A kernel image that can be run: one that says what its structures look like.

import type { KernelImage } from "./image/image.js";
import type { KernelTypes } from "./image/types.js";

export interface TypedImage extends KernelImage {
  readonly types: KernelTypes;
}

/** What a subject lacks, or does, that makes a case end without an answer. One line. */
export class NotModelled extends Error {
  override readonly name = "NotModelled";
}
