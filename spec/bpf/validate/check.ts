// The rules that need to know what the registers hold, applied once to each slot that can be reached; and what later
// passes want to know of it: how deep the stack of each function goes and which accesses are to fields of the context.

import { fieldAccess } from "../context-fields.js";
import type { Insn } from "../insn.js";
import { LEGACY_CONTEXT } from "../legacy-load.js";
import { hasFields, type Program } from "../program.js";
import { checkContext, checkLocalCall, checkModelledCall, checkRead, type Site } from "./check-call.js";
import type { Flow } from "./flow.js";
import { CONTEXT, FRAME, MAP, MAY_BE_CONTEXT, MAY_BE_FRAME, MAY_BE_NULL, NULLABLE } from "./lattice.js";
import type { Report } from "./problem.js";
import { Registers } from "./registers.js";
import { StackUse } from "./stack-use.js";

type AccessKind = "load" | "signed load" | "store" | "atomic";

export class Checker implements Site {
  readonly code: readonly Insn[];
  readonly stack: StackUse;
  /** Slots of loads and stores. */
  readonly contextLoads = new Set<number>();
  readonly registers: Registers;

  /** Checks every block, in the order of the slots. `leaked` as for `flow`. */
  constructor(
    flow: Flow,
    readonly program: Program,
    leaked: boolean,
    readonly report: Report,
  ) {
    this.code = flow.code;
    this.registers = new Registers(program.context, leaked);
    const { blocks, starts, ends } = flow.functions;
    this.stack = new StackUse(starts.length);
    blocks.forEach((start, block) => {
      if (start >= ends[this.stack.current]!) this.stack.current++;
      if (flow.states.isReached(block)) this.#block(flow, block);
      else report(start, "unreachable", "no path leads here");
    });
  }

  #block({ states, functions: { blocks } }: Flow, block: number): void {
    const end = blocks[block + 1] ?? this.code.length;
    states.load(block, this.registers);
    for (let pc = blocks[block]!; pc < end; pc++) {
      this.#slot(pc);
      this.registers.step(this.code, pc);
    }
  }

  #slot(pc: number): void {
    const slot = this.code[pc]!;
    const { row, dst, src, off } = slot;
    if (row.src === "r" || row.src === "rw") checkRead(this, pc, src);
    if (row.dst === "r" || row.dst === "rw") checkRead(this, pc, dst);
    switch (row.kind) {
      case "alu":
        this.#arithmetic(pc, slot);
        break;
      case "load":
        this.#access(pc, src, off, row.size, row.signed ? "signed load" : "load");
        break;
      case "atomic":
        if (row.op === "cmpxchg") checkRead(this, pc, 0);
        this.#stores(src);
        this.#access(pc, dst, off, row.size, "atomic");
        break;
      case "loadAcquire":
        this.#access(pc, src, off, row.size, "atomic");
        break;
      case "storeRelease":
        this.#stores(src);
        this.#access(pc, dst, off, row.size, "atomic");
        break;
      case "store":
        this.#stores(src);
        this.#access(pc, dst, off, row.size, "store");
        break;
      case "storeImm":
        this.#access(pc, dst, off, row.size, "store");
        break;
      case "stackArgument":
        if (row.op === "store") this.#stores(src);
        if (row.op === "load" && !this.registers.hasStackArgument(off)) {
          const name = `argument ${5 + off / 8}`;
          this.report(pc, "uninitialisedRegister", `${name} is read, but not there on every path to here`);
        }
        break;
      case "legacyLoad":
        checkRead(this, pc, LEGACY_CONTEXT);
        checkContext(this, pc, LEGACY_CONTEXT);
        break;
      case "call":
        if (row.target === "local") checkLocalCall(this);
        else checkModelledCall(this, pc, row.target, slot.imm);
        break;
      case "exit":
        this.#exit(pc);
        break;
      default:
        break;
    }
  }

  /** Linux: adjust_ptr_min_max_vals; a pointer may be moved and compared, not computed with. */
  #arithmetic(pc: number, { row, dst, src }: Insn): void {
    if (row.kind !== "alu" || row.op === "mov") return;
    const isPointer = (r: number): boolean => isPointerKind(this.registers.kind[r]!);
    const right = row.operand === "reg" && isPointer(src);
    if (!isPointer(dst) && !right) return;
    if (this.registers.kind[dst] === NULLABLE || (right && this.registers.kind[src] === NULLABLE)) {
      this.report(pc, "nullPointer", `${row.id} on a pointer that may be 0`);
      return;
    }
    const subtracts = row.op === "sub" && (isPointer(dst) || row.width === 32);
    if (subtracts || (row.op === "add" && row.width === 64 && !(isPointer(dst) && right))) return;
    this.report(pc, "pointerMisuse", `${row.id} on a pointer, expected a 64-bit add or sub of a number`);
  }

  #stores(r: number): void {
    if ((this.registers.taint(r) & MAY_BE_FRAME) !== 0) this.stack.escape();
  }

  #access(pc: number, base: number, off: number, size: number, how: AccessKind): void {
    const kind = this.registers.kind[base]!;
    const offset = this.registers.value[base]! + off;
    const taint = this.registers.taint(base);
    if (kind === FRAME) this.stack.use(pc, offset, size, this.report);
    else if (kind === CONTEXT && hasFields(this.program.context)) this.#fieldAccess(pc, base, off, size, how);
    else if (kind === MAP || this.registers.isScalar(base)) {
      this.report(pc, "pointerMisuse", `${how} through r${base}, which is ${kind === MAP ? "a map" : "a number"}`);
    } else if ((taint & MAY_BE_CONTEXT) !== 0 && hasFields(this.program.context)) {
      const name = `the ${this.program.context} context`;
      this.report(pc, "contextAccess", `r${base} may or may not be ${name}, or points past its start`);
    }
    if (kind !== FRAME && (taint & MAY_BE_FRAME) !== 0) this.stack.escape();
    if ((taint & MAY_BE_NULL) !== 0) this.report(pc, "nullPointer", `${how} through r${base}, which may be 0`);
    if (how === "atomic" && (kind === FRAME || kind === CONTEXT) && offset % size !== 0) {
      this.report(pc, "misalignedAtomic", `atomic of ${size} bytes at offset ${offset}`);
    }
  }

  #fieldAccess(pc: number, base: number, off: number, size: number, how: AccessKind): void {
    const moved = this.registers.value[base]!;
    const isPlain = (how === "load" || how === "store") && moved === 0;
    if (isPlain && fieldAccess(this.program.context, off, size, how) !== undefined) {
      this.contextLoads.add(pc);
      return;
    }
    const where = `context${moved === 0 ? "" : signed(moved)}${signed(off)}`;
    this.report(pc, "contextAccess", `${how} of ${size} bytes at ${where}, where ${this.program.context} has no field`);
  }

  #exit(pc: number): void {
    checkRead(this, pc, 0);
    if (this.stack.current === 0) return;
    if (this.registers.kind[0] === FRAME) this.report(pc, "pointerMisuse", "r0 points to the frame that ends here");
  }
}

const isPointerKind = (kind: number): boolean =>
  kind === FRAME || kind === CONTEXT || kind === MAP || kind === NULLABLE;

const signed = (offset: number): string => (offset < 0 ? `${offset}` : `+${offset}`);
