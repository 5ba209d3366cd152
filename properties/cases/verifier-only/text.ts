// A case of the kernel dialect as text, for people to read and for files that are replayed:
//
//   # title: a load that faults leaves zero
//   # oracle: exec-match
//   # vhe: yes
//   # r1: data + 64
//   r4 = probe *(u8 *)(r3 + 8)
//
// Registers that are not told are zero. `data` and `task` are the places of `kernel-case.ts`; what lies in the arena is
// told as the arena counts it, from its base.

import { pointer } from "../../../machine/address.js";
import { type U64, u64 } from "../../../spec/bits.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { parse } from "../../../spec/bpf/text/parse.js";
import { printInsn } from "../../../spec/bpf/text/print.js";
import { magnitude, type Read, textError } from "../../../spec/bpf/text/token.js";
import { type Field, type Lesson, printLesson, readLesson, readYesNo } from "../header.js";
import { printWord, readWord } from "../word-text.js";
import {
  CPU_NUMBER_HELPER,
  DATA,
  ENTRY_REGISTERS,
  NAMED_REGISTERS,
  type Place,
  TASK,
  TASK_HELPERS,
  type VerifierOnlyCase,
} from "./case.js";

const NAMED_PLACES = [DATA, TASK] as const;
const REGISTER_KEYS = Array.from({ length: ENTRY_REGISTERS }, (_, r) => `r${r}`);
const KEYS = ["cpu", "vhe", "bti", "blind", "called", ...REGISTER_KEYS];
const HELPERS: readonly number[] = [CPU_NUMBER_HELPER, ...TASK_HELPERS];
/** No body that is worth replaying is longer. */
const MOST_ROWS = 256;

export interface KernelRowsFile {
  readonly case: VerifierOnlyCase;
  readonly lesson: Lesson;
}

export function printVerifierOnly(
  { body, registers, env, isBlinded, isCalled }: VerifierOnlyCase,
  lesson: Lesson,
): string {
  const yes = (flag: boolean): string | undefined => (flag ? "yes" : undefined);
  const head = printLesson(lesson, [
    ["cpu", env.lse ? undefined : "ll-sc"],
    ["vhe", yes(env.vhe)],
    ["bti", yes(env.bti)],
    ["blind", yes(isBlinded)],
    ["called", yes(isCalled)],
    ...registers.map((value, r) => [`r${r}`, value === 0n ? undefined : printValue(value)] as const),
  ]);
  return `${head}\n${body.map((_, pc) => `${printInsn(body, pc)}\n`).join("")}`;
}

function printValue(value: U64): string {
  const place = NAMED_PLACES.find((one) => value >= pointer(one.base) && value < pointer(one.base + one.bytes));
  return place === undefined ? printWord(value) : `${place.name} + ${value - pointer(place.base)}`;
}

export function parseVerifierOnly(text: string): Read<KernelRowsFile> {
  const lines = text.split(/\r?\n/);
  const head = readLesson(lines, KEYS);
  if (!head.ok) return head;
  const draft: Draft = { lse: true, vhe: false, bti: false, blind: false, called: false, registers: NO_REGISTERS };
  for (const field of head.value.fields) {
    const read = readField(field, draft);
    if (!read.ok) return read;
  }
  // Empty lines before the body make the parser count lines of the file.
  const source = "\n".repeat(head.value.lines) + lines.slice(head.value.lines).join("\n");
  const body = parse(source, { dialect: "kernel" });
  if (!body.ok) return body;
  const wrong = wrongBody(body.value);
  if (wrong !== undefined) return textError(Math.min(head.value.lines + 1, lines.length), wrong);
  const { lse, vhe, bti, blind, called, registers } = draft;
  const c = { body: body.value, registers, env: { lse, vhe, bti }, isBlinded: blind, isCalled: called };
  return { ok: true, value: { case: c, lesson: head.value.lesson } };
}

interface Draft {
  lse: boolean;
  vhe: boolean;
  bti: boolean;
  blind: boolean;
  called: boolean;
  registers: readonly U64[];
}
const NO_REGISTERS: readonly U64[] = REGISTER_KEYS.map(() => u64(0n));

function readField(field: Field, draft: Draft): Read<unknown> {
  const { key, text, line } = field;
  switch (key) {
    case "cpu":
      if (text !== "lse" && text !== "ll-sc") return textError(line, `expected lse or ll-sc, got "${text}"`);
      draft.lse = text === "lse";
      return { ok: true, value: text };
    case "vhe":
    case "bti":
    case "blind":
    case "called": {
      const flag = readYesNo(field);
      if (flag.ok) draft[key] = flag.value;
      return flag;
    }
    default:
      return readRegister(field, draft);
  }
}

function readRegister({ key, text, line }: Field, draft: Draft): Read<unknown> {
  const value = readValue(text);
  if (value === undefined) {
    return textError(line, `expected a 64-bit number, data + N or task + N within a page, got "${text}"`);
  }
  if (key === "r0" && value !== u64(BigInt.asIntN(32, value))) {
    return textError(line, `expected a signed 32-bit number in r0, got "${text}"`);
  }
  draft.registers = draft.registers.with(Number(key.slice(1)), value);
  return { ok: true, value };
}

function readValue(text: string): U64 | undefined {
  const [, name, offset = ""] = /^([a-z]+) \+ (\w+)$/.exec(text) ?? [];
  if (name !== undefined) {
    const place: Place | undefined = NAMED_PLACES.find((one) => one.name === name);
    const at = magnitude(offset);
    return place === undefined || at === undefined || at >= place.bytes ? undefined : u64(pointer(place.base) + at);
  }
  return readWord(text);
}

/** What keeps a body from being one that is tried. */
function wrongBody(body: readonly Insn[]): string | undefined {
  if (body.length === 0) return "no instructions";
  if (body.length > MOST_ROWS) return `${body.length} instructions, expected ${MOST_ROWS} at most`;
  for (const [i, slot] of body.entries()) {
    const what = `instruction ${i} (${printInsn(body, i)})`;
    if (!isTried(slot)) return `${what} is none that only a verifier makes, nor a load, a store or an atomic`;
    const other = [slot.dst, slot.src].find((r) => !NAMED_REGISTERS.includes(r));
    if (other !== undefined) return `${what} names r${other}, expected r0 to r5 or r7 to r9`;
  }
  return undefined;
}

function isTried({ row, imm }: Insn): boolean {
  switch (row.kind) {
    case "load":
    case "store":
    case "storeImm":
    case "atomic":
      return true;
    case "call":
      return row.target === "helper" && HELPERS.includes(imm);
    case "kernel":
      return row.op !== "tailCall";
    default:
      return false;
  }
}
