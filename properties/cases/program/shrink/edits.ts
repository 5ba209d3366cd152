// Ways to make one piece of code smaller or plainer. Each yields drafts, most of them nonsense: the caller keeps what is
// valid, simpler and still shows what it is looking for.

import { type Insn, insn, withFields } from "../../../../spec/bpf/insn.js";
import { type Row, rowById } from "../../../../spec/bpf/isa.js";
import { type Draft, overwritten, straightened, without } from "./code.js";
import { complexity } from "./weight.js";

export type Drafts = Generator<Draft>;

const EXIT = rowById("exit");
const MOV = rowById("mov imm");
const MOV_REG = rowById("mov reg");
const GOTO = rowById("ja");
const REGISTERS = 10;

/** Delete stretches: halves, quarters, ... single slots. */
export function* deletions(code: readonly Insn[]): Drafts {
  for (let size = Math.ceil(code.length / 2); ; size = Math.ceil(size / 2)) {
    for (let start = 0; start < code.length; start += size) {
      const high = code[start]?.row.kind === "lddw" && size === 1 ? 1 : 0;
      yield without(code, start, start + size + high);
    }
    if (size === 1) return;
  }
}

/** The blocks in the order in which they are met. */
export function* layouts(code: readonly Insn[]): Drafts {
  // What an instruction array names stays where it is.
  if (code.every(({ row }) => row.kind !== "gotox")) yield [...straightened(code)];
}

/** Leave early: with r0 as it is, or with another register as the result. */
export function* exits(code: readonly Insn[]): Drafts {
  const used = new Set(code.map(({ dst }) => dst));
  for (let pc = 0; pc < code.length; pc++) {
    if (code[pc]!.row.kind === "lddwHigh") continue;
    yield overwritten(code, pc, insn(EXIT));
    if (pc + 1 >= code.length) continue;
    for (let src = 1; src < REGISTERS; src++) {
      if (used.has(src)) yield overwritten(code, pc, insn(MOV_REG, { src }), insn(EXIT));
    }
  }
}

/** Do without a copy: what follows reads the original, or what made the original writes the copy. */
export function* foldings(code: readonly Insn[]): Drafts {
  for (const [pc, { row, dst, src }] of code.entries()) {
    if (row !== MOV_REG || dst === src) continue;
    const shorter = without(code, pc, pc + 1);
    yield shorter.map((slot, at) => (slot !== undefined && at > pc ? renamed(slot, dst, src) : slot));
    yield shorter.map((slot, at) => (slot !== undefined && at < pc ? renamed(slot, src, dst) : slot));
    const reader = code[pc + 1];
    if (reader !== undefined && readsSrc(reader) && reader.src === dst) shorter[pc + 1] = { ...reader, src };
    yield shorter;
  }
}

/** Do without a displacement of a pointer, which the accesses through it take over. */
export function* displacements(code: readonly Insn[]): Drafts {
  for (const [pc, { row, dst, imm }] of code.entries()) {
    if (row.kind !== "alu" || (row.op !== "add" && row.op !== "sub") || row.operand === "reg") continue;
    const by = row.op === "add" ? imm : -imm;
    yield without(code, pc, pc + 1).map((slot, at) => {
      if (slot?.row.off !== "mem" || at < pc || (slot.row.kind === "load" ? slot.src : slot.dst) !== dst) return slot;
      const off = slot.off + by;
      return off === (off << 16) >> 16 ? withFields(slot, { off }) : slot;
    });
  }
}

const readsSrc = ({ row }: Insn): boolean => row.src === "r";

/** Enter a local function at once instead of calling it, or skip whatever a call does. */
export function* calls(code: readonly Insn[]): Drafts {
  for (const [pc, slot] of code.entries()) {
    if (slot.row.kind !== "call") continue;
    for (const imm of [0, 1, -1]) yield overwritten(code, pc, insn(MOV, { imm }));
    if (slot.row.target === "local") yield overwritten(code, pc, insn(rowById("gotol"), { imm: slot.imm }));
  }
}

