// Our bytes against the recorded ones: the code of every function, and where the recording has it the whole memory of
// the image, from the header to the end of the slack.

import { FILL } from "../../impl/a64/word.js";
import type { CompiledImage } from "../../impl/jit/compile.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { slotOfWord } from "../../impl/jit/passes.js";
import { hexWord } from "../../spec/bits.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import type { RecordedFunction, Recording } from "./recording.js";
import { resolve } from "./resolve.js";
import { wordsOf } from "./words.js";

export type GoldenVerdict =
  /** `words` of code were compared. */
  | { readonly kind: "equal"; readonly words: number }
  | {
      readonly kind: "different";
      readonly function: number;
      readonly where: "code" | "region";
      /** Index from the image's first word; negative in the header and the hole. */
      readonly word: number;
      /** The BPF slot that the word belongs to in our image; undefined outside the body. */
      readonly pc: number | undefined;
      /** Its text. */
      readonly slot: string | undefined;
      /** Undefined past the end. */
      readonly expected: number | undefined;
      readonly emitted: number | undefined;
    }
  /** Our JIT refused what the kernel's took, or the recording makes no sense. */
  | { readonly kind: "refused"; readonly message: string };

const HEADER_BYTES = 8;
const CHUNK_BYTES = 64;
const SLACK_BYTES = 16;

/** Compile a recorded program at its recorded addresses and compare; the first difference in function order is told. */
export function compareBytes(recording: Recording): GoldenVerdict {
  const resolved = resolve(recording);
  if (!resolved.ok) return { kind: "refused", message: resolved.message };
  let words = 0;
  for (const [index, recorded] of recording.functions.entries()) {
    const fn = resolved.functions[index];
    const image = resolved.images[index];
    if (fn === undefined || image === undefined) return { kind: "refused", message: `function ${index} is missing` };
    const difference = compareCode(recorded, image) ?? compareRegion(recorded, image);
    if (difference !== undefined)
      return { ...difference, kind: "different", function: index, ...slotAt(fn, image, difference.word) };
    words += image.jitedBytes / 4;
  }
  return { kind: "equal", words };
}

interface Difference {
  readonly where: "code" | "region";
  readonly word: number;
  readonly expected: number | undefined;
  readonly emitted: number | undefined;
}

const compareCode = ({ code }: RecordedFunction, image: CompiledImage): Difference | undefined =>
  firstDifference("code", wordsOf(code), wordsOf(image.image.subarray(0, image.jitedBytes)), 0);

/** The memory that holds the image: header with its size, hole, image, slack. */
function compareRegion({ region }: RecordedFunction, { image }: CompiledImage): Difference | undefined {
  if (region === undefined) return undefined;
  const bytes = Math.ceil((image.length + HEADER_BYTES + SLACK_BYTES) / CHUNK_BYTES) * CHUNK_BYTES;
  const words = new Uint32Array(bytes / 4).fill(FILL);
  words[0] = bytes;
  words.set(wordsOf(image), region.imageOffset / 4);
  return firstDifference("region", wordsOf(region.bytes), words, -region.imageOffset / 4);
}

function firstDifference(
  where: "code" | "region",
  expected: Uint32Array,
  emitted: Uint32Array,
  first: number,
): Difference | undefined {
  const length = Math.max(expected.length, emitted.length);
  for (let i = 0; i < length; i++) {
    if (expected[i] !== emitted[i]) return { where, word: first + i, expected: expected[i], emitted: emitted[i] };
  }
  return undefined;
}

function slotAt(
  fn: JitFunction,
  image: CompiledImage,
  word: number,
): { pc: number | undefined; slot: string | undefined } {
  const pc = slotOfWord(image.offsets, word);
  return { pc, slot: pc === undefined ? undefined : printInsn(fn.insns, pc) };
}

/** One line for people. */
export function describeVerdict(verdict: GoldenVerdict): string {
  switch (verdict.kind) {
    case "equal":
      return `equal (${verdict.words} words)`;
    case "refused":
      return verdict.message;
    case "different": {
      const { where, word, pc, slot, expected, emitted } = verdict;
      const at = pc === undefined ? "outside the body" : `pc ${pc}: ${slot}`;
      return `function ${verdict.function}, ${where} word ${word} (${at}): expected ${hex(expected)}, emitted ${hex(emitted)}`;
    }
    default:
      return verdict satisfies never;
  }
}

const hex = (word: number | undefined): string => (word === undefined ? "nothing" : `0x${hexWord(word)}`);
