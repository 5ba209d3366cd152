// The third engine: Unicorn, whose meaning of A64 is QEMU's and so owes nothing to this project. The library runs words;
// the caller's rules of `engine.ts` are kept around it: the code runs until it returns, leaves for a trap, faults, or has
// used up its fuel, and each time the library comes back this file decides what that was. See `session.ts` for what is
// kept between runs, `guard.ts` for the rules about accesses.

import type { Va } from "../../machine/address.js";
import { codeAddress, pointer } from "../../spec/a64/address.js";
import { hex64 } from "../../spec/bits.js";
import { type Engine, type EngineFault, type EngineOutcome, type EngineRun, type Trap, TrapFault } from "../engine.js";
import { clobber, clobberFlags, enter, RETURN_ADDRESS, violation } from "../procedure-call.js";
import { hexAddress, signed, vaOf } from "./address.js";
import { type Cpu, SP } from "./cpu.js";
import { Guard, wordAt } from "./guard.js";
import { ACCESS, ERROR, type GuestAddress, loadUnicorn, type UnicornLibrary } from "./library.js";
import { type Listener, type Session, withSession } from "./session.js";
import {
  destination,
  imm16,
  isAtomic,
  isBasedOnSp,
  isBrk,
  isFirmwareCall,
  isLoadExclusive,
  isReadTpidrEl2,
} from "./words.js";

export const unicornEngine: Engine = {
  name: "unicorn",
  unavailable() {
    const load = loadUnicorn();
    return load.ok ? undefined : load.why;
  },
  run(run) {
    const load = loadUnicorn();
    if (!load.ok) throw new Error(load.why);
    return withSession(load.library, run.machine, (session) => new Run(session, run).toEnd());
  },
};

const LR = 30;
/** QEMU's numbers of exceptions. */
const INTERRUPT = { supervisorCall: 2, dataAbort: 4, breakpoint: 7, secureMonitorCall: 13 } as const;

interface Invalid {
  readonly type: number;
  readonly address: GuestAddress;
  readonly bytes: number;
}

/** One run, from the entry to its outcome. */
class Run implements Listener {
  private readonly cpu: Cpu;
  private readonly library: UnicornLibrary;
  private readonly guard: Guard;
  private readonly entrySp: bigint;
  /** Instructions begun and over; calls of traps also use up fuel. */
  private executed = 0;
  private calls = 0;
  /** The block that is running: whether all of it ran is known when the next one begins or the CPU stops. */
  private block: Va = 0;
  private blockWords = 0;
  /** The instruction that ran last. */
  private previous: Va;
  /** Since the CPU was started. */
  private interrupt: number | undefined;
  private invalid: Invalid | undefined;
  private thrown: { readonly error: unknown } | undefined;
  private atTrap: Va | undefined;
  /** Whether some traps lie on pages with code, so that blocks must be compared with them. */
  private codeHasTraps = false;
  private readonly trapArgs = new BigUint64Array(5);

  constructor(
    private readonly session: Session,
    private readonly run: EngineRun,
  ) {
    const { cpu } = session;
    const { machine, stackLow, stackTop, system } = run;
    this.cpu = cpu;
    this.library = cpu.library;
    this.guard = new Guard(cpu, machine, stackLow, stackTop);
    this.entrySp = pointer(stackTop);
    this.previous = run.entry;
    session.watchLoads(stackLow, Math.ceil(stackTop / machine.pageBytes) * machine.pageBytes);
    session.listener = this;
    enter(cpu.x, run.args);
    cpu.x[SP] = this.entrySp;
    cpu.x[LR] = pointer(RETURN_ADDRESS);
    cpu.nzcv = 0;
    cpu.write();
    cpu.setSystem(system?.spEl0 ?? 0n, system?.tpidrEl1 ?? 0n);
    cpu.clearExclusive();
    this.block = 0;
    this.blockWords = 0;
    this.executed = 0;
    this.lookAround();
  }

  toEnd(): EngineOutcome {
    return this.run.trace === undefined ? this.runAll() : this.session.tracing(() => this.runAll());
  }

  onBlock(address: GuestAddress, bytes: number): void {
    if (this.blockWords > 0) this.leaveBlock(this.blockWords);
    const va = vaOf(address);
    if (va === undefined) return;
    this.block = va;
    this.blockWords = bytes / 4;
    this.session.pages.executes(va);
    if (this.codeHasTraps && this.run.traps.has(va)) {
      this.atTrap = va;
      this.library.stop(this.cpu.uc);
    }
  }

  onAccess(type: number, address: GuestAddress, bytes: number): void {
    if (this.guard.check(type, address, bytes)) this.library.stop(this.cpu.uc);
  }

  onInvalid(type: number, address: GuestAddress, bytes: number): boolean {
    const va = vaOf(address);
    if (va !== undefined && this.session.pages.mapIn(va, ({ permission }) => allows(permission, type))) return true;
    this.invalid ??= { type, address, bytes };
    return false;
  }

