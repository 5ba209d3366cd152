// The third engine: Unicorn, whose meaning of A64 is QEMU's and so owes nothing to this project. The library runs words;
// the caller's rules of `../engine.ts` are kept around it: `hooks.ts` sees what happens, `rules.ts` judges accesses, and
// `session.ts` is what is kept between runs.

import type { Va } from "../../machine/address.js";
import { codeAddress, pointer } from "../../spec/a64/address.js";
import { hex64, hexWord } from "../../spec/bits.js";
import { type Engine, type EngineFault, type EngineOutcome, type EngineRun, type Trap, TrapFault } from "../engine.js";
import { noLandingPad } from "../landing.js";
import { clobber, clobberFlags, enter, FP, RETURN_ADDRESS, violation } from "../procedure-call.js";
import { type Cpu, SP } from "./cpu.js";
import { type Held, Hooks, Progress } from "./hooks.js";
import { ERROR, type GuestAddress, hexAddress, loadUnicorn, signed, vaOf } from "./library.js";
import { wordAt } from "./rules.js";
import { type Session, withSession } from "./session.js";
import {
  baseOf,
  branchName,
  bytesOf,
  destination,
  imm16,
  isAtomic,
  isLoadAlone,
  isReadTpidrEl2,
  offsetOf,
  statusOf,
  writeBackOf,
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
const INTERRUPT = {
  supervisorCall: 2,
  dataAbort: 4,
  breakpoint: 7,
  hypervisorCall: 11,
  secureMonitorCall: 13,
} as const;

/** One run: until the code returns, leaves for a trap, faults, or has used up its fuel. Decides why the library came back. */
class Run {
  private readonly cpu: Cpu;
  private readonly progress: Progress;
  private readonly hooks: Hooks;
  private readonly entrySp: bigint;

  constructor(
    private readonly session: Session,
    private readonly run: EngineRun,
  ) {
    const { cpu } = session;
    const { stackTop, system } = run;
    this.cpu = cpu;
    this.progress = new Progress(run.entry);
    this.hooks = new Hooks(session, run, this.progress);
    this.entrySp = pointer(stackTop);
    enter(cpu.x, run.args);
    cpu.x[SP] = this.entrySp;
    cpu.x[LR] = pointer(RETURN_ADDRESS);
    cpu.nzcv = 0;
    cpu.write();
    cpu.setSystem(system?.spEl0 ?? 0n, system?.tpidrEl1 ?? 0n);
    session.listener = this.hooks;
    this.hooks.refresh();
    this.endReservation();
  }

  toEnd(): EngineOutcome {
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
    const left = this.fuelLeft;
    if (left <= 0) return this.outOfFuel();
    this.hooks.reset();
    this.hooks.mapCode(pc);
    const { library, uc } = this.cpu;
    const start = (): number => library.start(uc, signed(pc), signed(RETURN_ADDRESS), 0, left);
    return this.stopped(this.hooks.isTracing ? this.session.tracing(start) : start());
  }

  private stopped(error: number): EngineOutcome | Va {
    const { hooks, progress } = this;
    const address = this.cpu.pc;
    const pc = vaOf(address);
    if (hooks.thrown !== undefined) throw hooks.thrown.error;
    progress.stopAt(pc);
    if (hooks.rules.stop !== undefined) {
      hooks.rules.restore();
      const { pc: at, why, detail } = hooks.rules.stop;
      const isAccess = why === "badWrite" || why === "badRead";
      return (isAccess ? this.undo(at, error) : undefined) ?? this.fault(at, why, detail);
    }
    if (hooks.held !== undefined) return this.instead(hooks.held);
    if (pc === undefined) return this.strayed(address);
    // Of a page that is not mapped yet, or `advance` says what is wrong with it.
    if (error === ERROR.fetchUnmapped || error === ERROR.fetchProtected) return pc;
    if (error !== ERROR.ok) return this.dataFault(pc, error);
    if (hooks.interrupt !== undefined) return this.exception(pc, hooks.interrupt);
    if (pc === RETURN_ADDRESS || this.fuelLeft <= 0) return pc;
    progress.executed--;
    return this.fault(
      progress.previous,
      "unknownWord",
      `${hexWord(this.wordAt(progress.previous))}: stops the processor`,
    );
  }

  private get fuelLeft(): number {
    return this.run.fuel - this.progress.executed - this.progress.calls;
  }

  private instead({ pc, action }: Held): EngineOutcome | Va {
    if (action === "trap") return pc;
    if (action === "strayed") return this.fault(pc, "branchTarget", noLandingPad(this.hooks.branch, pc));
    const word = this.wordAt(pc);
    if (action === "misaligned") return this.misaligned(pc, word);
    this.progress.step(pc);
    this.cpu.writeX(statusOf(word), 1n);
    this.cpu.clearExclusive();
    return pc + 4;
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

  /** A branch left the kernel's half: that is a fault of the branch, as the machine has no such pc. */
  private strayed(address: GuestAddress): EngineOutcome {
    const { previous } = this.progress;
    const name = branchName(this.wordAt(previous));
    return this.fault(previous, "notExecutable", `${name} to ${hexAddress(address)}, which is no kernel address`);
  }

  private dataFault(pc: Va, error: number): EngineOutcome | Va {
    this.progress.step(pc);
    const { address, bytes } = this.hooks.invalid ?? { address: 0, bytes: 0 };
    this.hooks.monitor.refused(this.wordAt(pc));
    const isLoad = error === ERROR.readUnmapped || error === ERROR.readProtected;
    const va = vaOf(address);
    const isMapped = va !== undefined && this.run.machine.mapping(va) !== undefined;
    const problem = isMapped ? "not writable" : "not mapped";
    const detail = `${isLoad ? "load" : "store"} of ${bytes} bytes at ${hexAddress(address)}: ${problem}`;
    return this.fixUp(pc) ?? this.fault(pc, isLoad ? "badRead" : "badWrite", detail);
  }

  /** An exception other than one of the page table. @param pc where the library left it: at the instruction or behind. */
  private exception(pc: Va, interrupt: number): EngineOutcome | Va {
    const word = this.wordAt(pc);
    switch (interrupt) {
      // Firmware changes nothing.
      case INTERRUPT.hypervisorCall:
      case INTERRUPT.secureMonitorCall:
        return pc;
      case INTERRUPT.supervisorCall:
        this.progress.executed--;
        return this.fault(pc - 4, "unknownWord", `${hexWord(this.wordAt(pc - 4))}: undefined in kernel code`);
      case INTERRUPT.dataAbort:
        return this.misaligned(pc, word);
      case INTERRUPT.breakpoint:
        this.progress.step(pc);
        return this.fault(pc, "breakpoint", `brk #0x${imm16(word).toString(16)}`);
    }
    const unfit = this.unfit(pc);
    if (unfit !== undefined) return unfit;
    if (!isReadTpidrEl2(word)) return this.fault(pc, "unknownWord", `${hexWord(word)}: undefined in Unicorn`);
    this.cpu.writeX(destination(word), this.run.system?.tpidrEl2 ?? 0n);
    this.progress.step(pc);
    return pc + 4;
  }

  /** An exclusive or atomic that is not naturally aligned; without MMU nothing else must be. */
  private misaligned(pc: Va, word: number): EngineOutcome | Va {
    this.progress.step(pc);
    const stack = this.hooks.rules.misalignedStack(pc);
    if (stack !== undefined) return this.fault(pc, stack.why, stack.detail);
    if (!isAtomic(word)) throw new Error(`Unicorn took a data abort at ${hexWord(word)}`);
    const why = isLoadAlone(word) ? "badRead" : "badWrite";
    const address = BigInt.asUintN(64, this.cpu.readBase(baseOf(word)) + BigInt(offsetOf(word)));
    const detail = `misaligned atomic: ${bytesOf(word)} bytes at ${hex64(address)}`;
    return this.fixUp(pc) ?? this.fault(pc, why, detail);
  }

  /** Only accesses to memory have entries in exception tables. Taking the exception ends a reservation. */
  private fixUp(pc: Va): Va | undefined {
    const fixup = this.run.fixup?.(pc);
    if (fixup === undefined) return undefined;
    if (fixup.clear !== undefined) this.cpu.writeX(fixup.clear, 0n);
    this.endReservation();
    return fixup.resume;
  }

  /**
   * A store was refused by the rules. If the emulator did not refuse it too, its instruction was carried out all the same.
   *
   * @returns where to go on if its fault has an entry.
   */
  private undo(pc: Va, error: number): Va | undefined {
    const word = this.wordAt(pc);
    this.hooks.monitor.refused(word);
    const writeBack = error === ERROR.ok ? writeBackOf(word) : 0;
    if (writeBack !== 0) this.cpu.addToBase(baseOf(word), -writeBack);
    return this.fixUp(pc);
  }

  /** Call the trap as a function, then go on at LR as if it had returned. It may have changed memory and mappings. */
  private call(pc: Va, trap: Trap): EngineOutcome | Va {
    const { cpu, progress } = this;
    if (this.fuelLeft <= 0) return this.outOfFuel();
    progress.calls++;
    this.hooks.branch = 0;
    cpu.read();
    const { x } = cpu;
    const back = codeAddress(x[LR]!);
    if (back === undefined) return this.fault(pc, "notExecutable", "a called function returns to no kernel address");
    try {
      x[0] = trap(x.slice(0, 8), x[FP]!);
    } catch (error) {
      if (error instanceof TrapFault) return this.fault(progress.previous, "trap", error.message);
      throw error;
    }
    clobber(x);
    cpu.nzcv = clobberFlags(cpu.nzcv);
    cpu.write();
    this.endReservation();
    this.hooks.refresh();
    return back;
  }

  private endReservation(): void {
    if (this.session.pages.hasExclusives) this.cpu.clearExclusive();
    this.hooks.monitor.clear();
  }

  private returned(): EngineOutcome {
    const { cpu, progress } = this;
    cpu.read();
    const { x } = cpu;
    const { executed } = progress;
    const rule = violation(x, x[SP]!, this.entrySp);
    return rule === undefined ? { kind: "returned", x0: x[0]!, executed } : { kind: "violated", rule, executed };
  }

  private outOfFuel(): EngineOutcome {
    return { kind: "outOfFuel", executed: this.progress.executed };
  }

  private fault(pc: Va, why: EngineFault, detail: string): EngineOutcome {
    return { kind: "faulted", pc, why, detail, executed: this.progress.executed };
  }

  private wordAt(pc: Va): number {
    return wordAt(this.run.machine, pc);
  }
}
