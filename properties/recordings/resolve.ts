// Fill in what the display hides, from the recorded image and at the matching instruction only: addresses of maps, and
// which accesses may fault. Everything else in the image is left to be compared.

import { type Insn, withFields } from "../../spec/bpf/insn.js";
import { scratchOf } from "../../subjects/lowering.js";
import {
  type CompiledImage,
  describe,
  type Halves,
  type JitEnv,
  type JitFunction,
  linuxEnv,
  type Subject,
  slotOfWord,
} from "../../subjects/subject.js";
import { blindAgain, readBlinding } from "./blinded.js";
import { arenaRow, probeRow, type SplitFunction, splitFunctions } from "./functions.js";
import type { RecordedFunction, Recording } from "./recording.js";
import { addsArenaBase, faultingWords, movedConstant, wordsOf } from "./words.js";

type Resolved =
  | {
      readonly ok: true;
      /** As many as were recorded, and an image of each. */
      readonly functions: readonly JitFunction[];
      readonly images: readonly CompiledImage[];
    }
  | { readonly ok: false; readonly message: string };

/** The kernel that was recorded, with all of its defects. */
export function environmentOf({ kernel, lse, callBase, dummyTramp }: Recording): JitEnv {
  const env = linuxEnv(kernel.version);
  const { arrayPtrs = env.offsets.arrayPtrs } = kernel;
  return { ...env, lse, callBase, dummyTramp: dummyTramp ?? env.dummyTramp, offsets: { ...env.offsets, arrayPtrs } };
}

/** The functions of a recorded program as the JIT got them, and what the subject makes of them at the recorded addresses. */
export function resolve(recording: Recording, subject: Subject): Resolved {
  const split = splitFunctions(recording);
  if (!split.ok) return split;
  const recorded = recording.functions;
  const env = environmentOf(recording);
  const compile = (functions: readonly JitFunction[]): Resolved => {
    const compiled = subject.compile(functions, env, (index) => recorded[index]!.roImage);
    if (compiled.ok) return { ok: true, functions, images: compiled.images };
    return { ok: false, message: `function ${compiled.index}: refused: ${describe(compiled.error)}` };
  };
  // Of several functions what is shown is not blinded, but the images are.
  if (recording.kernel.isHardened && recorded.length > 1)
    return resolveBlinded(split.functions, recorded, scratchOf(env.changes), compile);
  let result = compile(split.functions.map(({ fn }) => fn));
  if (result.ok && split.functions.some(({ unknowns }) => unknowns.length > 0)) {
    const { images } = result;
    result = compile(split.functions.map((f, i) => fill(f, images[i]!.offsets, recorded[i]!)));
  }
  if (!result.ok) return result;
  const { functions, images } = result;
  const marked = functions.map((fn, i) => markFaulting(fn, images[i]!, recorded[i]!));
  return marked.some((fn, i) => fn !== functions[i]) ? compile(marked) : result;
}

/** Blind the functions as the kernel did, with the numbers that it drew. */
function resolveBlinded(
  functions: readonly SplitFunction[],
  recorded: readonly RecordedFunction[],
  scratch: number,
  compile: (functions: readonly JitFunction[]) => Resolved,
): Resolved {
  const blind = functions.map((fn) => blindAgain(fn, scratch));
  const first = compile(blind.map((blinded, i) => (blinded.ok ? blinded.fn : functions[i]!.fn)));
  if (!first.ok) return first;
  return compile(
    functions.map((split, i) => {
      const blinded = blind[i]!;
      if (!blinded.ok) return split.fn;
      const { fn, drawn } = readBlinding(split, blinded, first.images[i]!, recorded[i]!);
      const again = blindAgain({ ...split, fn }, scratch, drawn);
      return again.ok ? again.fn : fn;
    }),
  );
}

/** Replace the placeholders of one function. `offsets` are of the image that was made with them. */
function fill({ fn, unknowns }: SplitFunction, offsets: Int32Array, { code }: RecordedFunction): JitFunction {
  const words = wordsOf(code);
  const insns = [...fn.insns];
  let userBase: Halves | undefined;
  // How many words later than in our image a slot begins in the recorded one.
  let shift = 0;
  for (const { kind, pc } of unknowns) {
    const slot = insns[pc]!;
    const at = offsets[pc]! + shift;
    if (kind === "arenaAccess") {
      if (!addsArenaBase(words[at + wordsBeforeArenaBase(slot)] ?? 0)) continue;
      insns[pc] = withFields(slot, { row: arenaRow(slot.row.id)! });
      shift++;
      continue;
    }
    const moved = movedConstant(words, kind === "userBase" ? at + 1 : at);
    // Nothing there: the comparison will show what is.
    if (moved === undefined) continue;
    shift += moved.words - 1;
    if (kind === "userBase") userBase = { high: moved.value.low, low: 0 };
    else setAddress(insns, pc, moved.value);
  }
  return { ...fn, insns, ...(fn.arena && userBase && { arena: { ...fn.arena, userBase } }) };
}

/** An atomic operation adds its offset first: a constant into a register and an ADD. */
const wordsBeforeArenaBase = ({ row, off }: Insn): number => (row.kind === "atomic" && off !== 0 ? 2 : 0);

/** Let the lddw at `pc` load that address. */
export function setAddress(insns: Insn[], pc: number, { high, low }: Halves): void {
  insns[pc] = { ...insns[pc]!, imm: low | 0 };
  insns[pc + 1] = { ...insns[pc + 1]!, imm: high | 0 };
}

/**
 * Loads that the recorded exception table names, and that are no arena accesses, are marked as the verifier did. The same
 * function if there are none.
 */
function markFaulting(
  fn: JitFunction,
  { offsets, tableBytes }: CompiledImage,
  { region }: RecordedFunction,
): JitFunction {
  if (region === undefined) return fn;
  const words = wordsOf(region.bytes.subarray(region.imageOffset));
  const slots = faultingWords(words, tableBytes / 4).flatMap((word) => slotOfWord(offsets, word) ?? []);
  const marked = new Set(slots.filter((pc) => probeRow(fn.insns[pc]!.row.id) !== undefined));
  if (marked.size === 0) return fn;
  return {
    ...fn,
    insns: fn.insns.map((slot, pc) => (marked.has(pc) ? withFields(slot, { row: probeRow(slot.row.id)! }) : slot)),
  };
}
