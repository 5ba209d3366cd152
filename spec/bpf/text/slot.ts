// The places of a template where an operand stands: how each is read from tokens and how it is printed. A template says
// `{dst}`, and this file says what that means. Read `template.ts` next.

import { LAST_OF_KERNEL, REGISTERS } from "../insn.js";
import { isNumeric, isWord, magnitude, signedNumber, type Token } from "./token.js";

/** What the operands of one line come to. `high` is the imm of the second slot of an lddw, `label` a branch target. */
export interface Operands {
  readonly dst?: number;
  readonly src?: number;
  readonly off?: number;
  readonly imm?: number;
  readonly high?: number;
  readonly label?: string;
}

/** How a syntax spells operands, and how many registers there are. */
export interface Spelling {
  /** `%` or nothing. */
  readonly sigil: string;
  /** Between the sign of a memory offset and its digits. */
  readonly space: string;
  readonly lastRegister: number;
}

export interface Slot {
  /** Continues "expected ...". */
  expects(spelling: Spelling): string;
  /** How much the token looks like one of this sort, 0 not at all: an error names the slots that come closest. */
  likeness(text: string): number;
  read(
    tokens: readonly Token[],
    at: number,
    spelling: Spelling,
  ): { readonly next: number; readonly operands: Operands } | undefined;
  print(operands: Operands, spelling: Spelling): string;
}

export const SPELLING = { llvm: { sigil: "", space: " " }, mnemonic: { sigil: "%", space: "" } } as const;
export const lastRegister = (kernel: boolean): number => (kernel ? LAST_OF_KERNEL : REGISTERS - 1);

const register = (field: "dst" | "src", letter: "r" | "w"): Slot => ({
  expects: ({ lastRegister }) => `a register ${letter}0..${letter}${lastRegister}`,
  likeness: (text) => (/^%?[rw]\d+$/.test(text) ? (text.replace("%", "")[0] === letter ? 2 : 1) : 0),
  read(tokens, at, { sigil, lastRegister }) {
    const text = tokens[at]?.text ?? "";
    const name = sigil !== "" && text.startsWith(sigil) ? text.slice(sigil.length) : text;
    const number = /^[rw](?:0|[1-9]\d?)$/.test(name) && name[0] === letter ? Number(name.slice(1)) : undefined;
    if (number === undefined || number > lastRegister) return undefined;
    return { next: at + 1, operands: { [field]: number } };
  },
  print: (operands, { sigil }) => `${sigil}${letter}${operands[field] ?? 0}`,
});

const NUMBER_32 = "a 32-bit number (-2147483648..2147483647, in hex up to 0xffffffff)";
const number32: Slot = {
  expects: () => NUMBER_32,
  likeness: (text) => (isNumeric(text) || text === "-" ? 1 : 0),
  read(tokens, at) {
    const negative = tokens[at]?.text === "-";
    const digits = negative ? at + 1 : at;
    const value = signedNumber(tokens[digits]?.text ?? "", negative, 32);
    return value === undefined ? undefined : { next: digits + 1, operands: { imm: Number(value) } };
  },
  print: ({ imm }) => `${imm ?? 0}`,
};

const number64: Slot = {
  expects: () => "a 64-bit number",
  likeness: (text) => (isNumeric(text) || text === "-" ? 1 : 0),
  read(tokens, at) {
    const negative = tokens[at]?.text === "-";
    const digits = negative ? at + 1 : at;
    const text = tokens[digits]?.text ?? "";
    // Also decimal beyond the signed range: 64-bit values are printed both ways everywhere.
    const size = negative ? signedNumber(text, true, 64) : magnitude(text);
    if (size === undefined || size >= 1n << 64n) return undefined;
    const operands = { imm: Number(BigInt.asIntN(32, size)), high: Number(BigInt.asIntN(32, size >> 32n)) };
    return { next: digits + 1, operands };
  },
  print: ({ imm, high }) =>
    `0x${((BigInt.asUintN(32, BigInt(high ?? 0)) << 32n) | BigInt.asUintN(32, BigInt(imm ?? 0))).toString(16)}`,
};

const signed = (field: "off" | "imm" | "high", bits: 16 | 32, what: string, isSpaced: boolean): Slot => ({
  expects: () => `${what} of ${bits} bits with its sign, as +4`,
  likeness: (text) => (isNumeric(text) || text === "-" || text === "+" ? 1 : 0),
  read(tokens, at) {
    const sign = tokens[at]?.text;
    if (sign !== "+" && sign !== "-") return undefined;
    const size = magnitude(tokens[at + 1]?.text ?? "");
    const half = 1n << BigInt(bits - 1);
    if (size === undefined || size > (sign === "-" ? half : half - 1n)) return undefined;
    return { next: at + 2, operands: { [field]: Number(sign === "-" ? -size : size) } };
  },
  print: (operands, { space }) => {
    const value = operands[field] ?? 0;
    return `${value < 0 ? "-" : "+"}${isSpaced ? space : ""}${Math.abs(value)}`;
  },
});

const label: Slot = {
  expects: () => "a label",
  likeness: () => 0,
  read(tokens, at) {
    const text = tokens[at]?.text ?? "";
    return isWord(text) ? { next: at + 1, operands: { label: text } } : undefined;
  },
  print: ({ label }) => label ?? "",
};

/** The slots by the name that templates use. */
export const SLOTS: ReadonlyMap<string, Slot> = new Map([
  ["dst", register("dst", "r")],
  ["src", register("src", "r")],
  ["wdst", register("dst", "w")],
  ["wsrc", register("src", "w")],
  ["imm", number32],
  ["imm64", number64],
  ["high", signed("high", 32, "an offset", true)],
  ["off", signed("off", 16, "an offset", true)],
  ["plus", signed("imm", 32, "an offset", true)],
  ["jump", signed("off", 16, "a distance", false)],
  ["far", signed("imm", 32, "a distance", false)],
  ["label", label],
]);
