// The test files of the public BPF ISA conformance suite: sections that each begin with a line `-- name`. A file that
// does not say clearly what to run and what to expect is refused, and so is one whose program is not a program.

import { decode, encode, type Insn, SLOT_BYTES } from "./insn.js";
import { parse } from "./text/parse.js";
import { magnitude, type Read, textError } from "./text/token.js";

interface DataFile {
  readonly program: readonly Insn[];
  /** r1 points to a copy of these bytes; none where the file has no `-- mem`. */
  readonly memory: Uint8Array;
  /** r0 at the end, or that the run must fail, with what the suite's own runner says then (it may be empty). */
  readonly expect: { readonly r0: bigint } | { readonly error: string };
  /** `-- no register offset`: which instruction the suite's runner must not renumber the registers of. */
  readonly noRegisterOffset: string | undefined;
}

const SECTIONS = ["asm", "raw", "mem", "result", "error", "c", "no register offset"] as const;
type SectionName = (typeof SECTIONS)[number];
interface Section {
  /** The line of its `-- name`, from 1. */
  readonly line: number;
  readonly lines: string[];
}
type Sections = ReadonlyMap<SectionName, Section>;

/** Read a file of the suite, or say in one line, with the line number, why it cannot be run. */
export function readDataFile(text: string): Read<DataFile> {
  const split = splitSections(text);
  if (!split.ok) return split;
  const sections = split.value;
  const program = readProgram(sections);
  if (!program.ok) return program;
  const memory = readBytes(sections.get("mem"));
  if (!memory.ok) return memory;
  const expect = readExpectation(sections);
  if (!expect.ok) return expect;
  const noRegisterOffset = sections.get("no register offset")?.lines.join(" ").trim();
  return { ok: true, value: { program: program.value, memory: memory.value, expect: expect.value, noRegisterOffset } };
}

function splitSections(text: string): Read<Sections> {
  const sections = new Map<SectionName, Section>();
  let current: Section | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const name = /^--\s*(.*?)\s*$/.exec(line)?.[1];
    if (name !== undefined) {
      const known = SECTIONS.find((section) => section === name);
      if (known === undefined)
        return textError(index + 1, `unknown section "${name}", expected ${SECTIONS.join(", ")}`);
      if (sections.has(known)) return textError(index + 1, `section "${name}" comes twice`);
      current = { line: index + 1, lines: [] };
      sections.set(known, current);
    } else if (current !== undefined) current.lines.push(line);
    else if (withoutComment(line) !== "") return textError(index + 1, `expected a section, as -- asm, got "${line}"`);
  }
  return { ok: true, value: sections };
}

const withoutComment = (line: string): string => line.replace(/#.*/, "").trim();

function readProgram(sections: Sections): Read<readonly Insn[]> {
  const [asm, raw] = [sections.get("asm"), sections.get("raw")];
  const assembled = asm && parse("\n".repeat(asm.line) + asm.lines.join("\n"), { syntax: "mnemonic" });
  if (assembled?.ok === false) return assembled;
  const bytes = raw && readBytes(raw);
  if (bytes?.ok === false) return bytes;
  const decoded = bytes && decode(bytes.value);
  if (raw !== undefined && decoded?.ok === false) {
    return textError(raw.line, `slot ${decoded.error.pc} of -- raw: ${decoded.error.message}`);
  }
  const program = assembled?.value ?? (decoded?.ok === true ? decoded.value : []);
  if (program.length === 0) return textError(asm?.line ?? raw?.line ?? 1, "no program, expected -- asm or -- raw");
  if (assembled !== undefined && raw !== undefined && bytes !== undefined) {
    const at = firstDifference(encode(program), bytes.value);
    if (at !== undefined) return textError(raw.line, `-- asm and -- raw differ in slot ${Math.floor(at / SLOT_BYTES)}`);
  }
  return { ok: true, value: program };
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => a[i] !== b[i]).indexOf(true);
  return at < 0 ? undefined : at;
}

/** Bytes as pairs of hex digits; a number with `0x` is a 64-bit little-endian word. */
function readBytes(section: Section | undefined): Read<Uint8Array> {
  const bytes: number[] = [];
  for (const [index, line] of (section?.lines ?? []).entries()) {
    for (const item of withoutComment(line).split(/\s+/).filter(Boolean)) {
      if (/^0x[0-9a-fA-F]{1,16}$/.test(item)) {
        const word = new DataView(new ArrayBuffer(8));
        word.setBigUint64(0, BigInt(item), true);
        bytes.push(...new Uint8Array(word.buffer));
      } else if (/^[0-9a-fA-F]{2}$/.test(item)) bytes.push(Number.parseInt(item, 16));
      else {
        const what = `expected a byte as two hex digits or a 64-bit word as 0x..., got "${item}"`;
        return textError((section?.line ?? 0) + 1 + index, what);
      }
    }
  }
  return { ok: true, value: Uint8Array.from(bytes) };
}

function readExpectation(sections: Sections): Read<DataFile["expect"]> {
  const [result, error] = [sections.get("result"), sections.get("error")];
  if (result === undefined) {
    if (error === undefined) return textError(1, "nothing to expect, expected -- result or -- error");
    return { ok: true, value: { error: error.lines.map(withoutComment).join(" ").trim() } };
  }
  if (error !== undefined) return textError(error.line, "both -- result and -- error");
  const text = result.lines.map(withoutComment).join("");
  const r0 = magnitude(text);
  if (r0 === undefined || r0 >= 1n << 64n) {
    return textError(result.line + 1, `expected r0 as an unsigned 64-bit number, got "${text}"`);
  }
  return { ok: true, value: { r0 } };
}
