// A whole program into plain buffers, without an allocator: first every function by itself, then, if there are several,
// once more with direct calls between them. What `impl/pack` does with real memory, for callers that only want bytes.

import { FILL } from "../a64/word.js";
import type { JitEnv } from "./env.js";
import type { JitError } from "./error.js";
import type { JitFunction } from "./function.js";
import { emit, measure, type Sized } from "./passes.js";

export interface CompiledImage {
  /** The read-write image as the kernel would copy it: code, literal, exception table, and whatever fills the rest. */
  readonly image: Uint8Array;
  /** Low 48 bits of the address of the first word. */
  readonly roImage: number;
  readonly jitedBytes: number;
  /** Word offset of each BPF slot, and of the epilogue at the end. */
  readonly offsets: Int32Array;
  /** Byte offset of the exception table in `image`, and its number of entries. */
  readonly tableBytes: number;
  readonly entries: number;
  /** Bytes of one, where they are not those with a type. */
  readonly entryBytes?: number;
}
export type Compiled =
  | { readonly ok: true; readonly images: readonly CompiledImage[] }
  /** `index` is the position of the function in the list. */
  | { readonly ok: false; readonly index: number; readonly error: JitError };

/** Low 48 bits of the address for the image of a function: a multiple of 8. */
export type Place = (index: number, imageBytes: number) => number;

/** Compile all functions of a program; `functions[0]` is the main program. */
export function compileImages(functions: readonly JitFunction[], env: JitEnv, place: Place): Compiled {
  const rounds: { sized: Sized; image: Uint8Array; roImage: number }[] = [];
  const images: CompiledImage[] = [];
  for (const [index, fn] of functions.entries()) {
    const measured = measure(fn, env);
    if (!measured.ok) return { ok: false, index, error: measured.error };
    const { sized } = measured;
    const image = filled(sized.imageBytes);
    const roImage = place(index, sized.imageBytes);
    const emitted = emit(sized, image, roImage, undefined);
    if (!emitted.ok) return { ok: false, index, error: emitted.error };
    rounds.push({ sized, image, roImage });
    if (functions.length === 1) images.push(compiled(sized, image, roImage, emitted.jitedBytes));
  }
  if (functions.length === 1) return { ok: true, images };
  const addresses = rounds.map(({ roImage }) => roImage);
  for (const [index, { sized, image, roImage }] of rounds.entries()) {
    const emitted = emit(sized, image, roImage, addresses);
    if (!emitted.ok) return { ok: false, index, error: emitted.error };
    images.push(compiled(sized, image, roImage, emitted.jitedBytes));
  }
  return { ok: true, images };
}

const compiled = (sized: Sized, image: Uint8Array, roImage: number, jitedBytes: number): CompiledImage => ({
  image,
  roImage,
  jitedBytes,
  offsets: sized.emitter.offsets,
  tableBytes: sized.tableBytes,
  entries: sized.entries,
});

/** Memory full of the illegal instruction. */
function filled(bytes: number): Uint8Array {
  const words = new Uint32Array(bytes / 4).fill(FILL);
  return new Uint8Array(words.buffer);
}
