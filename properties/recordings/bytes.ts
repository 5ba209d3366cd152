// A subject's bytes against the recorded ones: the code of every function, and where the recording has it the whole
// memory of the image, from the header to the end of the slack.

import { hexWord } from "../../spec/bits.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import { packedBytes } from "../../spec/pack/allocator.js";
import { ILLEGAL } from "../../spec/text/text.js";
import { defaultSubject } from "../../subjects/index.js";
import { type CompiledImage, type JitFunction, type Subject, slotOfWord } from "../../subjects/subject.js";
import type { RecordedFunction, Recording } from "./recording.js";
import { resolve } from "./resolve.js";
import { wordsOf } from "./words.js";

export type ImageVerdict =
  /** `words` of code were compared. */
  | { readonly kind: "equal"; readonly words: number; readonly functions: readonly JitFunction[] }
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
  /** Of another kernel than the subject, or of the same at another address. */
  | { readonly kind: "incomparable"; readonly why: string }
  /** The subject refused what the kernel's JIT took, or the recording makes no sense. */
  | { readonly kind: "refused"; readonly message: string };

/** Compile a recorded program at its recorded addresses and compare; the first difference in function order is told. */
export function compareBytes(recording: Recording, asked = defaultSubject): ImageVerdict {
  const subject = sameBuild(recording, asked);
  if (subject === undefined) return { kind: "incomparable", why: ANOTHER_BUILD };
  const resolved = resolve(recording, subject);
  if (!resolved.ok) return { kind: "refused", message: resolved.message };
  const { functions, images } = resolved;
  let words = 0;
  for (const [index, recorded] of recording.functions.entries()) {
    const image = images[index]!;
    const difference = compareCode(recorded, image) ?? compareRegion(recorded, image);
    if (difference !== undefined) {
      const pc = slotOfWord(image.offsets, difference.word);
      const slot = pc === undefined ? undefined : printInsn(functions[index]!.insns, pc);
      return { ...difference, kind: "different", function: index, pc, slot };
    }
    words += image.jitedBytes / 4;
  }
  return { kind: "equal", words, functions };
}

const ANOTHER_BUILD = "recorded on another build, or at another address: __bpf_call_base lies elsewhere";

/**
 * Calls of helpers are relative to one place in kernel text, which no two builds have at the same address, but one build at
 * many: a kernel chooses its place at boot.
 */
function sameBuild({ callBase, dummyTramp }: Recording, subject: Subject): Subject | undefined {
  const { build } = subject;
  if (build === undefined || build.callBase === callBase) return subject;
  return dummyTramp === undefined ? undefined : subject.elsewhere?.({ callBase, dummyTramp });
}

const compareCode = ({ code }: RecordedFunction, image: CompiledImage) =>
  firstDifference("code", wordsOf(code), wordsOf(image.image.subarray(0, image.jitedBytes)), 0);

/** The memory that holds the image: header with its size, hole, image, slack. */
function compareRegion({ region }: RecordedFunction, { image }: CompiledImage) {
  if (region === undefined) return undefined;
  const bytes = packedBytes(image.length);
  const words = new Uint32Array(bytes / 4).fill(ILLEGAL);
  words[0] = bytes;
  words.set(wordsOf(image), region.imageOffset / 4);
  return firstDifference("region", wordsOf(region.bytes), words, -region.imageOffset / 4);
}

function firstDifference(where: "code" | "region", expected: Uint32Array, emitted: Uint32Array, first: number) {
  const length = Math.max(expected.length, emitted.length);
  for (let i = 0; i < length; i++) {
    if (expected[i] !== emitted[i]) return { where, word: first + i, expected: expected[i], emitted: emitted[i] };
  }
  return undefined;
}

/** One line for people. */
export function describeVerdict(verdict: ImageVerdict): string {
  switch (verdict.kind) {
    case "equal":
      return `equal (${verdict.words} words)`;
    case "refused":
      return verdict.message;
    case "incomparable":
      return verdict.why;
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
