// One line of program text as tokens, the same for both syntaxes, and what a number may look like.

export interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** What is wrong with a text. `message` is one line and begins with the line number. */
export interface TextError {
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  readonly message: string;
}
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: TextError };

export function textError(line: number, what: string, column?: number): { ok: false; error: TextError } {
  const message = `line ${line}: ${what}`;
  return { ok: false, error: column === undefined ? { line, message } : { line, column, message } };
}

// The signed operators come before words, since they begin with a letter; the last alternative takes what is left, so
// that a stray character is a token that nothing expects.
const TOKEN = /s(?:>>=|\/=|%=|>=|<=|>|<)|<<=|>>=|[=!<>+\-*/|&%^]=|%?[A-Za-z_.$][\w.$]*|\d\w*|\S/g;
const COMMENT = /#.*|\/\/.*|;.*/;

/** The tokens of a line, without its comment: `#`, `//` and `;` each begin one. */
export function tokenize(line: string): readonly Token[] {
  const code = line.replace(COMMENT, "");
  return [...code.matchAll(TOKEN)].map((match) => ({ text: match[0], column: match.index + 1 }));
}

export const isWord = (text: string): boolean => /^[A-Za-z_.$][\w.$]*$/.test(text);
export const isNumeric = (text: string): boolean => /^\d/.test(text);

/** A decimal or `0x` number without a sign, or undefined. */
export function magnitude(text: string): bigint | undefined {
  return /^(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? BigInt(text) : undefined;
}

/**
 * A signed number of `bits`: decimal within the signed range, or hexadecimal, where the whole unsigned range is
 * accepted as a pattern of bits (`0xffffffff` is -1 in 32 bits, `4294967295` is out of range).
 */
export function signedNumber(text: string, negative: boolean, bits: number): bigint | undefined {
  const size = magnitude(text);
  if (size === undefined) return undefined;
  const half = 1n << BigInt(bits - 1);
  if (negative) return size <= half ? -size : undefined;
  const isHex = /^0[xX]/.test(text);
  if (size >= (isHex ? 2n * half : half)) return undefined;
  return BigInt.asIntN(bits, size);
}
