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

interface Kept extends ExecutedCode {
  readonly pieces: readonly Piece[];
}
/** What machines that are forgotten have executed. */
const kept = new WeakMap<TypedImage, readonly Kept[]>();

function keptOf(image: TypedImage): readonly Kept[] {
  const known = kept.get(image);
  if (known !== undefined) return known;
  const all = Object.entries(NEVER_TRAPPED).map(([name, names]): Kept => {
    const pieces = piecesOf(image, names);
    return { name, pieces, words: new Uint8Array(pieces.reduce((sum, piece) => sum + piece.words, 0)) };
  });
  kept.set(image, all);
  return all;
}

/** Remember what a machine has executed, by one of its CPUs, beyond its life. */
export function keepExecuted(image: TypedImage, cpu: EngineCpu): void {
  for (const { pieces, words } of keptOf(image)) addExecuted(words, pieces, cpu);
}

/** @param cpus of the machines that are not forgotten */
export function executedCode(image: TypedImage, cpus: readonly EngineCpu[]): readonly ExecutedCode[] {
  return keptOf(image).map(({ name, pieces, words: before }) => {
    const words = before.slice();
    for (const cpu of cpus) addExecuted(words, pieces, cpu);
    return { name, words };
  });
}

function addExecuted(words: Uint8Array, pieces: readonly Piece[], cpu: EngineCpu): void {
  let start = 0;
  for (const piece of pieces) {
    cpu.executedWords(piece.from, piece.words).forEach((is, i) => {
      words[start + i]! |= is;
    });
    start += piece.words;
  }
}
