// The rules that need to know what the registers hold, applied once to each slot that can be reached; and what later
// stages want to know of it: how deep the stack of each function goes and which loads read the xdp context.

import type { Insn } from "../insn.js";
import { type Program, STACK_BYTES } from "../program.js";
import type { Flow } from "./flow.js";
import { HELPER_ARGUMENTS, HELPER_TAIL_CALL } from "./helpers.js";
import type { Report } from "./problem.js";
import { CONTEXT, FRAME, MAP, MAY_BE_CONTEXT, MAY_BE_FRAME, OTHER, Registers, UNINITIALISED } from "./registers.js";

/** By function index. */
export interface StackUse {
  /** Bytes below r10 that are surely accessed. */
  readonly deepest: Int32Array;
  /** 1: the frame pointer is used in a way that may reach any byte of the frame. */
  readonly escapes: Uint8Array;
  /** 1: the function makes tail calls. */
  readonly tailCalls: Uint8Array;
}

/** Fields of the xdp context that a program may read: data, data_end and data_meta, four bytes each. */
const XDP_FIELDS: ReadonlySet<number> = new Set([0, 4, 8]);

type AccessKind = "load" | "signed load" | "store" | "atomic";

export class Checker {
  readonly code: readonly Insn[];
  readonly stack: StackUse;
  readonly contextLoads = new Set<number>();
  readonly #registers: Registers;
  #function = 0;

  /** Checks every block, in the order of the slots. `leaked` as for `flow`. */
  constructor(
    flow: Flow,
    readonly program: Program,
    leaked: boolean,
    readonly report: Report,
  ) {
    this.code = flow.code;
    this.#registers = new Registers(program.context, leaked);
    const { blocks, starts, ends } = flow.functions;
    this.stack = {
      deepest: new Int32Array(starts.length),
      escapes: new Uint8Array(starts.length),
      tailCalls: new Uint8Array(starts.length),
    };
    blocks.forEach((start, block) => {
      if (start >= ends[this.#function]!) this.#function++;
      if (flow.states.isReached(block)) this.#block(flow, block);
      else report(start, "unreachable", "no path leads here");
    });
  }

  #block({ states, functions: { blocks } }: Flow, block: number): void {
    const end = blocks[block + 1] ?? this.code.length;
    states.load(block, this.#registers);
    for (let pc = blocks[block]!; pc < end; pc++) {
      this.#slot(pc);
      this.#registers.step(this.code, pc);
    }
  }

  #slot(pc: number): void {
    const slot = this.code[pc]!;
    const { row, dst, src, off } = slot;
    if (row.src === "r" || row.src === "rw") this.#reads(pc, src);
    if (row.dst === "r" || row.dst === "rw") this.#reads(pc, dst);
    switch (row.kind) {
      case "alu":
        this.#arithmetic(pc, slot);
        break;
      case "load":
        this.#access(pc, src, off, row.size, row.signed ? "signed load" : "load");
        break;
      case "atomic":
        if (row.op === "cmpxchg") this.#reads(pc, 0);
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
      case "call":
        if (row.target === "local") this.#localCall();
        else this.#helperCall(pc, slot.imm);
        break;
      case "exit":
        this.#exit(pc);
        break;
      default:
        break;
    }
  }

  #reads(pc: number, r: number): void {
    if (this.#registers.kind[r] === UNINITIALISED) {
      this.report(pc, "uninitialisedRegister", `r${r} is read, but not written on every path to here`);
      this.#registers.set(r, OTHER); // Once is enough.
    }
  }

  /** Linux: adjust_ptr_min_max_vals; a pointer may be moved and compared, not computed with. */
  #arithmetic(pc: number, { row, dst, src }: Insn): void {
    if (row.kind !== "alu" || row.op === "mov") return;
    const isPointer = (r: number): boolean => isPointerKind(this.#registers.kind[r]!);
    const right = row.operand === "reg" && isPointer(src);
    if (!isPointer(dst) && !right) return;
    const subtracts = row.op === "sub" && (isPointer(dst) || row.width === 32);
    if (subtracts || (row.op === "add" && row.width === 64 && !(isPointer(dst) && right))) return;
    this.report(pc, "pointerMisuse", `${row.id} on a pointer, expected a 64-bit add or sub of a number`);
  }

