// The functions of a kernel that this subject is there to test. They are never trapped, and how much of them has run is told
// word by word.

import type { EngineCpu } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { ExecutedCode } from "../subject.js";
import { functionsOf } from "./image/functions.js";
import type { TypedImage } from "./kernel-image.js";

/** By what the summary calls it: the functions that it consists of, those that a compiler leaves of it, over versions. */
export const NEVER_TRAPPED: Readonly<Record<string, readonly string[]>> = {
  bpf_int_jit_compile: ["bpf_int_jit_compile"],
  "pack allocator": [
    ...["bpf_prog_pack_alloc", "bpf_prog_pack_free", "alloc_new_pack"],
    ...["bpf_jit_binary_pack_alloc", "bpf_jit_binary_pack_finalize", "bpf_jit_binary_pack_free"],
  ],
  __text_poke: ["__text_poke"],
  bpf_arch_text_poke: ["bpf_arch_text_poke"],
  arch_prepare_bpf_trampoline: ["arch_prepare_bpf_trampoline", "prepare_trampoline"],
  jit_subprogs: ["jit_subprogs", "bpf_jit_subprogs"],
  fixup_exception: ["fixup_exception", "search_exception_tables", "search_bpf_extables", "ex_handler_bpf"],
};

interface Piece {
  readonly from: Va;
  readonly words: number;
}

function piecesOf(image: TypedImage, names: readonly string[]): readonly Piece[] {
  const ranges = names.flatMap((name) => functionsOf(image, name));
  return ranges.map(({ start, end }) => ({ from: start, words: (end - start) / 4 }));
}

const known = new WeakMap<TypedImage, readonly { readonly name: string; readonly pieces: readonly Piece[] }[]>();

/** @param cpus of every machine that the image is on */
export function executedCode(image: TypedImage, cpus: readonly EngineCpu[]): readonly ExecutedCode[] {
  const all =
    known.get(image) ??
    Object.entries(NEVER_TRAPPED).map(([name, names]) => ({ name, pieces: piecesOf(image, names) }));
  known.set(image, all);
  return all.map(({ name, pieces }) => {
    const words = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.words, 0));
    let start = 0;
    for (const piece of pieces) {
      for (const cpu of cpus) {
        cpu.executedWords(piece.from, piece.words).forEach((is, i) => {
          words[start + i]! |= is;
        });
      }
      start += piece.words;
    }
    return { name, words };
  });
}
