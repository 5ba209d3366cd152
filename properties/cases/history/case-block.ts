// The text of a generated program below the action that loads it: a case file, indented.

import type { CaseProgram } from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import { prepared } from "../../../subjects/session/prepared.js";
import { parseCase, printCase } from "../program/text.js";

const INDENT = "  ";

export const printBlock = ({ case: value }: CaseProgram): readonly string[] =>
  printCase({ ...value, title: undefined })
    .trim()
    .split("\n")
    .map((line) => (line === "" ? "" : `${INDENT}${line}`));

/** How many of the lines from `from` on belong to a block: those that are indented, and empty ones between them. */
export function blockEnd(lines: readonly string[], from: number): number {
  let end = from;
  for (let at = from; at < lines.length && (lines[at] === "" || /^\s/.test(lines[at]!)); at++) {
    if (lines[at]!.trim() !== "") end = at + 1;
  }
  return end;
}

export type ParsedBlock =
  | { readonly ok: true; readonly value: CaseProgram }
  /** Lines count from 1. */
  | { readonly ok: false; readonly error: { readonly line: number; readonly message: string } };

/** The program of the lines from `from` to before `end`. */
export function parseBlock(lines: readonly string[], from: number, end: number): ParsedBlock {
  const refuse = (message: string, line = from + 1): ParsedBlock => ({ ok: false, error: { line, message } });
  if (from === end) return refuse("expected the program, indented", from);
  // Empty lines before it make the parser count lines of the file.
  const text = [...lines.slice(0, from).map(() => ""), ...lines.slice(from, end).map((line) => line.trim())];
  const parsed = parseCase(text.join("\n"));
  if (!parsed.ok) return { ok: false, error: parsed.error };
  const { program, inputs, env } = parsed.value;
  if (inputs.length !== 1) return refuse(`${inputs.length} inputs, expected one`);
  if (env.hole !== 0 || env.blind === true || env.guard === true || (env.skip ?? 0) !== 0) {
    return refuse("hole, blind, guard and skip are for programs of their own");
  }
  const value = { case: { program, inputs, env: { cpu: env.cpu, hole: 0 } } };
  try {
    prepared(defaultSubject, value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(error.message);
  }
  return { ok: true, value };
}
