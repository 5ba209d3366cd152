// A kernel image that can be run: one that says what its structures look like.

import type { KernelImage } from "./image/image.js";
import type { KernelTypes } from "./image/types.js";

export interface TypedImage extends KernelImage {
  readonly types: KernelTypes;
}
