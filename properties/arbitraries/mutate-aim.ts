// Changes with an aim: an instruction of a certain row with operands of a certain kind, which were seen seldom. The code
// has an instruction with the same fields somewhere; it becomes the one wanted, and what stands around it is made to fit.

import { FP, type Insn, insn } from "../../spec/bpf/insn.js";
import { type Row, rowById } from "../../spec/bpf/isa.js";
import { operandsOf } from "../cells/operands.js";
import type { Draw } from "./draw.js";
import { displacement, immediate, shift } from "./immediates.js";
import { type Code, inserted, likeness } from "./mutate-code.js";

export interface Goal {
  /** Id of an instruction row. */
  readonly row: string;
  /** As `operandsOf` names them. */
  readonly operands: string;
}

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
  if (row.off === "mem") fields.off = displacement(draw);
  if (row.src === "r" && draw.chance(30)) fields.src = fields.dst;
  return insn(row, fields);
}

function fitted(code: Code, pc: number, slot: Insn, operands: string, draw: Draw): Code | undefined {
  const changed = code.with(pc, slot);
  if (slot.row.kind === "jump") return withDistance(changed, pc, operands.split("/")[1] ?? "", draw);
  if (slot.row.off === "mem") {
    const based = withBase(changed, pc, code[pc]!.off - slot.off);
    return based && slot.row.kind === "atomic" && slot.dst === slot.src ? withSavedBase(based, slot) : based;
  }
  return changed;
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

/** An atomic that leaves its result in its base: a register that nobody uses keeps the address for what follows. */
function withSavedBase(code: Code, slot: Insn): Code | undefined {
  const pc = code.indexOf(slot);
  const spare = SAVED.find((register) => code.every(({ dst, src }) => dst !== register && src !== register));
  if (pc < 0 || spare === undefined) return code;
  const behind = inserted(code, pc + 1, [insn(MOV, { dst: slot.dst, src: spare })]);
  return behind && inserted(behind, pc, [insn(MOV, { dst: spare, src: slot.dst })]);
}
/** Registers that calls leave alone. */
const SAVED = [6, 7, 8, 9] as const;

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
