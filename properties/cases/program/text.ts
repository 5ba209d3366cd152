// A case as a file that people read, edit and keep: `corpus/*.bpf`. Header lines say what it shows and what it runs on;
// the program follows in the text syntax of `spec/bpf/text`, with a `program 1:` before each further target of tail
// calls. Programs outlive seeds and generators, so the text is the test. `case-header.ts` has the header's words.
//
//   # title: arsh by zero clears the high word
//   # oracle: result
//   # expect: r0 = 0xffffffff00000001
//   # map: hash key=4 value=8 entries=16
//   # input: aa bb zero 14
//   r0 = *(u64 *)(r1 + 0)
//   exit

import type { Insn } from "../../../spec/bpf/insn.js";
import { parse } from "../../../spec/bpf/text/parse.js";
import { print } from "../../../spec/bpf/text/print.js";
import { type Read, textError } from "../../../spec/bpf/text/token.js";
import type { Case } from "../../../subjects/case.js";
import { type Header, printHeader, readHeader } from "./header.js";

/** A case and what its file says about it. */
export type CaseFile = Case & Pick<Header, "id" | "title" | "oracle" | "expect" | "notes">;
/** What a file is made of: a case, its title, and what else there is to say. */
export type CaseText = Case & Pick<CaseFile, "title"> & Partial<CaseFile>;

/** Read a case file, or say in one line, with the line number, what is wrong with it. */
export function parseCase(text: string): Read<CaseFile> {
  const lines = text.split(/\r?\n/);
  const header = readHeader(lines);
  if (!header.ok) return header;
  const code = readPrograms(lines, header.value.lines);
  if (!code.ok) return code;
  const { id, title, oracle, expect, notes, maps, context, inputs, env, mapLines } = header.value;
  for (const [index, map] of maps.entries()) {
    const missing = map.kind === "progArray" && map.programs.find((p) => p !== undefined && p >= code.value.length);
    if (typeof missing === "number") {
      return textError(
        mapLines[index] ?? 1,
        `map ${index} names program ${missing}, the file has ${code.value.length}`,
      );
    }
  }
  const program = { code: code.value, maps, context };
  return { ok: true, value: { id, title, oracle, expect, notes, program, inputs, env } };
}

/** The file of a case. Reading it gives the same case. */
export function printCase(file: CaseText): string {
  const { id, title, oracle, expect = [], notes = [], inputs, env } = file;
  const { maps, context, code } = file.program;
  const header = printHeader({ id, title, oracle, expect, notes, maps, context, inputs, env });
  const programs = code.map((insns, index) => {
    return `${index === 0 ? "" : `\nprogram ${index}:\n`}${print(insns, { labels: true })}`;
  });
  return `${header}\n${programs.join("")}`;
}

/** The programs from line `from` (0-based) on, split at `program N:`. */
function readPrograms(lines: readonly string[], from: number): Read<readonly (readonly Insn[])[]> {
  const starts = [{ index: 0, line: from }];
  for (let line = from; line < lines.length; line++) {
    const number = /^\s*program\s+(\d+)\s*:\s*$/.exec(lines[line] ?? "")?.[1];
    if (number === undefined) continue;
    if (Number(number) !== starts.length) {
      return textError(line + 1, `expected program ${starts.length}, got program ${number}`);
    }
    starts.push({ index: starts.length, line: line + 1 });
  }
  const programs: (readonly Insn[])[] = [];
  for (const { index, line } of starts) {
    const next = starts[index + 1];
    // Empty lines before the program make the parser count lines of the file.
    const source = "\n".repeat(line) + lines.slice(line, next === undefined ? undefined : next.line - 1).join("\n");
    const parsed = parse(source);
    if (!parsed.ok) return parsed;
    if (parsed.value.length === 0)
      return textError(Math.min(line + 1, lines.length), `program ${index} has no instructions`);
    programs.push(parsed.value);
  }
  return { ok: true, value: programs };
}
