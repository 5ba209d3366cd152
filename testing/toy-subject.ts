// A subject that is no JIT at all: every function that it loads is a call of an interpreter, over the machine's memory.
// Packs, text poke and trampolines are those of `impl`. Tests prove with it that everything works with any subject.

import { type Trap, TrapFault } from "../engines/engine.js";
import { pointer, type Va, vaOf } from "../machine/address.js";
import { type U64, u64 } from "../spec/bits.js";
import { ALU, MOVSX, NEG } from "../spec/bpf/alu.js";
import { ATOMIC } from "../spec/bpf/atomic.js";
import { BYTE_ORDER } from "../spec/bpf/byte-order.js";
import { branchTarget, type Insn, insn, lddwHalves } from "../spec/bpf/insn.js";
import { rowById } from "../spec/bpf/isa.js";
import { JUMP } from "../spec/bpf/jump.js";
import { impl } from "../subjects/impl/index.js";
import { ImplKernel } from "../subjects/impl/kernel.js";
import { STACK } from "../subjects/run/layout.js";
import { DEFAULT_ENV, type JitFunction, type LoadResult, type Subject } from "../subjects/subject.js";

const INTERPRETER = 0x8000_8100_0000;
/** The low end of the stack, which no stand-in gets to. */
const FRAMES = STACK.base;
const FRAME_BYTES = 512;
const PLACES = 256;

/** `r2 = r10; call the interpreter; exit`, with the frame of the function that it stands for. */
const standIn = (fn: JitFunction, callee: Va, callBase: Va): JitFunction => ({
  insns: [
    insn(rowById("mov reg"), { dst: 2, src: 10 }),
    insn(rowById("call helper"), { imm: callee - callBase }),
    insn(rowById("exit")),
  ],
  index: fn.index,
  stackDepth: fn.stackDepth,
});

/** What a function may be given that this one knows nothing of. */
const PARTS = [
  { key: "stackArguments", what: "arguments beyond five" },
  { key: "privateStack", what: "private stacks" },
  { key: "arena", what: "arenas" },
] as const;

class ToyKernel extends ImplKernel {
  /** By place: what is to be interpreted there. */
  private readonly functions: { readonly all: readonly JitFunction[]; readonly fn: JitFunction }[] = [];
  private helpers: ReadonlyMap<Va, Trap> = new Map();
  private next = 0;

  traps(helpers: ReadonlyMap<Va, Trap>): ReadonlyMap<Va, Trap> {
    this.helpers = helpers;
    const trapOf =
      (place: number): Trap =>
      ([context, frame]) => {
        const { all, fn } = this.functions[place]!;
        return this.call(all, fn, [context!], frame!, 0);
      };
    return new Map(Array.from({ length: PLACES }, (_, place) => [INTERPRETER + 4 * place, trapOf(place)]));
  }

  override loadProgram(functions: readonly JitFunction[]): LoadResult {
    const { smpProcessorId, currentTask } = this.env.inlined;
    const isInlined = ({ row, imm }: Insn): boolean =>
      row.kind === "call" && row.target === "helper" && [...smpProcessorId, ...currentTask].includes(imm);
    // Nothing lies where an instruction array says.
    const isLacking = (one: Insn): boolean => one.row.group === "kernel" || one.row.kind === "gotox" || isInlined(one);
    const missing = functions.flatMap(({ insns }) => insns).find(isLacking);
    const part = PARTS.find(({ key }) => functions.some((fn) => fn[key] !== undefined));
    if (part !== undefined) {
      return { ok: false, index: 0, functions: [], error: { kind: "missing", what: part.what } };
    }
    if (missing !== undefined) {
      return { ok: false, index: 0, functions: [], error: { kind: "missing", what: missing.row.id } };
    }
    const standIns = functions.map((fn) => {
      const place = this.next++ % PLACES;
      this.functions[place] = { all: functions, fn };
      return standIn(fn, INTERPRETER + 4 * place, this.env.callBase);
    });
    return super.loadProgram(standIns);
  }

