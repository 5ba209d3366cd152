// A function under construction: its slots so far, what each register holds here, labels still to be placed, and how
// many instructions a run may execute at most. Blocks (alu-block.ts, memory-block.ts, ...) append to it; whatever they
// append keeps the function valid at every moment except for labels not yet placed and a missing end.

import type { Helper } from "../../../../spec/bpf/helpers/helper.js";
import { type Row, rowById } from "../../../../spec/bpf/isa.js";
import { type ContextKind, hasFields, type InsnArrayMap, type MapSpec } from "../../../../spec/bpf/program.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { EDGES, half, immediate } from "./immediates.js";
import type { Callee, Features, Signature } from "./plan.js";
import { ALL, ARGUMENTS, at, type Region, Registers, SAVED, SPILL, SPILLS } from "./registers.js";
import type { DrawnRows } from "./rows.js";
import { Uses } from "./uses.js";

/** What blocks may refer to. */
export interface Plan {
  readonly features: Features;
  readonly rows: DrawnRows;
  /** What blocks are made of, each item as often as it shall be tried. */
  readonly menu: readonly ((body: Body) => void)[];
  /** Of the frame of a main function, and of a local one. */
  readonly stackBytes: number;
  readonly calleeStackBytes: number;
  /** A main frame that was not written reads as zero. */
  readonly zeroedFrame: boolean;
  /** Accesses are to multiples of their size. */
  readonly aligned: boolean;
  readonly kind: ContextKind;
  readonly unknownCalls: boolean;
  readonly maps: readonly MapSpec[];
  /** Instruction arrays, which come behind them: those of the programs that are made already. */
  readonly tables: InsnArrayMap[];
  /** Indexes of `maps`. */
  readonly dataMaps: readonly number[];
  readonly progArrays: readonly number[];
  readonly mapsOfMaps: readonly number[];
  /** Helpers that take what there is, and all that the subject has. */
  readonly callable: readonly Helper[];
  readonly helpers: ReadonlySet<number>;
  /**
   * Tail calls out of local functions keep the frames of their callers, so they must not lead to programs that have
   * functions themselves; then only `code[0]` has any, and no slot names it.
   */
  readonly tailCallsFromFunctions: boolean;
  readonly context: Region;
  readonly packet: Region;
  readonly packetEnd: Region;
  /** By map index: what a map pointer and a value pointer point to. */
  readonly mapObjects: readonly Region[];
  readonly values: readonly Region[];
  /** Functions of the current program by index, made from the last to the first; those not yet made are absent. */
  callees: (Callee | undefined)[];
}

/** An `Insn` whose distance is not yet known. */
interface Slot {
  row: Row;
  dst: number;
  src: number;
  off: number;
  imm: number;
}

/** A place further down that jumps lead to. */
export interface Label {
  /** Slots that jump there. */
  readonly from: number[];
  /** What holds on every path that jumps there. */
  state: Registers | undefined;
}

/** A local call whose distance is set when the functions are put together. */
interface CallSite {
  readonly pc: number;
  readonly callee: number;
}

const MOV = rowById("mov imm");
const MOV32 = rowById("mov32 imm");
const MOV_REG = rowById("mov reg");
const LDDW = rowById("lddw imm64");
const HIGH = rowById("lddw high");
const EXIT = rowById("exit");

export class Body {
  readonly slots: Slot[] = [];
  readonly callSites: CallSite[] = [];
  readonly open: Label[] = [];
  state = new Registers();
  /** Registers and spill slots that must keep their value here: loop counters and what a loop relies on. */
  locked = 0;
  /** Within a loop whose counter a call would clobber. */
  callsForbidden = false;
  /**
   * Registers whose value nothing has used yet, roughly: they are not overwritten for no reason and make good operands,
   * so that what was computed shows in the end.
   */
  fresh = 0;
  /** No run gets here: after an exit or goto, until a label is placed. */
  dead = false;
  loopDepth = 0;
  ifDepth = 0;
  /** How often this place runs at most per run of the function. */
  times = 1;
  /** Upper bound of the instructions that one run of the function executes. */
  cost = 0;
  /** Where the context pointer is kept for the whole function: a register or spill slot; -1 if nowhere. */
  context = -1;
  /** Instruction arrays: the slot of the load of each, and the slots that it names. */
  readonly tables: { readonly lddw: number; readonly slots: readonly number[] }[] = [];
  /** Callees that must still be called, so that no function is unreachable. */
  readonly pending: number[] = [];
  readonly uses: Uses;

  constructor(
    readonly draw: Draw,
    readonly plan: Plan,
    readonly signature: Signature,
    /** The bytes of the frame that hold data. */
    readonly frame: Region,
    /** R10-relative positions of the spill slots. */
    readonly spillSlots: readonly number[],
    /** Loops and optional calls stay below this cost. */
    readonly costLimit: number,
    /** Slots that blocks fill up to. */
    public limit: number,
  ) {
    this.state.setPointer(10, at(frame, 0));
    this.uses = new Uses(hasFields(plan.kind));
  }

  get here(): number {
    return this.slots.length;
  }

  emit(row: Row, dst: number, src: number, off: number, imm: number): void {
    const { select } = row;
    this.uses.access(row, dst, src, off, this.state, this.here);
    this.slots.push({ row, dst, src: select.src ?? src, off: select.off ?? off, imm: select.imm ?? imm });
    this.cost += this.times;
  }