/** A conditional jump never or always taken. */
export function* jumps(code: readonly Insn[]): Drafts {
  for (const [pc, slot] of code.entries()) {
    if (slot.row.kind === "jump") {
      yield without(code, pc, pc + 1);
      yield overwritten(code, pc, insn(GOTO, { off: slot.off }));
    } else if (slot.row.kind === "ja" && slot.row.field === "imm" && slot.imm === (slot.imm << 16) >> 16) {
      yield overwritten(code, pc, insn(GOTO, { off: slot.imm }));
    }
  }
}

/** Replace one instruction by a plainer one. */
export function* replacements(code: readonly Insn[]): Drafts {
  for (const [pc, slot] of code.entries())
    for (const plainer of plainerThan(slot)) yield overwritten(code, pc, plainer);
}

/** Both ends of the widths, and what sign extension turns on. */
const VALUES = [0, 1, -1, 2, 3, 0x80, 0x8000, -0x8000_0000] as const;

function* plainerThan(slot: Insn): Generator<Insn> {
  const { row, dst } = slot;
  const writes = row.dst === "w" || row.dst === "rw" ? dst : row.src === "rw" ? slot.src : -1;
  if (row.kind === "alu" && row.op === "mov" && row.operand === "imm") yield insn(MOV, { dst, imm: slot.imm });
  if (row.kind === "lddw" && row.source === "imm64") yield insn(MOV, { dst, imm: slot.imm });
  if (writes >= 0) for (const imm of VALUES) yield insn(MOV, { dst: writes, imm });
  switch (row.kind) {
    case "alu":
      if (row.operand === "reg") yield* withImmediate(slot, rowById(row.id.replace("reg", "imm")));
      return;
    case "jump":
      if (row.operand === "reg") yield* withImmediate(slot, rowById(row.id.replace("reg", "imm")));
      return;
    case "store":
      yield* withImmediate(slot, rowById(row.id.replace("stx", "st")));
      return;
    case "atomic":
      if (row.fetch && row.op !== "xchg" && row.op !== "cmpxchg") {
        yield insn(rowById(row.id.replace("fetch ", "")), { dst, src: slot.src, off: slot.off });
      }
      return;
    default:
      return;
  }
}

function* withImmediate({ dst, off, row: { kind } }: Insn, row: Row): Generator<Insn> {
  for (const imm of [...VALUES, 31]) yield insn(row, kind === "alu" ? { dst, imm } : { dst, off, imm });
}

/** Bring constants closer to 0. */
export function* constants(code: readonly Insn[]): Drafts {
  for (const [pc, slot] of code.entries()) {
    const { imm: use } = slot.row;
    const chosen = use !== "none" && use !== "select" && use !== "branch" && use !== "func" && use !== "helper";
    if (chosen) for (const imm of closerToZero(slot.imm)) yield overwritten(code, pc, withFields(slot, { imm }));
    if (slot.row.off === "mem") {
      for (const off of closerToZero(slot.off)) yield overwritten(code, pc, withFields(slot, { off }));
    }
  }
}

/** Simpler numbers, simplest first. */
function closerToZero(x: number): readonly number[] {
  if (x === 0) return [];
  const half = Math.trunc(x / 2);
  const candidates = [
    0,
    1,
    -1,
    2,
    Math.trunc(x / 65536),
    Math.trunc(x / 256),
    half,
    half - (half % 8),
    x & (x - 1),
    -x,
  ];
  const limit = complexity(x);
  return [...new Set(candidates)].filter((y) => complexity(y) < limit && y === (y | 0) + 0);
}

/** Call a register by a lower number everywhere, one at a time; a copy between the two then means nothing. */
export function* renamings(code: readonly Insn[]): Drafts {
  const used = new Set(code.flatMap(({ row, dst, src }) => (row.src === "select" ? [dst] : [dst, src])));
  for (let from = REGISTERS - 1; from > 0; from--) {
    if (!used.has(from)) continue;
    for (let to = 0; to < from; to++) yield code.map((slot) => renamed(slot, from, to));
  }
}

function renamed(slot: Insn, from: number, to: number): Insn {
  const { row, dst, src } = slot;
  const hasSrc = row.src !== "none" && row.src !== "select";
  if (dst !== from && !(hasSrc && src === from)) return slot;
  return withFields(slot, { dst: dst === from ? to : dst, src: hasSrc && src === from ? to : src });
}
