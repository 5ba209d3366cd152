// Fill in what the display hides, from the recorded image and at the matching instruction only: addresses of maps, and
// which accesses may fault. Everything else in the image is left to be compared.

import { type CompiledImage, compileImages } from "../../impl/jit/compile.js";
import { type JitEnv, LINUX_6_12 } from "../../impl/jit/env.js";
import { describe } from "../../impl/jit/error.js";
import type { Halves, JitFunction } from "../../impl/jit/function.js";
import { slotOfWord } from "../../impl/jit/passes.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { arenaRow, probeRow, type SplitFunction, splitFunctions } from "./functions.js";
import type { RecordedFunction, Recording } from "./recording.js";
import { addsArenaBase, faultingWords, movedConstant, wordsOf } from "./words.js";

export type Resolved =
  | {
      readonly ok: true;
      readonly functions: readonly JitFunction[];
      readonly images: readonly CompiledImage[];
    }
  | { readonly ok: false; readonly message: string };

/** The kernel that was recorded, with all of its defects. */
export const environmentOf = (recording: Recording): JitEnv => ({
  ...LINUX_6_12,
  lse: recording.lse,
  callBase: recording.callBase,
  dummyTramp: recording.dummyTramp ?? LINUX_6_12.dummyTramp,
});

/** The functions of a recorded program as the JIT got them, and what ours makes of them at the recorded addresses. */
export function resolve(recording: Recording): Resolved {
  const split = splitFunctions(recording);
  if (!split.ok) return split;
  const env = environmentOf(recording);
  const compile = (functions: readonly JitFunction[]): Resolved => {
    const compiled = compileImages(functions, env, (index) => recording.functions[index]?.roImage ?? 0);
    if (compiled.ok) return { ok: true, functions, images: compiled.images };
    return { ok: false, message: `function ${compiled.index}: refused: ${describe(compiled.error)}` };
  };
  let result = compile(split.functions.map(({ fn }) => fn));
  if (result.ok && split.functions.some(({ unknowns }) => unknowns.length > 0)) {
    const { images } = result;
    result = compile(
      split.functions.map((f, i) => fill(f, images[i]?.offsets ?? new Int32Array(0), recording.functions[i])),
    );
  }
  if (result.ok && recording.functions.some(({ region }) => region !== undefined)) {
    const { functions, images } = result;
    const marked = functions.map((fn, i) => markFaulting(fn, images[i], recording.functions[i]));
    if (marked.some((fn, i) => fn !== functions[i])) result = compile(marked);
  }
  return result;
}

/** Replace the placeholders of one function. `offsets` are of the image that was made with them. */
function fill(
  { fn, unknowns }: SplitFunction,
  offsets: Int32Array,
  recorded: RecordedFunction | undefined,
): JitFunction {
  const words = wordsOf(recorded?.code ?? new Uint8Array(0));
  const insns = [...fn.insns];
  let userBase: Halves | undefined;
  // How many words later than in our image a slot begins in the recorded one.
  let shift = 0;
  for (const unknown of unknowns) {
    const { pc } = unknown;
    const at = (offsets[pc] ?? 0) + shift;
    if (unknown.kind === "arenaAccess") {
      if (!addsArenaBase(words[at + wordsBeforeArenaBase(insns[pc])] ?? 0)) continue;
      markArena(insns, pc);
      shift++;
      continue;
    }
    const moved = movedConstant(words, unknown.kind === "userBase" ? at + 1 : at);
    // Nothing there: the comparison will show what is.
    if (moved === undefined) continue;
    shift += moved.words - 1;
    if (unknown.kind === "userBase") userBase = { high: moved.value.low, low: 0 };
    else setAddress(insns, pc, moved.value);
  }
  const arena = fn.arena === undefined || userBase === undefined ? fn.arena : { ...fn.arena, userBase };
  return { ...fn, insns, ...(arena === undefined ? {} : { arena }) };
}

/** An atomic operation adds its offset first: a constant into a register and an ADD. */
const wordsBeforeArenaBase = (slot: Insn | undefined): number =>
  slot?.row.kind === "atomic" && slot.off !== 0 ? 2 : 0;

function markArena(insns: Insn[], pc: number): void {
  const slot = insns[pc];
  const row = slot === undefined ? undefined : arenaRow(slot.row.id);
  if (slot !== undefined && row !== undefined) insns[pc] = { ...slot, row };
}

function setAddress(insns: Insn[], pc: number, { high, low }: Halves): void {
  const first = insns[pc];
  const second = insns[pc + 1];
  if (first === undefined || second === undefined) return;
  insns[pc] = { ...first, imm: low | 0 };
  insns[pc + 1] = { ...second, imm: high | 0 };
}

/** Loads that the recorded exception table names, and that are no arena accesses, are marked as the verifier did. */
function markFaulting(
  fn: JitFunction,
  image: CompiledImage | undefined,
  recorded: RecordedFunction | undefined,
): JitFunction {
  if (image === undefined || recorded?.region === undefined) return fn;
  const words = wordsOf(recorded.region.bytes.subarray(recorded.region.imageOffset));
  const insns = [...fn.insns];
  let changed = false;
  for (const word of faultingWords(words, image.tableBytes / 4)) {
    const pc = slotOfWord(image.offsets, word);
    const slot = pc === undefined ? undefined : insns[pc];
    const row = slot === undefined ? undefined : probeRow(slot.row.id);
    if (pc === undefined || slot === undefined || row === undefined) continue;
    insns[pc] = { ...slot, row };
    changed = true;
  }
  return changed ? { ...fn, insns } : fn;
}
