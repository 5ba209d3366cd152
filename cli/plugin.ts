// `rox plugin`: a plugin of the public bpf_conformance runner. The program comes as hexadecimal bytes on standard input, the
// memory that r1 points to as the first argument if there is any; r2 is its length, and helper 5 unwinds: it gives r1 back,
// and where that is zero it ends the program, out of all its functions. r0 goes to standard output in hexadecimal. This file is loaded by itself: it
// starts once for each test.

import { readFileSync } from "node:fs";
import { decode, type Insn, insn } from "../spec/bpf/insn.js";
import { rowById } from "../spec/bpf/isa.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { MapSpec, Program } from "../spec/bpf/program.js";
import { type Facts, validate } from "../spec/bpf/validate/validate.js";

const FUEL = 1_000_000;
const UNWIND = 5;

type Answer = { readonly ok: true; readonly r0: bigint } | { readonly ok: false; readonly why: string };

/** @param argv what follows the command's name @param input all of standard input */
export async function runPlugin(argv: readonly string[], input: string): Promise<Answer> {
  const words = [...argv];
  const memoryText = words[0]?.startsWith("--") === false ? words.shift()! : "";
  const flags = new Set(words.filter((word) => word !== ""));
  const unknown = [...flags].find((flag) => !["--interpret", "--jit", "--elf"].includes(flag));
  if (unknown !== undefined) return refused(`expected --interpret, --jit or --elf, got ${unknown}`);
  const memory = bytesOf(memoryText);
  const given = bytesOf(input);
  if (memory === undefined || given === undefined) return refused("expected pairs of hexadecimal digits");
  const code = flags.has("--elf") ? await textOfElf(given) : given;
  if (typeof code === "string") return refused(code);
  const decoded = decode(code);
  if (!decoded.ok) return refused(`slot ${decoded.error.pc}: ${decoded.error.message}`);
  const program = prepared(decoded.value, memory.length);
  const validity = validate(program, { strictness: "rfc" });
  if (!validity.ok) return refused(validity.problems[0]!.message);
  const outcome = flags.has("--jit") ? await jit(program, validity.facts, memory) : await interpreted(program, memory);
  if (outcome.kind === "returned") return { ok: true, r0: outcome.r0 };
  return refused(outcome.kind === "faulted" ? outcome.detail : "no end within the fuel");
}

const refused = (why: string): Answer => ({ ok: false, why });

/** Whitespace may stand between bytes. */
function bytesOf(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s+/g, "");
  return /^([0-9a-f]{2})*$/i.test(digits) ? Uint8Array.from(Buffer.from(digits, "hex")) : undefined;
}

/** The instructions of the first section that has any. */
async function textOfElf(bytes: Uint8Array): Promise<Uint8Array | string> {
  const { readElf, SECTION_FLAG } = await import("../spec/elf/elf.js");
  const elf = readElf(bytes);
  if (!elf.ok) return "expected an ELF file, got another";
  const code = elf.value.sections.find(({ flags, size }) => (flags & SECTION_FLAG.execute) !== 0 && size > 0);
  return code === undefined ? "expected a section of instructions, got none" : code.bytes;
}

const MOV = rowById("mov imm");
const MOV_REG = rowById("mov reg");
const UNLESS_ZERO = rowById("jne imm");
const IF_ZERO = rowById("jeq imm");
const EXIT = insn(rowById("exit"));
/** Where a function that unwinds leaves word for its callers: the value of a map of one element. */
const UNWOUND: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 8, entries: 1 };
/** r1 = its address; r1 holds nothing behind a call, and nothing that is needed before an exit. */
const LOAD_UNWOUND = [insn(rowById("lddw mapFdValue"), { dst: 1 }), insn(rowById("lddw high"))];

/** With r2 set, and calls of the helper that unwinds written out. In front of everything no distance changes. */
function prepared(code: readonly Insn[], memoryBytes: number): Program {
  const isUnwind = ({ row, imm }: Insn): boolean => row.kind === "call" && row.target === "helper" && imm === UNWIND;
  const isLocal = ({ row }: Insn): boolean => row.kind === "call" && row.target === "local";
  // Callers look whether they are to end as well.
  const hasCallers = code.some(isUnwind) && code.some(isLocal);
  const written = code.reduceRight<readonly Insn[]>((done, one, pc) => {
    if (isUnwind(one)) return replaced(done, pc, hasCallers ? UNWIND_ALL : UNWIND_ONE);
    return hasCallers && isLocal(one) ? replaced(done, pc, [done[pc]!, ...BEHIND_CALL]) : done;
  }, code);
  const maps = hasCallers ? [UNWOUND] : [];
  return { code: [[insn(MOV, { dst: 2, imm: memoryBytes }), ...written]], maps, context: "memory" };
}

/** r0 = r1, and exit where that is zero. */
const UNWIND_ONE = [insn(MOV_REG, { dst: 0, src: 1 }), insn(UNLESS_ZERO, { dst: 0, off: 1 }), EXIT];
/** The same with word for callers. */
const UNWIND_ALL = [
  ...[insn(MOV_REG, { dst: 0, src: 1 }), insn(UNLESS_ZERO, { dst: 0, off: 4 })],
  ...[...LOAD_UNWOUND, insn(rowById("stdw"), { dst: 1, imm: 1 }), EXIT],
];
const BEHIND_CALL = [
  ...[...LOAD_UNWOUND, insn(rowById("ldxdw"), { dst: 1, src: 1 })],
  ...[insn(IF_ZERO, { dst: 1, off: 1 }), EXIT],
];

/** Other instructions in place of slot `pc`; the first of them may be what was there. */
function replaced(code: readonly Insn[], pc: number, slots: readonly Insn[]): readonly Insn[] {
  const grow = slots.length - 1;
  const moved = (slot: number): number => (slot > pc ? slot + grow : slot);
  const aimed = code.map((one, from) => {
    const { row, off, imm } = one;
    const isLong = row.imm === "branch" || row.imm === "func";
    if (row.off !== "branch" && !isLong) return one;
    const distance = moved(from + 1 + (isLong ? imm : off)) - (from > pc ? moved(from) : from) - 1;
    return { ...one, ...(isLong ? { imm: distance } : { off: distance }) };
  });
  const first = slots[0] === code[pc] ? aimed[pc]! : slots[0]!;
  return [...aimed.slice(0, pc), first, ...slots.slice(1), ...aimed.slice(pc + 1)];
}

async function interpreted(program: Program, memory: Uint8Array): Promise<Outcome> {
  const { interpret } = await import("../spec/bpf/interpret.js");
  const { layoutOf } = await import("../subjects/run/layout.js");
  return interpret({ program, input: memory, layout: layoutOf(program, memory.length), fuel: FUEL });
}

async function jit(program: Program, facts: Facts, memory: Uint8Array): Promise<Outcome> {
  const { referenceEngine } = await import("../engines/reference/engine.js");
  const { runAlone } = await import("../subjects/alone.js");
  return runAlone(program, facts, memory, referenceEngine, 40 * FUEL);
}

/** The whole command. @returns the exit code */
export async function plugin(argv: readonly string[]): Promise<number> {
  try {
    const answer = await runPlugin(argv, readFileSync(0, "utf8"));
    if (answer.ok) process.stdout.write(`${answer.r0.toString(16)}\n`);
    else process.stderr.write(`rox plugin: ${answer.why}\n`);
    return answer.ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(`rox plugin: ${(error as Error).message}\n`);
    return 1;
  }
}
