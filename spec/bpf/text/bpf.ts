// The notation of the tests: `bpf("r0 = 1; exit")`. One case is one line.

import type { Insn } from "../insn.js";
import { type ParseOptions, parse } from "./parse.js";

/**
 * A program from text, in either syntax, where `;` separates instructions (in a program file it begins a comment).
 *
 * @throws SyntaxError with the program and what is wrong with it: a slip in a test.
 */
export function bpf(text: string, options: ParseOptions = {}): readonly Insn[] {
  const parsed = parse(text.replaceAll(";", "\n"), options);
  if (!parsed.ok) throw new SyntaxError(`${parsed.error.message} in: ${text}`);
  return parsed.value;
}