  onInterrupt(number: number): void {
    this.interrupt = number;
    this.library.stop(this.cpu.uc);
  }

  onInstruction(address: GuestAddress): void {
    const pc = vaOf(address);
    if (pc === undefined || this.thrown !== undefined || this.atTrap !== undefined) return;
    const { cpu, run } = this;
    try {
      cpu.read();
      run.trace?.({ pc, word: wordAt(run.machine, pc), x: cpu.x, sp: cpu.x[SP]!, nzcv: cpu.nzcv });
    } catch (error) {
      this.thrown = { error };
      this.library.stop(cpu.uc);
    }
  }

  private runAll(): EngineOutcome {
    let pc: Va = this.run.entry;
    for (;;) {
      const next = this.advance(pc);
      if (typeof next !== "number") return next;
      pc = next;
    }
  }

  /** Run from `pc` until the CPU stops. @returns the outcome, or where to go on. */
  private advance(pc: Va): EngineOutcome | Va {
    if (pc === RETURN_ADDRESS) return this.returned();
    const trap = this.run.traps.get(pc);
    if (trap !== undefined) return this.call(pc, trap);
    const unfit = this.unfit(pc);
    if (unfit !== undefined) return unfit;
    const left = this.run.fuel - this.executed - this.calls;
    if (left <= 0) return { kind: "outOfFuel", executed: this.executed };
    this.interrupt = undefined;
    this.invalid = undefined;
    this.atTrap = undefined;
    const error = this.library.start(this.cpu.uc, signed(pc), signed(RETURN_ADDRESS), 0, left);
    return this.stopped(error, left);
  }

  private stopped(error: number, left: number): EngineOutcome | Va {
    const { cpu, guard } = this;
    const address = cpu.pc;
    if (this.thrown !== undefined) throw this.thrown.error;
    if (this.atTrap !== undefined) {
      this.blockWords = 0;
      return this.atTrap;
    }
    const before = this.executed;
    this.leaveBlockAt(vaOf(address));
    if (guard.stop !== undefined) {
      guard.restore();
      const { pc, why, detail } = guard.stop;
      guard.stop = undefined;
      return this.fault(pc, why, detail);
    }
    if (error === ERROR.fetchUnmapped || error === ERROR.fetchProtected) return this.fetchFault(address);
    const pc = vaOf(address);
    if (pc === undefined) return this.fetchFault(address);
    if (error !== ERROR.ok) return this.dataFault(pc, error);
    if (this.interrupt !== undefined) return this.exception(pc, this.interrupt);
    if (pc === RETURN_ADDRESS || this.executed - before >= left || this.executed + this.calls >= this.run.fuel)
      return pc;
    this.executed--;
    return this.fault(this.previous, "unknownWord", `${hexWord(this.wordAt(this.previous))}: stops the processor`);
  }

  /** The CPU left the running block with `pc` as the next instruction: within the block, or after all of it. */
  private leaveBlockAt(pc: Va | undefined): void {
    if (this.blockWords === 0) return;
    const inside = pc === undefined ? -1 : (pc - this.block) / 4;
    this.leaveBlock(inside >= 0 && inside < this.blockWords ? Math.floor(inside) : this.blockWords);
  }

  private leaveBlock(words: number): void {
    this.executed += words;
    if (words > 0) this.previous = this.block + 4 * (words - 1);
    this.blockWords = 0;
  }

  /** Why no instruction can be fetched from there, if so. */
  private unfit(pc: Va): EngineOutcome | undefined {
    const mapping = this.run.machine.mapping(pc);
    if (mapping === undefined) return this.fault(pc, "notExecutable", "fetch from an unmapped page");
    if (mapping.permission !== "rox") {
      return this.fault(pc, "notExecutable", `fetch from a page that is ${mapping.permission}`);
    }
    if ((pc & 3) !== 0) return this.fault(pc, "misalignedFetch", "pc is not a multiple of 4");
    return undefined;
  }

  private fetchFault(address: GuestAddress): EngineOutcome | Va {
    const pc = vaOf(address);
    if (pc !== undefined) return pc;
    return this.fault(this.previous, "notExecutable", `branch to ${hexAddress(address)}, which is no kernel address`);
  }

  private dataFault(pc: Va, error: number): EngineOutcome | Va {
    this.executed++;
    this.previous = pc;
    const { sp } = this.cpu;
    if ((sp & 15n) !== 0n && isBasedOnSp(this.wordAt(pc))) {
      return this.fault(pc, "misalignedStack", `sp is ${hex64(sp)} in an access`);
    }
    const { address, bytes } = this.invalid ?? { address: 0, bytes: 0 };
    const isLoad = error === ERROR.readUnmapped || error === ERROR.readProtected;
    const problem = error === ERROR.writeProtected ? "not writable" : "not mapped";
    const detail = `${isLoad ? "load" : "store"} of ${bytes} bytes at ${hexAddress(address)}: ${problem}`;
    return this.fixUp(pc) ?? this.fault(pc, isLoad ? "badRead" : "badWrite", detail);
  }