  /** `register = imm`, sign-extended. */
  constant(register: number, imm: number): void {
    this.emit(MOV, register, 0, 0, imm);
    this.state.setScalar(register);
    this.fresh &= ~(1 << register);
  }

  /** A 64-bit constant in two slots. */
  wide(register: number, low: number, high: number): void {
    this.lddw(LDDW, register, low, high);
    this.state.setScalar(register);
  }

  lddw(row: Row, register: number, low: number, high: number): void {
    this.emit(row, register, 0, 0, low);
    this.emit(HIGH, 0, 0, 0, high);
    this.cost -= this.times;
  }

  /** `to = from`, whatever it holds. */
  copy(to: number, from: number): void {
    this.emit(MOV_REG, to, from, 0, 0);
    if ((this.state.scalars >> from) & 1) this.state.setScalar(to);
    else this.state.setPointer(to, this.state.pointer(from));
  }

  /** Put some interesting scalar into a register. */
  seed(register: number): void {
    const how = this.draw.below(10);
    if (how < 3) this.constant(register, immediate(this.draw));
    else if (how < 5) {
      this.emit(MOV32, register, 0, 0, this.draw.pick(EDGES));
      this.state.setScalar(register);
    } else this.wide(register, half(this.draw), half(this.draw));
  }

  /** A register that may be written here; pointers are seldom given up. */
  target(among = ALL): number {
    const free = ~this.locked & among;
    const cheap = free & ~this.state.pointers;
    const stale = cheap & ~(this.fresh & this.state.scalars);
    if (stale !== 0 && !this.draw.chance(10)) return this.draw.bit(stale);
    if (cheap !== 0 && !this.draw.chance(6)) return this.draw.bit(cheap);
    return free === 0 ? this.draw.bit(~this.locked & ALL) : this.draw.bit(free);
  }

  /** A register that holds a scalar and may be written. */
  mutable(): number {
    const mask = this.state.scalars & ~this.locked & ALL;
    if (mask !== 0) return this.draw.bit(mask);
    const register = this.target();
    this.seed(register);
    return register;
  }

  /** A register that holds a scalar. */
  scalar(): number {
    const mask = this.state.scalars & ALL;
    return mask !== 0 ? this.draw.bit(mask) : this.mutable();
  }

  /** A register that holds a scalar, to be used in a result; rather one that was not used before. */
  operand(): number {
    const fresh = this.state.scalars & this.fresh & ALL;
    const register = fresh !== 0 && this.draw.chance(60) ? this.draw.bit(fresh) : this.scalar();
    this.fresh &= ~(1 << register);
    return register;
  }

  /** `register` has got a computed scalar. */
  computed(register: number): void {
    this.state.setScalar(register);
    this.fresh |= 1 << register;
  }

  isLocked(register: number): boolean {
    return ((this.locked >> register) & 1) !== 0;
  }

  /** Whether `r0` may be overwritten by an instruction that writes it unasked. */
  get mayClobberR0(): boolean {
    return (this.locked & 1) === 0;
  }

  get mayCall(): boolean {
    return !this.callsForbidden && (this.locked & (ARGUMENTS | 1)) === 0;
  }

  /** What a call leaves behind, apart from its result. */
  clobberArguments(): void {
    const { state } = this;
    state.clobber(ARGUMENTS | 1);
    for (let register = 6; register <= 9; register++) {
      if ((state.pointers >> register) & 1 && state.pointer(register).region.shortLived) state.forget(1 << register);
    }
  }

  /** Make r0 a scalar that says something about the state, and leave. */
  leave(): void {
    if (!(this.state.scalars & 1)) {
      const others = this.state.scalars & ALL;
      if (others !== 0 && this.draw.chance(70)) this.copy(0, this.operand());
      else this.constant(0, this.draw.pick(EDGES));
    }
    this.emit(EXIT, 0, 0, 0, 0);
    this.dead = true;
  }

  label(): Label {
    return { from: [], state: undefined };
  }

  /** The slot just emitted jumps to `label`. */
  jumpsTo(label: Label): void {
    label.from.push(this.here - 1);
    if (label.state === undefined) label.state = this.state.clone();
    else label.state.meet(this.state);
  }

  /** `label` is here. */
  place(label: Label): void {
    for (const pc of label.from) this.aim(pc, this.here);
    if (label.state === undefined) return;
    if (this.dead) this.state = label.state;
    else this.state.meet(label.state);
    this.dead = false;
  }

  /** Let the jump at `pc` go to slot `to`. */
  aim(pc: number, to: number): void {
    const slot = this.slots[pc]!;
    if (slot.row.off === "branch") slot.off = to - pc - 1;
    else slot.imm = to - pc - 1;
  }

  /** A spill slot that may be written, or -1. */
  spillTarget(): number {
    for (let i = 0; i < this.spillSlots.length && i < SPILLS; i++) {
      const place = SPILL + i;
      if (!this.isLocked(place) && !((this.state.pointers >> place) & 1)) return place;
    }
    return this.spillSlots.length > 0 && !this.isLocked(SPILL) ? SPILL : -1;
  }

  spillOffset(place: number): number {
    return this.spillSlots[place - SPILL]!;
  }

  /** A register that a call preserves and that may be written, or -1. */
  savedTarget(): number {
    const free = SAVED & ~this.locked;
    const cheap = free & ~this.state.pointers;
    if (cheap !== 0) return this.draw.bit(cheap);
    return free === 0 ? -1 : this.draw.bit(free);
  }
}
