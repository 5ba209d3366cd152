// Changes with an aim: an instruction of a certain row with operands of a certain kind, which were seen seldom. The code
// has an instruction with the same fields somewhere; it becomes the one wanted, and what stands around it is made to fit.

import { FP, type Insn, insn, withFields } from "../../../../spec/bpf/insn.js";
import { type Row, rowById } from "../../../../spec/bpf/isa.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { operandsOf } from "../../../coverage/operands.js";
import { displacement, immediate, shift } from "../blocks/immediates.js";
import { type Code, inserted, likeness } from "./code.js";
import type { Goal } from "./seldom.js";

const TRIES = 60;
const ADD = rowById("add imm");
const MOV = rowById("mov reg");

/** Undefined if the code has nothing that could become it. */
export function aimAt(code: Code, draw: Draw, { row: id, operands }: Goal): Code | undefined {
  const row = rowById(id);
  const like = likeness(row);
  const places = code.flatMap((slot, pc) => (likeness(slot.row) === like ? [pc] : []));
  if (places.length === 0) return undefined;
  const pc = draw.pick(places);
  const old = code[pc]!;
  for (let tries = 0; tries < TRIES; tries++) {
    const slot = candidate(old, row, draw);
    if (wanted(slot, operands)) return fitted(code, pc, slot, operands, draw);
  }
  return undefined;
}

/** A jump's distance is for `fitted` to change. */
const wanted = (slot: Insn, operands: string): boolean =>
  slot.row.kind === "jump" ? operandsOf(slot).split("/")[0] === operands.split("/")[0] : operandsOf(slot) === operands;

function candidate(old: Insn, row: Row, draw: Draw): Insn {
  const fields = { dst: old.dst, src: old.src, off: old.off, imm: old.imm };
  if (row.imm === "any" || row.imm === "divisor") fields.imm = draw.chance(20) ? draw.between(-1, 1) : immediate(draw);
  if (row.imm === "shift") fields.imm = shift(draw, row.kind === "alu" ? row.width : 64);
  if (row.imm === "divisor" && fields.imm === 0) fields.imm = 1;
  if (row.off === "mem") fields.off = offset(old.off, row, draw);
  if ((row.src === "r" || row.src === "rw") && draw.chance(30)) fields.src = fields.dst;
  return insn(row, fields);
}

/** The old one often fits, none is a kind of its own, and an atomic access must be aligned. */
function offset(old: number, row: Row, draw: Draw): number {
  if (draw.chance(40)) return draw.chance(50) ? old : 0;
  const other = displacement(draw);
  return row.kind === "atomic" ? other - (other % row.size) : other;
}

function fitted(code: Code, pc: number, slot: Insn, operands: string, draw: Draw): Code | undefined {
  const changed = code.with(pc, slot);
  const old = code[pc]!;
  if (slot.row.kind === "atomic" && slot.dst === slot.src && old.dst !== old.src) return inOneRegister(code, pc, slot);
  if (slot.row.kind === "jump") return withDistance(changed, pc, operands.split("/")[1] ?? "", draw);
  if (slot.row.off === "mem") return withBase(changed, pc, old.off - slot.off);
  return changed;
}

/**
 * An atomic whose base is its data as well. The base is copied into what was the data, which a fetch overwrites anyway: the
 * rest of the program is rarely valid without the old base.
 */
function inOneRegister(code: Code, pc: number, slot: Insn): Code | undefined {
  const { dst: base, src: data, off } = code[pc]!;
  const copy = [insn(MOV, { dst: data, src: base }), insn(ADD, { dst: data, imm: off - slot.off })];
  return inserted(code.with(pc, withFields(slot, { dst: data, src: data })), pc, copy);
}

/** Let the base make up for another offset, before and after the access. */
function withBase(code: Code, pc: number, by: number): Code | undefined {
  const { row, dst, src } = code[pc]!;
  const base = row.kind === "load" ? src : dst;
  if (by === 0 || base === FP) return code;
  const isOverwritten = row.kind === "load" && dst === src;
  const behind = isOverwritten ? code : inserted(code, pc + 1, [insn(ADD, { dst: base, imm: -by })]);
  return behind && inserted(behind, pc, [insn(ADD, { dst: base, imm: by })]);
}

const GROWTH: Readonly<Record<string, number>> = { near: 8, mid: 60, far: 1200, "-near": 8, "-mid": 60, "-far": 1200 };

/** Make a jump longer until it is of the wanted kind. */
function withDistance(code: Code, pc: number, wantedDistance: string, draw: Draw): Code {
  const slot = code[pc]!;
  if ((operandsOf(slot).split("/")[1] ?? "") === wantedDistance) return code;
  const times = GROWTH[wantedDistance];
  if (times === undefined || slot.off < 0 !== wantedDistance.startsWith("-") || (times > 1000 && !draw.chance(5)))
    return code;
  const filler = code.find(({ row, src }) => row.kind === "alu" && row.width === 64 && src !== FP);
  if (filler === undefined || slot.off === 0) return code;
  const place = slot.off > 0 ? pc + 1 : pc + 1 + slot.off;
  return inserted(code, place === pc ? pc : place, new Array<Insn>(times).fill(filler)) ?? code;
}
