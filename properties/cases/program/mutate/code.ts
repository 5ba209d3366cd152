// Small changes to code that is known to be worth something: each takes code and gives other code, or undefined where it
// finds nothing to change. Whether the result is valid is for the caller to find out.

import { branchTarget, type Insn, withDistance } from "../../../../spec/bpf/insn.js";
import { ROWS, type Row } from "../../../../spec/bpf/isa.js";
import { type Dialect, inside } from "../../../../subjects/dialect.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { displacement, divisor, half, immediate, shift } from "../blocks/immediates.js";
import { settle, without } from "../shrink/code.js";

export type Code = readonly Insn[];
/** @param dialect what rows may be taken from */
export type CodeEdit = (code: Code, draw: Draw, other: Code, dialect: Dialect) => Code | undefined;

/** Rows that may stand in for one another: the same fields with the same uses. */
const ALIKE = new Map<string, Row[]>();
export const likeness = ({ kind, dst, src, off, imm, group }: Row): string =>
  [kind, dst, src, off, imm, group === "kernel"].join();
for (const row of ROWS) {
  const key = likeness(row);
  ALIKE.set(key, [...(ALIKE.get(key) ?? []), row]);
}

const at = (code: Code, draw: Draw, fits: (insn: Insn) => boolean): number => {
  const places = code.flatMap((insn, pc) => (fits(insn) ? [pc] : []));
  return places.length === 0 ? -1 : draw.pick(places);
};

const changed = (code: Code, pc: number, fields: Partial<Insn>): Code =>
  code.with(pc, { ...code[pc]!, ...fields } as Insn);

/** `dst` and `src` change places. */
export const swapOperands: CodeEdit = (code, draw) => {
  const pc = at(code, draw, ({ row, dst, src }) => row.src === "r" && row.dst !== "none" && dst !== src);
  return pc < 0 ? undefined : changed(code, pc, { dst: code[pc]!.src, src: code[pc]!.dst });
};

/** Both operands in one register. */
export const aliasOperands: CodeEdit = (code, draw) => {
  const pc = at(code, draw, ({ row, dst, src }) => (row.src === "r" || row.src === "rw") && dst !== src);
  if (pc < 0) return undefined;
  const { dst, src } = code[pc]!;
  return draw.chance(50) ? changed(code, pc, { src: dst }) : changed(code, pc, { dst: src });
};

/** Another constant or displacement, mostly where A64's encodings end. */
export const edgeImmediate: CodeEdit = (code, draw) => {
  const pc = at(
    code,
    draw,
    ({ row }) => row.off === "mem" || ["any", "divisor", "shift", "low", "high"].includes(row.imm),
  );
  if (pc < 0) return undefined;
  const { row, off } = code[pc]!;
  if (row.off === "mem" && (row.imm !== "any" || draw.chance(50))) {
    return changed(code, pc, { off: draw.chance(40) ? clampOff(off + draw.between(-8, 8)) : displacement(draw) });
  }
  switch (row.imm) {
    case "divisor":
      return changed(code, pc, { imm: divisor(draw) });
    case "shift":
      return changed(code, pc, { imm: shift(draw, row.kind === "alu" ? row.width : 64) });
    case "low":
    case "high":
      return changed(code, pc, { imm: half(draw) });
    default:
      return changed(code, pc, { imm: immediate(draw) });
  }
};

const clampOff = (off: number): number => Math.max(-0x8000, Math.min(0x7fff, off));

/** Another row of the same fields: another operation, width or condition. */
export const otherRow: CodeEdit = (code, draw, _other, dialect) => {
  const pc = at(code, draw, ({ row }) => dialect.forms.has(row.id) && (ALIKE.get(likeness(row))?.length ?? 0) > 1);
  if (pc < 0) return undefined;
  const insn = code[pc]!;
  const row = draw.pick(inside(ALIKE.get(likeness(insn.row))!, dialect));
  const { select } = row;
  const imm = row.imm === "divisor" && insn.imm === 0 ? 1 : insn.imm;
  return code.with(pc, {
    ...insn,
    row,
    src: select.src ?? insn.src,
    off: select.off ?? insn.off,
    imm: select.imm ?? imm,
  });
};

