// Reading facts out of recorded code that only the kernel knew: addresses of maps, the depth of the stack, the place of
// an arena. Each pattern is one that nothing else in an image can be taken for.

import { decode } from "../../spec/a64/decode.js";
import type { Insn } from "../../spec/a64/insn.js";
import type { Halves } from "../../subjects/subject.js";

/** Little-endian words; a rest of less than a word is left out. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(i * 4, true));
}

/** The constant whose first word is at `at`, its register and its words; undefined if no MOVZ or MOVN is there. */
export function movedConstant(
  words: Uint32Array,
  at: number,
): { readonly value: Halves; readonly register: number; readonly words: number } | undefined {
  const first = moveWide(words[at]);
  if (first === undefined || first.op === "movk") return undefined;
  const moved = BigInt(first.imm16) << BigInt(first.shift);
  let value = first.op === "movn" ? ~moved : moved;
  let next = at + 1;
  for (let more = moveWide(words[next]); more?.op === "movk" && more.rd === first.rd; more = moveWide(words[++next])) {
    const shift = BigInt(more.shift);
    value = (value & ~(0xffffn << shift)) | (BigInt(more.imm16) << shift);
  }
  value = BigInt.asUintN(first.width, value);
  const halves = { high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
  return { value: halves, register: first.rd, words: next - at };
}

function moveWide(word = 0): Insn<"moveWide"> | undefined {
  const decoded = decode(word);
  return decoded?.kind === "moveWide" ? decoded : undefined;
}

interface PrologueFacts {
  /** Bytes, a multiple of 16. */
  readonly stackBytes: number;
  readonly exceptionBoundary: boolean;
  readonly exceptionCallback: boolean;
  readonly arenaBase: Halves | undefined;
}

const ARENA_REGISTER = 28;
const isPush = (word: number): boolean => (word & 0xffc0_0000) >>> 0 === 0xa980_0000;
const isMove = (word: number): boolean => (word & 0xffff_fc00) >>> 0 === 0x9100_0000;
const isHint = (word: number): boolean => (word & 0xffff_f01f) >>> 0 === 0xd503_201f;
const isStackSub = (word: number): boolean => (word & 0xff80_03ff) >>> 0 === 0xd100_03ff;
const STP_X27_X28 = 0xa9bf_73fb;
const MOV_X29_X2 = 0x9100_005d;
const SUB_SP_X29_96 = 0xd101_83bf;

/** What the first words of an image say. */
export function prologueFacts(words: Uint32Array): PrologueFacts {
  let at = 0;
  let exceptionBoundary = false;
  let exceptionCallback = false;
  for (; at < words.length; at++) {
    const word = words[at] ?? 0;
    if (word === STP_X27_X28) exceptionBoundary = true;
    if (word === MOV_X29_X2) exceptionCallback = true;
    if (!isPush(word) && !isMove(word) && !isHint(word) && word !== SUB_SP_X29_96) break;
  }
  const sub = words[at] ?? 0;
  const stackBytes = isStackSub(sub) ? ((sub >>> 10) & 0xfff) << ((sub >>> 22) & 1 ? 12 : 0) : 0;
  if (stackBytes !== 0) at++;
  const moved = movedConstant(words, at);
  const arenaBase = moved?.register === ARENA_REGISTER ? moved.value : undefined;
  return { stackBytes, exceptionBoundary, exceptionCallback, arenaBase };
}

/** Whether the word is an ADD of the arena's base: it goes before every access to an arena. */
export const addsArenaBase = (word: number): boolean => (word & 0xffff_fc00) >>> 0 === 0x8b1c_0000;

const ENTRY_WORDS = 3;
/** In the last word of an entry: its type, 1, and above it what fills the image. */
const ENTRY_OF_BPF = 0xd420_0001;

/** Words, counted from the image's first, that the exception table at word `table` describes. */
export function faultingWords(words: Uint32Array, table: number): readonly number[] {
  const out: number[] = [];
  for (let at = table; words[at + ENTRY_WORDS - 1] === ENTRY_OF_BPF; at += ENTRY_WORDS) {
    const distance = words[at]! | 0;
    if (distance >= 0 || distance % 4 !== 0) break;
    out.push(at + distance / 4);
  }
  return out;
}
