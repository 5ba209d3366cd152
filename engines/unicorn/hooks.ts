// What the emulator's hooks do while the CPU runs. Each stops it or lets it go on, and leaves what it found for
// `engine.ts` to act upon, since no hook may throw or start the CPU again.

import type { Va } from "../../machine/address.js";
import type { EngineRun } from "../engine.js";
import { SP } from "./cpu.js";
import { ACCESS, type GuestAddress, vaOf } from "./library.js";
import { AccessRules, ExclusiveMonitor, wordAt } from "./rules.js";
import type { Listener, Session } from "./session.js";
import { branchType, isBlock, isLandingPad } from "./words.js";

/** A refused access, or a part of one that crosses pages. */
interface Invalid {
  readonly address: GuestAddress;
  readonly bytes: number;
}

/** An instruction before which the CPU was stopped, and what to do instead of it. */
export interface Held {
  readonly pc: Va;
  /** `strayed`: it is no landing pad for the branch that led here. */
  readonly action: "trap" | "misaligned" | "fail" | "strayed";
}

export class Hooks implements Listener {
  /** Since the CPU was started, like all that follows. */
  interrupt: number | undefined;
  invalid: Invalid | undefined;
  thrown: { readonly error: unknown } | undefined;
  held: Held | undefined;
  readonly rules: AccessRules;
  readonly monitor: ExclusiveMonitor;
  /** PSTATE.BTYPE; programs are entered as by a call. */
  branch = 2;
  /** Whether some traps lie on pages with code, so that each instruction must be compared with them. */
  private codeHasTraps = false;

  constructor(
    private readonly session: Session,
    private readonly run: EngineRun,
    private readonly progress: Progress,
  ) {
    const { machine, stackLow, stackTop } = run;
    this.rules = new AccessRules(session.cpu, machine, stackLow, stackTop, () => session.pages.hasOddStack);
    this.monitor = new ExclusiveMonitor(session.cpu, run.spuriousFailures);
  }

  reset(): void {
    this.interrupt = undefined;
    this.invalid = undefined;
    this.held = undefined;
    this.rules.stop = undefined;
  }

  /** Mappings or code may have changed. */
  refresh(): void {
    const { machine, traps } = this.run;
    this.session.pages.sync();
    this.watchLoads();
    this.codeHasTraps = false;
    for (const va of traps.keys()) if (machine.mapping(va)?.permission === "rox") this.codeHasTraps = true;
  }

  /**
   * Code at `pc` is about to run. Its page is mapped now: if that were left to `onInvalid`, the library would not find the
   * code that it translates at that moment when it is to forget it.
   */
  mapCode(pc: Va): void {
    if (this.session.pages.mapIn(pc, ({ permission }) => permission === "rox")) this.watchLoads();
  }

  /** Whether each instruction must be heard. */
  get isTracing(): boolean {
    return this.run.trace !== undefined || this.codeHasTraps || this.run.bti === true;
  }

  onBlock(address: GuestAddress, bytes: number): void {
    const va = vaOf(address);
    if (va !== undefined) this.progress.beginBlock(va, bytes / 4);
  }

  onAccess(type: number, address: GuestAddress, bytes: number): void {
    const isStore = type === ACCESS.write;
    if (isStore) this.monitor.stored(vaOf(address) ?? 0, bytes);
    this.judge(isStore, address, bytes);
  }

  onInvalid(type: number, address: GuestAddress, bytes: number): boolean {
    const va = vaOf(address);
    if (va !== undefined && this.session.pages.mapIn(va, ({ permission }) => allows(permission, type))) return true;
    this.invalid ??= { address, bytes };
    if (type === ACCESS.readUnmapped) this.judge(false, address, bytes);
    if (type === ACCESS.writeUnmapped || type === ACCESS.writeProtected) this.judge(true, address, bytes);
    return false;
  }

  onInterrupt(number: number): void {
    this.interrupt = number;
    this.stop();
  }

  onInstruction(address: GuestAddress): void {
    const pc = vaOf(address);
    if (pc === undefined || pc % 4 !== 0 || this.thrown !== undefined || this.held !== undefined) return;
    const { cpu } = this.session;
    const { machine, traps, trace } = this.run;
    if (traps.has(pc)) {
      this.hold(pc, "trap");
      return;
    }
    const word = wordAt(machine, pc);
    if (this.run.bti === true && this.branch !== 0 && !isLandingPad(word, this.branch)) {
      this.hold(pc, "strayed");
      return;
    }
    this.branch = branchType(word);
    try {
      cpu.read();
      trace?.({ pc, word, x: cpu.x, sp: cpu.x[SP]!, nzcv: cpu.nzcv });
    } catch (error) {
      this.thrown = { error };
      this.stop();
      return;
    }
    this.ask(pc);
  }

  /** While tracing, `onInstruction` sees the exclusives too, after the trace. */
  onExclusive(address: GuestAddress): void {
    const pc = vaOf(address);
    if (pc !== undefined && !this.isTracing) this.ask(pc);
  }

  /** Ask the monitor about the instruction at `pc`. */
  private ask(pc: Va): void {
    const word = wordAt(this.run.machine, pc);
    const action = this.monitor.before(word);
    if (action !== undefined) this.hold(pc, action);
    else if (isBlock(word) && this.rules.checkBlock(pc, word) !== undefined) this.refuse(pc);
  }

  private refuse(pc: Va): void {
    this.progress.stopAt(pc);
    this.progress.step(pc);
    this.stop();
  }

  private hold(pc: Va, action: Held["action"]): void {
    this.held = { pc, action };
    this.stop();
  }

  private judge(isStore: boolean, address: GuestAddress, bytes: number): void {
    const stop = this.rules.check(isStore, address, bytes);
    if (stop !== undefined) this.refuse(stop.pc);
  }

  private watchLoads(): void {
    const { machine, stackLow, stackTop } = this.run;
    this.session.watchLoads(stackLow, Math.ceil(stackTop / machine.pageBytes) * machine.pageBytes);
  }

  private stop(): void {
    const { library, uc } = this.session.cpu;
    library.stop(uc);
  }
}

/** Whether a page is to be mapped for that type of access. */
const allows = (permission: "rw" | "ro" | "rox", type: number): boolean =>
  type === ACCESS.readUnmapped || (type === ACCESS.writeUnmapped && permission === "rw");

/** How far a run has come, counted in blocks: the emulator tells when it begins one, and where it stopped. */
export class Progress {
  /** Instructions begun, those of the running block aside. */
  executed = 0;
  /** Calls of traps; they too use up fuel. */
  calls = 0;
  private block: Va = 0;
  private blockWords = 0;

  /** @param previous the instruction that ran last; the entry before any did. */
  constructor(public previous: Va) {}

  beginBlock(block: Va, words: number): void {
    this.leave(this.blockWords);
    this.block = block;
    this.blockWords = words;
  }

  /** The CPU stopped with `pc` as the next instruction: within the running block, or after all of it. */
  stopAt(pc: Va | undefined): void {
    const inside = pc === undefined ? -1 : (pc - this.block) / 4;
    this.leave(inside >= 0 && inside < this.blockWords ? Math.floor(inside) : this.blockWords);
    this.blockWords = 0;
  }

  /** One instruction more, beside the blocks. */
  step(pc: Va): void {
    this.executed++;
    this.previous = pc;
  }

  private leave(words: number): void {
    this.executed += words;
    if (words > 0) this.previous = this.block + 4 * (words - 1);
  }
}