  private call(
    functions: readonly JitFunction[],
    fn: JitFunction,
    args: readonly bigint[],
    frame: bigint,
    depth: number,
  ): U64 {
    const r = Array.from({ length: 11 }, (_, i) => u64(i === 10 ? frame : (args[i - 1] ?? 0n)));
    for (let pc = 0; ; ) {
      const at = fn.insns[pc]!;
      const { row, dst, src, off, imm } = at;
      const operand = (row.kind === "alu" || row.kind === "jump") && row.operand === "reg" ? r[src]! : u64(BigInt(imm));
      if (row.kind === "exit") return r[0]!;
      if (row.kind === "ja") pc = branchTarget(at, pc)!;
      else if (row.kind === "jump") pc = JUMP[row.width][row.op](r[dst]!, operand) ? branchTarget(at, pc)! : pc + 1;
      else {
        if (row.kind === "call") {
          const next = pointer(FRAMES + depth * FRAME_BYTES) + BigInt(FRAME_BYTES);
          r[0] =
            row.target === "local"
              ? this.call(functions, functions[off]!, r.slice(1, 6), next, depth + 1)
              : this.helper(imm, r);
        } else if (row.kind === "alu") r[dst] = ALU[row.width][row.op](r[dst]!, operand);
        else if (row.kind === "neg") r[dst] = NEG[row.width](r[dst]!);
        else if (row.kind === "movsx") r[dst] = MOVSX[row.width](r[src]!, row.from);
        else if (row.kind === "end") r[dst] = BYTE_ORDER[row.order](r[dst]!, row.bits);
        else if (row.kind === "lddw") r[dst] = constant(fn.insns, pc);
        else this.access(at, r);
        pc += row.kind === "lddw" ? 2 : 1;
      }
    }
  }

  private helper(imm: number, r: readonly U64[]): U64 {
    const trap = this.helpers.get(this.env.callBase + imm);
    if (trap === undefined) throw new TrapFault(`no helper at ${imm}`);
    return u64(trap(BigUint64Array.from(r.slice(1, 6)), 0n));
  }

  private access({ row, dst, src, off, imm }: Insn, r: U64[]): void {
    if (row.kind === "load") {
      const value = this.read(r[src]! + BigInt(off), row.size);
      r[dst] = row.signed ? u64(BigInt.asIntN(8 * row.size, value)) : u64(value);
    } else if (row.kind === "loadAcquire") r[dst] = u64(this.read(r[src]! + BigInt(off), row.size));
    else if (row.kind === "store" || row.kind === "storeRelease") this.write(r[dst]! + BigInt(off), row.size, r[src]!);
    else if (row.kind === "storeImm") this.write(r[dst]! + BigInt(off), row.size, BigInt(imm));
    else if (row.kind === "atomic") {
      const cut = (value: bigint): U64 => BigInt.asUintN(8 * row.size, value) as U64;
      const old = u64(this.read(r[dst]! + BigInt(off), row.size));
      this.write(r[dst]! + BigInt(off), row.size, ATOMIC[row.op](old, cut(r[src]!), cut(r[0]!)));
      if (row.fetch) r[row.op === "cmpxchg" ? 0 : src] = old;
    } else throw new TrapFault(`the toy has no ${row.id}`);
  }

  private read(address: bigint, size: number): bigint {
    return this.machine.peek(this.place(address), size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  private write(address: bigint, size: number, value: bigint): void {
    this.machine.write(
      this.place(address),
      Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 255n)),
    );
  }

  private place(address: bigint): Va {
    const va = vaOf(u64(address));
    if (va === undefined || this.machine.mapping(va) === undefined) throw new TrapFault(`access at ${address}`);
    return va;
  }
}

function constant(insns: readonly Insn[], pc: number): U64 {
  const { low, high } = lddwHalves(insns, pc);
  return u64((BigInt(high) << 32n) | BigInt(low >>> 0));
}

const compiled = (fn: JitFunction): JitFunction => standIn(fn, INTERPRETER, DEFAULT_ENV.callBase);

export const toySubject: Subject = {
  ...impl,
  name: "toy",
  mute: new Map(
    ["branches-land", "calls-reach", "exception-entries", "landing-pads"].map((name) => [
      name,
      "its words stand for what is interpreted",
    ]),
  ),
  boot: (options) => new ToyKernel(options),
  compile: (functions, env, place) => impl.compile(functions.map(compiled), env, place),
  imageBytes: (fn, env) => impl.imageBytes(compiled(fn), env),
  frameOf: (fn) => impl.frameOf(compiled(fn)),
  checks: [],
};
