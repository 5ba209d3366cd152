// The programs of workloads: as long as the workload says, of instructions that cost a JIT what those of real ones do.

import { halves, type Va } from "../../machine/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import type { JitFunction } from "../../subjects/subject.js";
import type { Contents } from "./workload.js";

const MOV = rowById("mov imm");
const LDDW = rowById("lddw imm64");
const LDDW_HIGH = rowById("lddw high");
const CALL = rowById("call helper");
const EXIT = insn(rowById("exit"));
const MAP: Va = 0x0000_8000_1000;
/** Distances of a few helpers from the base that calls are relative to. */
const HELPERS = [0x1000, 0x2480, 0x7f40, -0x3000];
/** Instructions that are drawn once; programs are made of them. */
const POOL = 4096;

const mov = (draw: Draw): Insn => insn(MOV, { dst: draw.below(10), imm: draw.word() | 0 });
const call = (draw: Draw): Insn => insn(CALL, { imm: draw.pick(HELPERS) });

const MIXED = [
  { row: rowById("add reg"), fields: (draw: Draw) => ({ dst: draw.below(9), src: draw.below(9) }) },
  { row: rowById("and imm"), fields: (draw: Draw) => ({ dst: draw.below(9), imm: draw.below(4096) }) },
  { row: rowById("mov reg"), fields: (draw: Draw) => ({ dst: draw.below(9), src: draw.below(9) }) },
  { row: rowById("ldxw"), fields: (draw: Draw) => ({ dst: draw.below(9), src: 1, off: 4 * draw.below(16) }) },
  { row: rowById("stxdw"), fields: (draw: Draw) => ({ dst: 10, src: draw.below(9), off: -8 * draw.between(1, 16) }) },
  { row: rowById("jeq imm"), fields: (draw: Draw) => ({ dst: draw.below(9), imm: draw.below(256) }) },
  { row: MOV, fields: (draw: Draw) => ({ dst: draw.below(9), imm: draw.word() | 0 }) },
  { row: CALL, fields: (draw: Draw) => ({ imm: draw.pick(HELPERS) }) },
];

export class Programs {
  private readonly pools: Readonly<Record<Exclude<Contents, "maps">, readonly Insn[]>>;
  private readonly maps: readonly (readonly [Insn, Insn])[];
  private from = 0;

  constructor(seed: number) {
    const draw = new Draw(randomSource(seed, 1));
    const pool = (one: () => Insn): readonly Insn[] => Array.from({ length: POOL }, one);
    this.pools = {
      moves: pool(() => mov(draw)),
      calls: pool(() => (draw.chance(25) ? call(draw) : mov(draw))),
      mixed: pool(() => {
        const { row, fields } = draw.pick(MIXED);
        return insn(row, fields(draw));
      }),
    };
    const { high, low } = halves(MAP);
    this.maps = Array.from({ length: 10 }, (_, dst) => [
      insn(LDDW, { dst, imm: low | 0 }),
      insn(LDDW_HIGH, { imm: high | 0 }),
    ]);
  }

  /** `slots` instructions of 8 bytes, the last one an exit. */
  make(slots: number, contents: Contents): JitFunction {
    const insns: Insn[] = [];
    this.from = (this.from + 1) % POOL;
    if (contents === "maps") {
      while (insns.length + 2 < slots) insns.push(...this.maps[(this.from + insns.length / 2) % this.maps.length]!);
    }
    const pool = this.pools[contents === "maps" ? "moves" : contents];
    while (insns.length + 1 < slots) insns.push(pool[(this.from + insns.length) % POOL]!);
    insns.push(EXIT);
    return { insns, index: 0, stackDepth: contents === "mixed" ? 128 : 0 };
  }
}
