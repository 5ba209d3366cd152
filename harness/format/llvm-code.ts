// A64 code as LLVM writes it where it disassembles what a JIT made: the listings that kernel self-tests are held against.
// The text of a word is Capstone's, which differs from LLVM's in how numbers look: here they are hexadecimal, but for the
// amounts of shifts and extensions behind an operand. Branches within a function go to labels, others say the distance.

import type { ListedFunction, ListedWord } from "../listing.js";

/** Whose last operand is a place in the code. */
const BRANCH = /^(?:b|bl|b\.\w+|cbn?z|tbn?z)$/;
const ADDRESS = /^(?:adr|adrp)$/;
/** A load of what lies beside the code. */
const LITERAL = /^ldr \w+, #0x[0-9a-f]+$/;
/** Their numbers count bits, and are decimal. */
const BITS = /^(?:lsl|lsr|asr|ror|[us]?bfx|[us]?bfi|[us]?bfiz|bfxil|bfi|extr)$/;
const LOGICAL = /^(?:and|ands|orr|eor|tst|bic|bics|orn|eon)$/;
const PLACE = /#?(0x[0-9a-f]+)$/;
/** Their second or first operand names a system register, in capitals. */
const SYSTEM = /^(?:mrs|msr)$/;

/** The lines of all functions, each with its label, a tab, the mnemonic, a tab and the operands. */
export function llvmLines(functions: readonly ListedFunction[]): string[] {
  return functions.flatMap(({ parts }, index) => [
    `func #${index}:`,
    ...functionLines(parts.flatMap(({ words }) => words)),
  ]);
}

function functionLines(words: readonly ListedWord[]): string[] {
  const [first, last] = [words[0]?.va ?? 0, words.at(-1)?.va ?? 0];
  const targets = words.flatMap(({ text }) => {
    const target = branchTarget(text);
    return target !== undefined && target >= first && target <= last ? [target] : [];
  });
  const labels = new Map([...new Set(targets)].sort((a, b) => a - b).map((target, i) => [target, `L${i}`]));
  return words.map(({ va, text }) => {
    const label = labels.get(va);
    return `${label === undefined ? "" : `${label}:`}\t${llvmText(text, va, labels)}`;
  });
}

/** Low 48 bits of where a branch goes. */
function branchTarget(text: string): number | undefined {
  const [mnemonic = ""] = text.split(" ");
  const place = BRANCH.test(mnemonic) ? PLACE.exec(text)?.[1] : undefined;
  return place === undefined ? undefined : Number(BigInt.asUintN(48, BigInt(place)));
}

/** @param text mnemonic and operands, with places as whole addresses */
function llvmText(text: string, va: number, labels: ReadonlyMap<number, string>): string {
  const space = text.indexOf(" ");
  if (space < 0) return text;
  const [mnemonic, operands] = [text.slice(0, space), text.slice(space + 1)];
  const isPlace = BRANCH.test(mnemonic) || ADDRESS.test(mnemonic) || LITERAL.test(text);
  const place = isPlace ? PLACE.exec(operands)?.[1] : undefined;
  if (SYSTEM.test(mnemonic))
    return `${mnemonic}\t${operands.replace(/\b[a-z]\w*_el\d\b/, (name) => name.toUpperCase())}`;
  if (BITS.test(mnemonic))
    return `${mnemonic}\t${operands.replace(/#0x([0-9a-f]+)/g, (_, digits) => `#${Number.parseInt(digits, 16)}`)}`;
  if (LOGICAL.test(mnemonic)) return `${mnemonic}\t${unsigned(operands)}`;
  if (place === undefined) return `${mnemonic}\t${hexadecimal(operands)}`;
  const target = Number(BigInt.asUintN(48, BigInt(place)));
  const from = mnemonic === "adrp" ? va - (va % 4096) : va;
  const goal = labels.get(target) ?? `#${hex(target - from)}`;
  return `${mnemonic}\t${hexadecimal(operands.slice(0, operands.length - (PLACE.exec(operands)?.[0].length ?? 0)))}${goal}`;
}

/** A mask as the register's bits, without a sign. */
const unsigned = (operands: string): string =>
  hexadecimal(operands).replace(/#-(0x[0-9a-f]+)$/, (_, digits: string) => {
    const bits = operands.startsWith("w") ? 32 : 64;
    return `#0x${BigInt.asUintN(bits, -BigInt(digits)).toString(16)}`;
  });

const AMOUNT = /\b(?:lsl|lsr|asr|ror|msl|[us]xt[bhwx]) $/;

const hexadecimal = (operands: string): string =>
  operands.replace(/#(-?)(\d+)(?!\w)/g, (written, sign: string, digits: string, at: number) =>
    AMOUNT.test(operands.slice(0, at)) ? written : `#${sign}${hex(Number(digits))}`,
  );

const hex = (n: number): string => (n < 0 ? `-0x${(-n).toString(16)}` : `0x${n.toString(16)}`);
