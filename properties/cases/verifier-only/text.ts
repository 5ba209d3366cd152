// Verifier-only instructions as text, for people to read and for files that are replayed:
//
//   # title: a load that faults leaves zero
//   # oracle: exec-match
//   # vhe: yes
//   # r1: data + 64
//   r4 = probe *(u8 *)(r3 + 8)
//
// Registers that are not told are zero. `data` and `task` are the places of `case.ts`; what lies in the arena is
// told as the arena counts it, from its base.

import { pointer } from "../../../machine/address.js";
import { type U64, u64 } from "../../../spec/bits.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { parse } from "../../../spec/bpf/text/parse.js";
import { print, printInsn } from "../../../spec/bpf/text/print.js";
import { magnitude, textError } from "../../../spec/bpf/text/token.js";
import {
  bodyOf,
  type Field,
  fieldsOf,
  type Head,
  printHead,
  printWord,
  type ReadCase,
  readHead,
  readWord,
} from "../header.js";
import {
  BRANCH_HISTORIES,
  type Classic,
  CPU_NUMBER_HELPER,
  DATA,
  ENTRY_REGISTERS,
  LATER_VERSIONS,
  MOST_VARIABLE,
  NAMED_REGISTERS,
  PLAIN,
  type Place,
  TASK,
  TASK_HELPERS,
  type VerifierOnlyCase,
} from "./case.js";

const NAMED_PLACES = [DATA, TASK] as const;
const HELPERS: readonly number[] = [CPU_NUMBER_HELPER, ...TASK_HELPERS];
/** No body that is worth replaying is longer. */
const MOST_INSNS = 256;

type Surroundings = Omit<VerifierOnlyCase, "body" | "env"> & VerifierOnlyCase["env"];
const DEFAULTS: Surroundings = {
  ...{ lse: true, vhe: false, bti: false, isBlinded: false, isCalled: false },
  registers: Array.from({ length: ENTRY_REGISTERS }, () => u64(0n)),
};
const CLASSICS = Object.fromEntries(Object.keys(BRANCH_HISTORIES).map((name) => [name, name as Classic]));
const VERSION_NAMES = Object.fromEntries(LATER_VERSIONS.map((version) => [version, version]));
const { word, flag } = fieldsOf(DEFAULTS);
const FIELDS: readonly Field<Surroundings>[] = [
  word("cpu", "lse", { lse: true, "ll-sc": false }),
  flag("vhe", "vhe", "vhe: yes or no"),
  flag("bti", "bti", "bti: yes or no"),
  word("version", "version", VERSION_NAMES),
  word("classic", "classic", CLASSICS),
  flag("blind", "isBlinded", "blind: yes or no"),
  flag("called", "isCalled", "called: yes or no"),
  ...DEFAULTS.registers.map((_, r) => register(r)),
];

export function printVerifierOnly({ body, env, ...surroundings }: VerifierOnlyCase, head: Head = {}): string {
  return `${printHead(head, FIELDS, { ...surroundings, ...env })}\n${print(body)}`;
}

export function parseVerifierOnly(text: string): ReadCase<VerifierOnlyCase> {
  const lines = text.split(/\r?\n/);
  const read = readHead(lines, FIELDS, DEFAULTS);
  if (!read.ok) return read;
  const { head, lines: from, value } = read.value;
  const body = parse(bodyOf(lines, from), { dialect: "kernel" });
  if (!body.ok) return body;
  const wrong = wrongBody(body.value);
  if (wrong !== undefined) return textError(Math.min(from + 1, lines.length), wrong);
  const { lse, vhe, bti, ...surroundings } = value;
  return { ok: true, value: { ...surroundings, body: body.value, env: { lse, vhe, bti } }, head };
}

function register(r: number): Field<Surroundings> {
  return {
    key: `r${r}`,
    read(text, into) {
      const value = readValue(text);
      if (value === undefined) return `expected a 64-bit number, data + N or task + N within a page, got "${text}"`;
      if (r === 0 && value !== u64(BigInt.asIntN(32, value))) {
        return `expected a signed 32-bit number in r0, got "${text}"`;
      }
      return { ...into, registers: into.registers.with(r, value) };
    },
    print({ registers }) {
      const value = registers[r]!;
      return value === 0n ? [] : [printValue(value)];
    },
  };
}

function printValue(value: U64): string {
  const place = NAMED_PLACES.find((one) => value >= pointer(one.base) && value < pointer(one.base + one.bytes));
  return place === undefined ? printWord(value) : `${place.name} + ${value - pointer(place.base)}`;
}

function readValue(text: string): U64 | undefined {
  const [, name, offset = ""] = /^([a-z]+) \+ (\w+)$/.exec(text) ?? [];
  if (name === undefined) return readWord(text);
  const place: Place | undefined = NAMED_PLACES.find((one) => one.name === name);
  const at = magnitude(offset);
  return place === undefined || at === undefined || at >= place.bytes ? undefined : u64(pointer(place.base) + at);
}

/** What keeps a body from being one that is tried. */
function wrongBody(body: readonly Insn[]): string | undefined {
  if (body.length === 0) return "no instructions";
  if (body.length > MOST_INSNS) return `${body.length} instructions, expected ${MOST_INSNS} at most`;
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
    case "loadAcquire":
    case "storeRelease":
      return true;
    case "alu":
      return row === PLAIN.row;
    case "call":
      return row.target === "helper" && HELPERS.includes(imm);
    case "lddw":
      return row.source === "variable" && imm >= 0 && imm <= MOST_VARIABLE;
    case "lddwHigh":
      return imm === 0;
    case "kernel":
      return row.op !== "tailCall";
    default:
      return false;
  }
}