  /** An exception other than one of the page table. @param pc where the library left it: at the instruction or behind. */
  private exception(pc: Va, interrupt: number): EngineOutcome | Va {
    const word = this.wordAt(pc);
    switch (interrupt) {
      case INTERRUPT.secureMonitorCall:
        return pc;
      case INTERRUPT.supervisorCall:
        this.executed--;
        return this.fault(pc - 4, "unknownWord", `${hexWord(this.wordAt(pc - 4))}: not modelled`);
      case INTERRUPT.dataAbort:
        return this.misaligned(pc, word);
      case INTERRUPT.breakpoint:
        this.executed++;
        if (!isBrk(word)) throw new Error(`Unicorn took a breakpoint at ${hexWord(word)}`);
        return this.fault(pc, "breakpoint", `brk #0x${imm16(word).toString(16)}`);
    }
    const unfit = this.unfit(pc);
    if (unfit !== undefined) return unfit;
    if (isReadTpidrEl2(word)) this.cpu.writeX(destination(word), this.run.system?.tpidrEl2 ?? 0n);
    else if (!isFirmwareCall(word)) return this.fault(pc, "unknownWord", `${hexWord(word)}: undefined in Unicorn`);
    this.executed++;
    this.previous = pc;
    return pc + 4;
  }

  /** An exclusive or atomic that is not naturally aligned; without MMU nothing else must be. */
  private misaligned(pc: Va, word: number): EngineOutcome | Va {
    this.executed++;
    const { sp } = this.cpu;
    if (isBasedOnSp(word)) return this.fault(pc, "misalignedStack", `sp is ${hex64(sp)} in an access`);
    if (!isAtomic(word)) throw new Error(`Unicorn took a data abort at ${hexWord(word)}`);
    const why = isLoadExclusive(word) ? "badRead" : "badWrite";
    return this.fixUp(pc) ?? this.fault(pc, why, `misaligned atomic: ${hexWord(word)}`);
  }

  /** Only accesses to memory have entries in exception tables. Taking the exception ends a reservation. */
  private fixUp(pc: Va): Va | undefined {
    const fixup = this.run.fixup?.(pc);
    if (fixup === undefined) return undefined;
    if (fixup.clear !== undefined) this.cpu.writeX(fixup.clear, 0n);
    this.cpu.clearExclusive();
    return fixup.resume;
  }

  /** Call the trap as a function, then go on at LR as if it had returned. It may have changed memory and mappings. */
  private call(pc: Va, trap: Trap): EngineOutcome | Va {
    const { cpu, trapArgs } = this;
    if (this.executed + this.calls >= this.run.fuel) return { kind: "outOfFuel", executed: this.executed };
    this.calls++;
    cpu.read();
    const { x } = cpu;
    const back = codeAddress(x[LR]!);
    if (back === undefined) return this.fault(pc, "notExecutable", "a called function returns to no kernel address");
    for (let i = 0; i < trapArgs.length; i++) trapArgs[i] = x[i]!;
    try {
      x[0] = trap(trapArgs);
    } catch (error) {
      if (error instanceof TrapFault) return this.fault(this.previous, "trap", error.message);
      throw error;
    }
    clobber(x);
    cpu.nzcv = clobberFlags(cpu.nzcv);
    cpu.write();
    cpu.clearExclusive();
    this.lookAround();
    return back;
  }

  /** Mappings or code may have changed. */
  private lookAround(): void {
    const { machine, traps } = this.run;
    this.session.pages.sync();
    this.codeHasTraps = false;
    for (const va of traps.keys()) if (machine.mapping(va)?.permission === "rox") this.codeHasTraps = true;
  }

  private returned(): EngineOutcome {
    this.cpu.read();
    const { x } = this.cpu;
    const rule = violation(x, x[SP]!, this.entrySp);
    if (rule !== undefined) return { kind: "violated", rule, executed: this.executed };
    return { kind: "returned", x0: x[0]!, executed: this.executed };
  }

  private wordAt(pc: Va): number {
    return wordAt(this.run.machine, pc);
  }

  private fault(pc: Va, why: EngineFault, detail: string): EngineOutcome {
    return { kind: "faulted", pc, why, detail, executed: this.executed };
  }
}

const hexWord = (word: number): string => word.toString(16).padStart(8, "0");

/** Whether a page takes that type of access, now that it is asked for. */
function allows(permission: "rw" | "ro" | "rox", type: number): boolean {
  if (type === ACCESS.fetchUnmapped) return permission === "rox";
  return type === ACCESS.readUnmapped || (type === ACCESS.writeUnmapped && permission === "rw");
}
