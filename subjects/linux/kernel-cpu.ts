// A CPU that runs the kernel's own functions: calls one, lets traps act in place of those that our machine stands for,
// follows the exception and bug tables as the kernel's handlers do, and stops at everything that nobody has allowed.

import type { CpuState, CpuStop, EngineCpu } from "../../engines/engine.js";
import { pointer, type Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import { hex64, hexWord } from "../../spec/bits.js";
import { NotModelled } from "../not-modelled.js";
import type { BootedKernel, Faulting, Mended } from "./booted-kernel.js";
import { ExecutionContext, restore, saved } from "./execution-context.js";
import { sourceName } from "./image/functions.js";
import { type EntryPoint, NEVER_CALLED } from "./native.js";
import { STACK_STRIDE } from "./placed-kernel.js";
import { RETURN, type Resolved } from "./resolve.js";
import { vaOfPointer } from "./structs.js";

/** Instructions of one call from outside, and calls of traps in it: a few seconds of either. */
const FUEL = 1_000_000_000;
const MOST_TRAPS = 400_000;
const LR = 30;
/** Of kernels that keep return addresses apart (CONFIG_SHADOW_CALL_STACK); any register to others. */
const SHADOW_STACK = 18;
const FP = 29;
const BUG_BRK = 0x800;
const MOST_FRAMES = 12;
/** A nested call leaves the caller's red zone alone. */
const NESTED_GAP = 256n;
const EFAULT = 14n;
/** Exception handlers that set a register to -EFAULT and another to zero. */
const ERROR_AND_ZERO = new Set([2, 3]);
/** Words behind a call in which what follows it is looked for. */
const FOLLOWING_WORDS = 24;

export class KernelCpu {
  private depth = 0;
  /** Of the call from outside: instructions when it has run for too long, and calls of traps that it may still make. */
  private end = 0;
  private trapsLeft = 0;
  /** A trap acts, so that registers are those of the function that has called it. */
  private isAsking = false;
  /** By the name of a function: whether a call of it follows, by where the CPU returns to. */
  private readonly following = new Map<string, Map<Va, boolean>>();
  private readonly context: ExecutionContext;

  constructor(
    private readonly kernel: BootedKernel,
    private readonly cpu: EngineCpu,
    private readonly resolved: Resolved,
    private readonly stacks: { readonly top: Va; readonly shadow: Va },
  ) {
    cpu.state.system.sp_el0 = pointer(kernel.task);
    this.context = new ExecutionContext(kernel, cpu.state);
  }

  get state(): CpuState {
    return this.cpu.state;
  }

  /** It runs no kernel code, in whose middle another function could not be called. */
  get isIdle(): boolean {
    return this.depth === 0;
  }

  get executed(): number {
    return this.cpu.executed;
  }

  /** @returns X0. @throws NotModelled if the image has no such function, KernelFault if the kernel crashes */
  call(name: EntryPoint, ...args: readonly (bigint | number)[]): bigint {
    const entry = this.kernel.image.address(name);
    if (entry === undefined) throw new NotModelled(`the image has no function ${name}`);
    return this.callAt(entry, args);
  }

  callAt(entry: Va, args: readonly (bigint | number)[]): bigint {
    const { state } = this;
    const outer = this.depth > 0 ? saved(state) : undefined;
    state.x.fill(0n);
    args.forEach((value, i) => {
      state.x[i] = BigInt.asUintN(64, BigInt(value));
    });
    state.x[LR] = pointer(RETURN);
    state.x[SHADOW_STACK] = outer === undefined ? pointer(this.stacks.shadow) : outer.x[SHADOW_STACK]!;
    state.sp = outer === undefined ? pointer(this.stacks.top) : outer.sp - NESTED_GAP;
    state.pc = entry;
    state.btype = 0;
    if (this.depth++ === 0) {
      this.end = this.cpu.executed + FUEL;
      this.trapsLeft = MOST_TRAPS;
      // A task that may be interrupted.
      state.system.daif = 0n;
    }
    const outside = this.context.enter();
    const { locks, machine } = this.kernel;
    const held = locks.count(machine.cpu);
    const wasAsking = this.isAsking;
    this.isAsking = false;
    try {
      this.toReturn();
      const lock = locks.beyond(held, machine.cpu);
      const left = lock === undefined ? this.context.changed() : `${lock} held`;
      if (left !== undefined) throw new KernelFault("badLock", entry, `${this.symbol(entry)} returns with ${left}`);
      return state.x[0]!;
    } finally {
      this.depth--;
      this.context.leave(outside);
      this.isAsking = wasAsking;
      if (outer !== undefined) restore(state, outer);
    }
  }

  /** Name of the function that has called the one that is being entered; empty for code that has no name. */
  get caller(): string {
    return this.resolved.nameAt(vaOfPointer(this.state.x[LR]!));
  }

  /** Whether a call of that function follows in the caller of the function that is being entered. */
  isFollowedBy(name: string): boolean {
    const back = vaOfPointer(this.state.x[LR]!);
    const places = this.following.get(name) ?? new Map<Va, boolean>();
    this.following.set(name, places);
    const known = places.get(back);
    if (known !== undefined) return known;
    const target = this.kernel.image.address(name);
    let found = false;
    for (let at = back; at < back + 4 * FOLLOWING_WORDS && !found; at += 4) {
      const word = this.kernel.machine.peek32(at);
      if ((word & 0x7c00_0000) === 0x1400_0000) found = at + ((word << 6) >> 6) * 4 === target;
      if (word === 0xd65f_03c0) break;
    }
    places.set(back, found);
    return found;
  }

  /** As a kernel writes an address. */
  symbol(va: Va): string {
    const symbol = this.kernel.image.symbolAt(va);
    return symbol === undefined ? `0x${va.toString(16)}` : `${symbol.name}+0x${symbol.offset.toString(16)}`;
  }

  /** The function that runs and those that it returns to, innermost first. */
  backtrace(): string {
    const { state, kernel } = this;
    const places = [this.symbol(state.pc), ...this.returnPlace()];
    let frame = vaOfPointer(state.x[FP]!);
    while (places.length < MOST_FRAMES && frame !== 0 && frame % 8 === 0) {
      if (kernel.machine.mapping(frame) === undefined || kernel.machine.mapping(frame + 8) === undefined) break;
      const back = vaOfPointer(kernel.memory.read64(frame + 8));
      if (back === RETURN || back === 0) break;
      places.push(this.symbol(back));
      frame = vaOfPointer(kernel.memory.read64(frame));
    }
    return places.filter((place, i) => place !== places[i - 1] && !place.includes(RETURN.toString(16))).join(" < ");
  }

  /** Of what LR says; once a function has called another, that is a place of its own. */
  private returnPlace(): readonly string[] {
    const { image } = this.kernel;
    const back = vaOfPointer(this.state.x[LR]!);
    const [own, callers] = [image.symbolAt(this.state.pc), image.symbolAt(back)];
    const isStale = own !== undefined && own.offset > 0 && callers?.name === own.name;
    return isStale ? [] : [this.symbol(back)];
  }

  /** The function that asks the machine for something; undefined where none does. */
  where(): string | undefined {
    return this.isAsking ? this.backtrace() : undefined;
  }

  private toReturn(): void {
    const { cpu, state } = this;
    for (;;) {
      const stop = this.noting() ?? this.resumed(Math.max(1, this.end - cpu.executed));
      if (stop.kind === "trap") {
        if (stop.pc === RETURN) return;
        if (this.trapsLeft-- === 0) throw new KernelFault("badFetch", stop.pc, `no end in ${this.backtrace()}`);
        this.trapped(stop.pc);
      } else if (stop.kind === "fault") this.faulted(stop);
      else if (stop.kind === "break") this.broke(stop);
      else if (stop.kind === "unknown") {
        throw new NotModelled(`the engine does not know ${hexWord(stop.word)} in ${this.backtrace()}: ${stop.detail}`);
      } else if (stop.kind === "outOfFuel")
        throw new KernelFault("badFetch", state.pc, `no end in ${this.backtrace()}`);
    }
  }

  /** What the machine refuses is told with where that was. */
  private resumed(fuel: number): CpuStop {
    try {
      return this.cpu.resume({ fuel });
    } catch (error) {
      throw error instanceof KernelFault ? error.in(this.backtrace()) : error;
    }
  }

  /** Instruction by instruction to the next stop, with what each is about to store; undefined if nobody wants to know. */
  private noting(): CpuStop | undefined {
    const { cpu, state, kernel } = this;
    const { emissions } = kernel;
    while (emissions !== undefined && cpu.executed < this.end) {
      if (kernel.memory.holds(state.pc)) emissions.step(kernel.machine.peek32(state.pc), state, () => this.backtrace());
      const stop = this.resumed(1);
      if (stop.kind !== "outOfFuel") return stop;
    }
    return undefined;
  }

  private trapped(pc: Va): void {
    const { state, kernel } = this;
    const action = this.resolved.actions.get(pc);
    if (action === undefined) throw this.notAllowed(pc);
    const before = this.isAsking;
    this.isAsking = true;
    let result: bigint | undefined;
    try {
      const why = action.sleeps(state.x) ? this.context.whyNoSleep() : undefined;
      if (why !== undefined) throw new KernelFault("badLock", pc, `${this.symbol(pc)} may sleep, but ${why}`);
      result = action.act(kernel, state.x);
    } catch (error) {
      // As the kernel's own reports: what is wrong, and on which way it came to that.
      throw error instanceof KernelFault ? error.in(this.backtrace()) : error;
    } finally {
      this.isAsking = before;
    }
    if (action.kind === "probe" || (action.kind === "gate" && result === undefined)) return;
    state.x[0] = result ?? 0n;
    state.pc = vaOfPointer(state.x[LR]!);
    state.btype = 0;
  }

  /** Which function, with what it was asked, and who called it. */
  private notAllowed(pc: Va): NotModelled {
    const { image } = this.kernel;
    const name = image.symbolAt(pc)?.name ?? this.symbol(pc);
    const asked = image.types.parameters(name)?.slice(0, 8) ?? [];
    const args = asked.map((parameter, i) => `${parameter} ${hex64(this.state.x[i]!)}`).join(", ");
    const [, ...callers] = this.backtrace().split(" < ");
    const why = NEVER_CALLED[sourceName(name)];
    const wanted = why === undefined ? "" : `: it is for when ${why}`;
    return new NotModelled(
      `${name}(${args}) is neither trapped nor allowed to run, called from ${callers.join(" < ")}${wanted}`,
    );
  }

  private isBelowStack(va: Va): boolean {
    return va < this.stacks.top && va > this.stacks.top - STACK_STRIDE;
  }

  private faulted(stop: CpuStop & { readonly kind: "fault" }): void {
    const { state, kernel } = this;
    const va = vaOfPointer(stop.address);
    if (stop.why === "badWrite" && kernel.memory.makeWritable(va)) return;
    const isAccess = stop.why === "badRead" || stop.why === "badWrite";
    if (isAccess && this.isBelowStack(va))
      throw new KernelFault("badWrite", va, `stack overflow, in ${this.backtrace()}`);
    if (isAccess) kernel.pages.faulted(va);
    const { x, sp, pc } = state;
    const mended = isAccess ? this.mended({ x, sp, pc, isStore: stop.why === "badWrite" }) : undefined;
    if (mended === undefined) {
      const why = stop.why === "badRead" || stop.why === "badWrite" ? stop.why : "badFetch";
      throw new KernelFault(why, va, `${stop.detail}, in ${this.backtrace()}`);
    }
    state.x.set(mended.x);
    state.pc = mended.pc;
  }

  /** Where the image's own handler cannot be asked, in our words. */
  private mended(faulting: Faulting): Mended | undefined {
    const { fixups } = this.kernel;
    if (fixups !== undefined) return fixups.fixup(faulting);
    const entry = this.resolved.exceptions.get(faulting.pc);
    if (entry === undefined) return undefined;
    const x = faulting.x.slice();
    if (ERROR_AND_ZERO.has(entry.type)) {
      const [error, zero] = [entry.data & 31, (entry.data >> 5) & 31];
      if (error < 31) x[error] = BigInt.asUintN(64, -EFAULT);
      if (zero < 31) x[zero] = 0n;
    }
    return { x, pc: entry.fixup };
  }

  private broke({ pc, imm }: CpuStop & { readonly kind: "break" }): void {
    const { state, kernel } = this;
    const bug = imm === BUG_BRK ? this.resolved.bugs.get(pc) : undefined;
    const where = this.backtrace();
    if (bug?.isWarning !== true) {
      const what = bug === undefined ? `BRK 0x${imm.toString(16)}` : `BUG at line ${bug.line}`;
      throw new KernelFault("badFetch", pc, `${what} in ${where}`);
    }
    kernel.warn(`WARN${kernel.warningText === "" ? "" : ` (${kernel.warningText})`} in ${where}`);
    kernel.warningText = "";
    state.pc = pc + 4;
  }
}
