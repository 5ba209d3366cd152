// The symbol table that a kernel carries for its own use (CONFIG_KALLSYMS): names are made of 256 tokens, and lie in a row
// with their lengths. Nothing says where the tables are. They are told by what must hold between them: the token index
// points to each token, the markers to each 256th name, and the markers end where the tokens begin.
//
// Three layouts are read: offsets before the names (up to 6.3), offsets from a base behind the tokens (6.4 to 6.19), and
// offsets each from its own place (7.x).

import { Malformed } from "../../../spec/malformed.js";
import { alignUp, type ImageWords } from "./words.js";

const TOKENS = 256;
const DIGIT_0 = 0x30;
const DIGITS = Buffer.from("0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0", "latin1");
const MOST_TOKEN_BYTES = 512;
const MOST_SYMBOLS = 1 << 22;
/** Of a name in tokens, on average: what lies between count and tokens is no longer. */
const MOST_MEAN_BYTES = 48;
const NAMES_PER_MARKER = 256;

export interface KallsymsTables {
  readonly tokenTable: number;
  /** Of each token, from `tokenTable`. */
  readonly tokenIndex: Uint16Array;
  /** Behind the token index. */
  readonly tokensEnd: number;
  readonly countAt: number;
  readonly count: number;
  readonly names: number;
  readonly namesEnd: number;
}

/** @throws Malformed if the image has no such tables, or they are damaged */
export function findKallsyms(image: ImageWords): KallsymsTables {
  const tokens = findTokens(image);
  if (tokens === undefined) {
    throw new Malformed(
      "the kernel's own symbol table (CONFIG_KALLSYMS) in the image",
      "no token table: the image is damaged, or built without it",
    );
  }
  const names = findNames(image, tokens.tokenTable);
  if (names === undefined) {
    throw new Malformed(
      "the names of kallsyms before their tokens",
      `none before byte ${tokens.tokenTable}: the image is damaged`,
    );
  }
  return { ...tokens, ...names };
}

type Tokens = Pick<KallsymsTables, "tokenTable" | "tokenIndex" | "tokensEnd">;

/** Digits are in many names, so each is a token of its own; ten of them stand in a row. */
function findTokens({ bytes, view }: ImageWords): Tokens | undefined {
  const buffer = Buffer.from(bytes.buffer);
  for (let at = buffer.indexOf(DIGITS); at >= 0; at = buffer.indexOf(DIGITS, at + 1)) {
    const end = skipStrings(bytes, at, TOKENS - DIGIT_0);
    if (end === undefined) continue;
    for (const alignment of [8, 4, 2]) {
      const index = alignUp(end, alignment);
      if (index + 2 * TOKENS > bytes.length) continue;
      const tokenIndex = Uint16Array.from({ length: TOKENS }, (_, i) => view.getUint16(index + 2 * i, true));
      const tokenTable = at - tokenIndex[DIGIT_0]!;
      if (tokenTable >= 0 && isIndexOf(bytes, tokenTable, tokenIndex)) {
        return { tokenTable, tokenIndex, tokensEnd: index + 2 * TOKENS };
      }
    }
  }
  return undefined;
}

function isIndexOf(bytes: Uint8Array, table: number, index: Uint16Array): boolean {
  let at = table;
  for (let i = 0; i < TOKENS; i++) {
    if (at - table !== index[i]) return false;
    const next = skipStrings(bytes, at, 1);
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

function skipStrings(bytes: Uint8Array, from: number, count: number): number | undefined {
  let at = from;
  for (let i = 0; i < count; i++) {
    const start = at;
    while (at < bytes.length && bytes[at] !== 0 && at - start < MOST_TOKEN_BYTES) at++;
    if (bytes[at] !== 0) return undefined;
    at++;
  }
  return at;
}

type Names = Pick<KallsymsTables, "countAt" | "count" | "names" | "namesEnd">;

function findNames(image: ImageWords, tokenTable: number): Names | undefined {
  const { words } = image;
  for (let i = 0; 4 * i < tokenTable - 8; i++) {
    const count = words[i]!;
    const room = tokenTable - 4 * i;
    if (count === 0 || count > MOST_SYMBOLS || room < 2 * count || room > MOST_MEAN_BYTES * count + 64) continue;
    // The next table begins at the next multiple of 8, in newer kernels of 4.
    const starts = i % 2 === 0 && words[i + 1] === 0 ? [4 * i + 8, 4 * i + 4] : [4 * i + 4];
    for (const names of starts) {
      const namesEnd = endOfNames(image, names, count, tokenTable);
      if (namesEnd !== undefined) return { countAt: 4 * i, count, names, namesEnd };
    }
  }
  return undefined;
}

/** Undefined if no such names lie there, with their markers behind them and the tokens behind those. */
function endOfNames({ bytes, view }: ImageWords, names: number, count: number, tokenTable: number): number | undefined {
  const markers = Math.ceil(count / NAMES_PER_MARKER);
  const expected = new Uint32Array(markers);
  let at = names;
  for (let i = 0; i < count; i++) {
    if (i % NAMES_PER_MARKER === 0) expected[i / NAMES_PER_MARKER] = at - names;
    let length = bytes[at++]!;
    if (length >= 0x80) length = (length & 0x7f) | (bytes[at++]! << 7);
    at += length;
    if (length === 0 || at > tokenTable) return undefined;
  }
  for (const alignment of [8, 4]) {
    const start = alignUp(at, alignment);
    const end = start + 4 * markers;
    // 6.2 and 6.3 have the order of the names there as well, three bytes each.
    const rest = tokenTable - end;
    const ends = (rest >= 0 && rest < 8) || (rest >= 3 * count && rest < 3 * count + 16);
    if (ends && expected.every((offset, i) => view.getUint32(start + 4 * i, true) === offset)) return at;
  }
  return undefined;
}

interface NamedSymbols {
  /** In the order of the table, which is that of the addresses. */
  readonly names: readonly string[];
  /** Letters as `nm` has them, one of each symbol. */
  readonly letters: Uint8Array;
}

/** @throws Malformed if names are longer than any kernel's */
export function readNames({ bytes }: ImageWords, tables: KallsymsTables): NamedSymbols {
  const { count, names, tokenTable, tokenIndex } = tables;
  const tokens = Array.from(tokenIndex, (start) => {
    const from = tokenTable + start;
    return bytes.subarray(from, bytes.indexOf(0, from));
  });
  const starts = new Uint32Array(count + 1);
  const letters = new Uint8Array(count);
  // A hostile table may say much with few bytes.
  const room = 64 * count + (1 << 20);
  const text = Buffer.alloc(room);
  let at = names;
  let end = 0;
  for (let i = 0; i < count; i++) {
    let length = bytes[at++]!;
    if (length >= 0x80) length = (length & 0x7f) | (bytes[at++]! << 7);
    starts[i] = end;
    for (const stop = at + length; at < stop; at++) {
      const token = tokens[bytes[at]!]!;
      if (end + token.length > room)
        throw new Malformed("names of kallsyms with up to 64 characters on average", "more");
      for (let k = 0; k < token.length; k++) text[end++] = token[k]!;
    }
    letters[i] = text[starts[i]!]!;
  }
  starts[count] = end;
  const all = text.toString("latin1", 0, end);
  // The first character is the letter.
  return {
    names: Array.from({ length: count }, (_, i) => all.slice(starts[i]! + 1, Math.max(starts[i]! + 1, starts[i + 1]!))),
    letters,
  };
}