  #stores(r: number): void {
    if ((this.#registers.taint(r) & MAY_BE_FRAME) !== 0) this.stack.escapes[this.#function] = 1;
  }

  #access(pc: number, base: number, off: number, size: number, how: AccessKind): void {
    const kind = this.#registers.kind[base]!;
    const offset = this.#registers.value[base]! + off;
    const taint = this.#registers.taint(base);
    if (kind === FRAME) this.#frameAccess(pc, offset, size);
    else if (kind === CONTEXT && this.program.context === "xdp") this.#xdpAccess(pc, base, off, size, how);
    else if (kind === MAP || this.#registers.isScalar(base)) {
      this.report(pc, "pointerMisuse", `${how} through r${base}, which is ${kind === MAP ? "a map" : "a number"}`);
    } else if ((taint & MAY_BE_CONTEXT) !== 0 && this.program.context === "xdp") {
      this.report(pc, "contextAccess", `r${base} may or may not be the xdp context, or points past its start`);
    }
    if (kind !== FRAME && (taint & MAY_BE_FRAME) !== 0) this.stack.escapes[this.#function] = 1;
    if (how === "atomic" && (kind === FRAME || kind === CONTEXT) && offset % size !== 0) {
      this.report(pc, "misalignedAtomic", `atomic of ${size} bytes at offset ${offset}`);
    }
  }

  #frameAccess(pc: number, offset: number, size: number): void {
    if (offset < -STACK_BYTES || offset + size > 0) {
      this.report(
        pc,
        "stackOutOfBounds",
        `${size} bytes at r10${signed(offset)}, expected r10-${STACK_BYTES} to r10-1`,
      );
    } else {
      this.#uses(-offset);
    }
  }

  #uses(depth: number): void {
    const { deepest } = this.stack;
    if (depth > deepest[this.#function]!) deepest[this.#function] = depth;
  }

  #xdpAccess(pc: number, base: number, off: number, size: number, how: AccessKind): void {
    const moved = this.#registers.value[base]!;
    if (how === "load" && size === 4 && moved === 0 && XDP_FIELDS.has(off)) {
      this.contextLoads.add(pc);
      return;
    }
    const where = `context${moved === 0 ? "" : signed(moved)}${signed(off)}`;
    this.report(pc, "contextAccess", `${how} of ${size} bytes at ${where}, expected a load of 4 bytes at 0, 4 or 8`);
  }

  #localCall(): void {
    for (let r = 1; r <= 5; r++) {
      if ((this.#registers.taint(r) & MAY_BE_FRAME) !== 0) this.stack.escapes[this.#function] = 1;
    }
  }

  #helperCall(pc: number, id: number): void {
    const known = HELPER_ARGUMENTS.get(id);
    for (let r = 1; r <= (known ?? 5); r++) {
      if (known !== undefined) this.#reads(pc, r);
      const offset = this.#registers.value[r]!;
      // A helper reads or writes upwards from the pointer.
      if (this.#registers.kind[r] === FRAME && offset >= -STACK_BYTES && offset <= 0) this.#uses(-offset);
      else if (this.#registers.kind[r] === FRAME) {
        this.report(pc, "stackOutOfBounds", `helper ${id} gets r10${signed(offset)}, which is outside the frame`);
      } else if ((this.#registers.taint(r) & MAY_BE_FRAME) !== 0) this.stack.escapes[this.#function] = 1;
    }
    if (id === HELPER_TAIL_CALL) this.#tailCall(pc);
  }

  #tailCall(pc: number): void {
    this.stack.tailCalls[this.#function] = 1;
    const { kind, value } = this.#registers;
    const notContext = kind[1] === FRAME || kind[1] === MAP || this.#registers.isScalar(1);
    if (notContext) this.report(pc, "pointerMisuse", "r1 of a tail call is not the context");
    const map = kind[2] === MAP ? this.program.maps[value[2]!] : undefined;
    const notProgArray = kind[2] === FRAME || kind[2] === CONTEXT || this.#registers.isScalar(2);
    if (notProgArray || (map !== undefined && map.kind !== "progArray")) {
      this.report(pc, "pointerMisuse", "r2 of a tail call is not a prog array");
    }
  }

  #exit(pc: number): void {
    this.#reads(pc, 0);
    if (this.#function === 0) return;
    if (this.#registers.kind[0] === FRAME) this.report(pc, "pointerMisuse", "r0 points to the frame that ends here");
  }
}

const isPointerKind = (kind: number): boolean => kind === FRAME || kind === CONTEXT || kind === MAP;

const signed = (offset: number): string => (offset < 0 ? `${offset}` : `+${offset}`);
