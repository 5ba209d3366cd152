// Reading facts out of recorded code that only the kernel knew: addresses of maps, the depth of the stack, the place of
// an arena. Each pattern is one that nothing else in an image can be taken for.

import type { Halves } from "../../subjects/subject.js";

const MOVN = 0x1280_0000;
const MOVZ = 0x5280_0000;
const MOVK = 0x7280_0000;
const MOVE_WIDE = 0x7f80_0000;
const register = (word: number): number => word & 31;

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
  const first = words[at] ?? 0;
  const kind = (first & MOVE_WIDE) >>> 0;
  if (kind !== MOVZ && kind !== MOVN) return undefined;
  const filler = kind === MOVN ? 0xffff : 0;
  const chunks = [filler, filler, filler, filler];
  const immediate = (first >>> 5) & 0xffff;
  chunks[(first >>> 21) & 3] = kind === MOVN ? ~immediate & 0xffff : immediate;
  let next = at + 1;
  for (let word = words[next] ?? 0; continues(first, word); word = words[++next] ?? 0) {
    chunks[(word >>> 21) & 3] = (word >>> 5) & 0xffff;
  }
  const [a = 0, b = 0, c = 0, d = 0] = chunks;
  const is64 = first >>> 31 === 1;
  const value = { low: ((b << 16) | a) >>> 0, high: is64 ? ((d << 16) | c) >>> 0 : 0 };
  return { value, register: register(first), words: next - at };
}

/** Whether the word is a MOVK into the register of the first one. */
const continues = (first: number, word: number): boolean =>
  (word & MOVE_WIDE) >>> 0 === MOVK && register(word) === register(first);

export interface PrologueFacts {
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
const TYPE_BPF = 1;
const FILL_HALF = 0xd420;

/** Words, counted from the image's first, that the exception table at word `table` describes. */
export function faultingWords(words: Uint32Array, table: number): readonly number[] {
  const out: number[] = [];
  for (let at = table; at + ENTRY_WORDS <= words.length; at += ENTRY_WORDS) {
    const distance = (words[at] ?? 0) | 0;
    if (words[at + 2] !== ((FILL_HALF << 16) | TYPE_BPF) >>> 0 || distance >= 0 || distance % 4 !== 0) break;
    out.push(at + distance / 4);
  }
  return out;
}
