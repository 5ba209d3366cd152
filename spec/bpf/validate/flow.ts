// The fixed point: what is known about the registers where each block begins. Blocks are taken lowest first, so loop-free
// code is walked once, and a loop settles before what follows it is looked at.

import { shortBytes, shortInts } from "../../slab.js";
import { branchTarget, type Insn, REGISTERS } from "../insn.js";
import type { ContextKind } from "../program.js";
import type { Functions } from "./functions.js";
import { CONTEXT, FRAME, joinInto, MAY_BE_FRAME, MAY_BE_NULL, OTHER, UNINITIALISED } from "./lattice.js";
import { Registers } from "./registers.js";
import { Worklist } from "./worklist.js";

/** The registers at the start of each block that can be reached. */
class BlockStates {
  readonly #reached: Uint8Array;
  readonly #kinds: Uint8Array;
  readonly #values: Int32Array;
  readonly #spilled: Int32Array;
  readonly #stackArguments: Int32Array;

  constructor(blocks: number) {
    this.#reached = shortBytes(blocks);
    this.#kinds = shortBytes(blocks * REGISTERS);
    this.#values = shortInts(blocks * REGISTERS);
    this.#spilled = shortInts(blocks * 2);
    this.#stackArguments = shortInts(blocks);
  }

  isReached(block: number): boolean {
    return this.#reached[block] === 1;
  }

  load(block: number, into: Registers): void {
    const at = block * REGISTERS;
    for (let r = 0; r < REGISTERS; r++) into.set(r, this.#kinds[at + r]!, this.#values[at + r]!);
    into.spilled[0] = this.#spilled[2 * block]!;
    into.spilled[1] = this.#spilled[2 * block + 1]!;
    into.stackArguments = this.#stackArguments[block]!;
  }

  /** Join `registers` into the state of `block`. @returns whether that changed it. */
  join(block: number, registers: Registers): boolean {
    const at = block * REGISTERS;
    if (this.#reached[block] === 0) {
      this.#reached[block] = 1;
      this.#kinds.set(registers.kind, at);
      this.#values.set(registers.value, at);
      this.#spilled.set(registers.spilled, 2 * block);
      this.#stackArguments[block] = registers.stackArguments;
      return true;
    }
    const known = this.#stackArguments[block]! & registers.stackArguments;
    let changed = known !== this.#stackArguments[block];
    this.#stackArguments[block] = known;
    for (let i = 0; i < 2; i++) {
      const both = this.#spilled[2 * block + i]! & registers.spilled[i]!;
      if (both !== this.#spilled[2 * block + i]) changed = true;
      this.#spilled[2 * block + i] = both;
    }
    for (let r = 0; r < REGISTERS; r++) {
      if (joinInto(this.#kinds, this.#values, at + r, registers.kind[r]!, registers.value[r]!)) changed = true;
    }
    return changed;
  }
}

/** The fixed point of one code. `order`: function indexes, callers before callees. */
export class Flow {
  readonly states: BlockStates;
  /** Whether a pointer to the xdp context may have got into memory. */
  leaks = false;
  readonly #registers: Registers;
  /** Scratch: a callee at its entry, or the state before a branch. */
  readonly #other: Registers;
  readonly #pending: Worklist;

  constructor(
    readonly code: readonly Insn[],
    readonly functions: Functions,
    order: readonly number[],
    context: ContextKind,
    leaked: boolean,
  ) {
    const { blocks, blockAt, starts } = functions;
    this.states = new BlockStates(blocks.length);
    this.#registers = new Registers(context, leaked);
    this.#other = new Registers(context, leaked);
    this.#pending = new Worklist(blocks.length);
    this.#registers.enterFunction();
    this.#registers.set(1, CONTEXT, 0);
    this.states.join(0, this.#registers);
    for (const f of order) {
      const entry = blockAt[starts[f]!]!;
      if (!this.states.isReached(entry)) continue;
      this.#pending.add(entry);
      for (let block = this.#pending.take(); block !== undefined; block = this.#pending.take()) this.#walk(block);
    }
  }

  #walk(block: number): void {
    const { blocks, blockAt } = this.functions;
    const registers = this.#registers;
    this.states.load(block, registers);
    for (let pc = blocks[block]!; ; pc++) {
      const slot = this.code[pc]!;
      const { kind } = slot.row;
      if (!this.leaks && registers.leaks(slot)) this.leaks = true;
      if (kind === "exit") return;
      if (kind === "ja" || kind === "mayGoto") this.#flowTo(branchTarget(slot, pc)!);
      if (kind === "jump") this.#branch(slot, pc);
      if (kind === "gotox") for (const target of this.#indirectFrom(pc)) this.#flowTo(target);
      if (kind === "ja" || kind === "gotox") return;
      if (kind === "call" && slot.row.target === "local") this.#flowIntoCallee(branchTarget(slot, pc)!);
      registers.step(this.code, pc);
      if (blockAt[pc + 1] === -1) continue;
      this.#flowTo(pc + 1);
      return;
    }
  }

  /** Slots of the function at `pc` that `gotox` may go to. */
  #indirectFrom(pc: number): readonly number[] {
    const { starts, indirect } = this.functions;
    return indirect[starts.findLastIndex((start) => start <= pc)]!;
  }

  /** Send the taken path to its target, and go on with what is known on the other one. */
  #branch(slot: Insn, pc: number): void {
    const { row, dst, imm } = slot;
    const target = branchTarget(slot, pc)!;
    const registers = this.#registers;
    const comparesWithNull = (row.id === "jeq imm" || row.id === "jne imm") && imm === 0;
    if (!comparesWithNull || (registers.taint(dst) & MAY_BE_NULL) === 0) {
      this.#flowTo(target);
      return;
    }
    this.#other.copyFrom(registers);
    registers.refine(dst, row.id === "jeq imm");
    this.#flowTo(target);
    registers.copyFrom(this.#other);
    registers.refine(dst, row.id === "jne imm");
  }

  #flowTo(pc: number): void {
    const block = this.functions.blockAt[pc]!;
    if (this.states.join(block, this.#registers)) this.#pending.add(block);
  }

  /** The arguments go along; pointers into the caller's frame are strangers to the callee, which is walked later. */
  #flowIntoCallee(start: number): void {
    const { kind, value } = this.#registers;
    this.#other.enterFunction();
    this.#other.stackArguments = this.#registers.stackArguments >> 16;
    for (let r = 1; r <= 5; r++) {
      const isTaint = kind[r] === OTHER || kind[r] === UNINITIALISED;
      if (kind[r] === FRAME) this.#other.set(r, OTHER);
      else this.#other.set(r, kind[r]!, isTaint ? value[r]! & ~MAY_BE_FRAME : value[r]!);
    }
    this.states.join(this.functions.blockAt[start]!, this.#other);
  }
}