/** One instruction less. */
export const dropOne: CodeEdit = (code, draw) => {
  const pc = at(code, draw, ({ row }) => row.kind !== "lddwHigh" && row.kind !== "exit");
  return pc < 0 || code.length < 3 ? undefined : settle(without(code, pc, pc + 1))?.code;
};

/** A stretch of another program's straight code in the middle of this one. */
export const splice: CodeEdit = (code, draw, other) => {
  const start = draw.below(other.length);
  let end = start;
  const longest = draw.between(1, 8);
  while (end < other.length && end - start < longest && isStraight(other[end]!)) end++;
  if (end === start || other[start]!.row.kind === "lddwHigh") return undefined;
  if (other[end - 1]!.row.kind === "lddw") end--;
  return end <= start ? undefined : inserted(code, draw.below(code.length), other.slice(start, end));
};

const STRAIGHT: readonly Row["kind"][] = [
  "alu",
  "neg",
  "movsx",
  "end",
  "load",
  "store",
  "storeImm",
  "atomic",
  "lddwHigh",
];
const isStraight = ({ row }: Insn): boolean =>
  STRAIGHT.includes(row.kind) || (row.kind === "lddw" && row.source === "imm64");

/** Lengths that push what follows over a page, and branches over what small fields hold. */
const SMALL_GROWTHS = [8, 15, 31, 60] as const;
const LARGE_GROWTHS = [250, 500, 1020, 1100, 2050, 4200] as const;
/** A branch distance in slots is 16 bits wide. */
const MOST_SLOTS = 32_000;

/** Make the way of a jump longer, by repeating an instruction that lies on it. */
export const growBranch: CodeEdit = (code, draw) => {
  const jump = at(code, draw, ({ row }) => row.kind === "jump" || row.kind === "ja");
  if (jump < 0) return growAnywhere(code, draw);
  const target = branchTarget(code[jump]!, jump) ?? jump;
  const [low, high] = target > jump ? [jump + 1, target] : [target, jump];
  const between = code.slice(low, high).findIndex(isRepeatable);
  return between < 0 ? growAnywhere(code, draw) : repeated(code, low + between, draw);
};

function growAnywhere(code: Code, draw: Draw): Code | undefined {
  const pc = at(code, draw, isRepeatable);
  return pc < 0 ? undefined : repeated(code, pc, draw);
}

const isRepeatable = ({ row }: Insn): boolean => row.kind === "alu" && row.width === 64;

function repeated(code: Code, pc: number, draw: Draw): Code | undefined {
  const times = draw.pick(draw.chance(85) ? SMALL_GROWTHS : LARGE_GROWTHS);
  return inserted(code, pc, new Array<Insn>(times).fill(code[pc]!));
}

/** Slots put in front of slot `pc`; jumps to it lead to them. Undefined where a distance does not fit any more. */
export function inserted(code: Code, pc: number, slots: Code): Code | undefined {
  if (code[pc]?.row.kind === "lddwHigh" || code.length + slots.length > MOST_SLOTS) return undefined;
  const grow = slots.length;
  const moved = (slot: number): number => (slot > pc ? slot + grow : slot);
  const result: Insn[] = [];
  for (const [from, insn] of code.entries()) {
    if (from === pc) result.push(...slots);
    const target = branchTarget(insn, from);
    if (target === undefined) {
      result.push(insn);
      continue;
    }
    const place = from >= pc ? from + grow : from;
    const distance = moved(target) - place - 1;
    if (insn.row.off === "branch" && distance !== (distance << 16) >> 16) return undefined;
    result.push(withDistance(insn, distance));
  }
  return result;
}
