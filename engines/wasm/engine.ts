// The embedded engine: one fixed interpreter in WebAssembly over the machine's own memory. What is not an instruction
// that completes comes back here: the return, calls of traps, faults and their fixups, new pages of code, and fuel.

import type { Va } from "../../machine/address.js";
import { type Engine, type EngineFault, type EngineOutcome, type EngineRun, type Trap, TrapFault } from "../engine.js";
import { noLandingPad } from "../landing.js";
import { clobber, clobberFlags, enter, FP, RETURN_ADDRESS, violation } from "../procedure-call.js";
import { WasmCpu } from "./cpu.js";
import { type Host, hostOf, hostWithMemory } from "./host.js";
import * as at from "./layout.js";
import { missing } from "./module.js";
import { Notes } from "./notes.js";
import { resetSystem } from "./registers.js";
import { type ForMachine, isForMachine, lastStop, unknownWord } from "./stop.js";

const LR = 30;
/** Instructions between two looks at the engine: compiled code is replaced by better code only then. */
const SLICE = 1 << 16;
/** x19..x29 as 32-bit words: what they hold at entry and must hold on return. */
const SAVED_FROM = 2 * 19;
const SAVED_TO = 2 * 30;
const ENTRY_WORDS = entryWords();
const SYSTEM_AT = at.REGS / 8 + at.SYSTEM;

export const wasmEngine: Engine = {
  name: "wasm",
  unavailable: missing,
  physical: (bytes) => hostWithMemory(bytes).physical,
  run: (run) => {
    const { machine } = run;
    const host = hostOf((machine.mapping(run.stackTop - 1) ?? machine.mapping(run.entry))?.frame);
    return host.alone(() => new Run(host, run).whole());
  },
  cpu: (options) => new WasmCpu(options),
};

/** One run, from the entry to its outcome. */
class Run {
  /** The page that code was last fetched from, its frame's place, and whether some of its addresses are traps. */
  private page: Va = -1;
  private frame = 0;
  private pageHasTraps = false;
  /** Instructions begun; calls of traps also use up fuel. */
  private executed = 0;
  private calls = 0;
  /** The host's when the interpreter was last made ready for this run. */
  private epoch = 0;
  private readonly pageShift: number;
  private readonly trapPlaces: TrapPlaces;
  private madeNotes: Notes | undefined;

  constructor(
    private readonly host: Host,
    private readonly run: EngineRun,
  ) {
    const { system } = run;
    this.pageShift = 31 - Math.clz32(run.machine.pageBytes);
    this.trapPlaces = trapPlacesOf(run);
    enter(host.x, run.args);
    host.setAddress(at.STACK_POINTER, run.stackTop);
    host.setAddress(LR, RETURN_ADDRESS);
    host.words[at.NZCV / 4] = 0;
    // As called by BLR.
    host.words[at.BTYPE / 4] = run.bti === true ? 2 : 0;
    host.words[at.UNDER_WAY / 4] = 0;
    host.setRules(run.spuriousFailures, run.bti ?? false);
    resetSystem(host);
    host.wide[SYSTEM_AT] = system?.tpidrEl1 ?? 0n;
    host.wide[SYSTEM_AT + 1] = system?.tpidrEl2 ?? 0n;
    host.wide[SYSTEM_AT + 2] = system?.spEl0 ?? 0n;
    host.floats[at.PREVIOUS / 8] = run.entry;
    this.resume();
  }

  whole(): EngineOutcome {
    const outcome = this.toEnd();
    this.tell();
    return outcome;
  }

  private toEnd(): EngineOutcome {
    const { host, run } = this;
    const { traps, fuel } = run;
    const { low, high } = this.trapPlaces;
    let pc = run.entry;
    for (;;) {
      if (pc === RETURN_ADDRESS) return this.returned();
      const trap = pc >= low && pc <= high ? traps.get(pc) : undefined;
      if (trap !== undefined) {
        const back = this.call(pc, trap);
        if (typeof back !== "number") return back;
        pc = back;
        continue;
      }
      const refused = this.open(pc);
      if (refused !== undefined) return refused;
      if (host.words[at.BTYPE / 4] !== 0 && host.interpreter.lands(this.wordAt(pc)) === 0) {
        return this.fault(pc, "branchTarget", noLandingPad(host.words[at.BTYPE / 4]!, pc));
      }
      const left = fuel - this.executed - this.calls;
      if (!(left > 0)) return { kind: "outOfFuel", executed: this.executed };
      const next = this.step(pc, left);
      if (next !== undefined) return next;
      pc = host.floats[at.PC / 8]!;
    }
  }

  /** Run until something comes up. @returns undefined if it is nothing but a new pc. */
  private step(pc: Va, left: number): EngineOutcome | undefined {
    const { host, run } = this;
    const isSlow = run.trace !== undefined || this.pageHasTraps;
    if (run.trace !== undefined) this.traceAt(pc);
    if (host.epoch !== this.epoch) {
      this.resume();
      const refused = this.open(pc);
      if (refused !== undefined) return refused;
    }
    const why = host.interpreter.go(pc, this.frame, isSlow ? 1 : Math.min(left, SLICE));
    this.executed += host.words[at.EXECUTED / 4]!;
    if (why === at.UNKNOWN_WORD) return this.unknownWord();
    return why === at.STOPPED ? this.stopped() : undefined;
  }

  /** The page of the pc may be fetched from, and the pc is a place of instructions; else the fault. */
  private open(pc: Va): EngineOutcome | undefined {
    const { host, run } = this;
    if (!(pc >= this.page && pc < this.page + run.machine.pageBytes)) {
      const mapping = run.machine.mapping(pc);
      if (mapping === undefined) return this.fault(pc, "notExecutable", "fetch from an unmapped page");
      const { permission, frame } = mapping;
      if (permission !== "rox") return this.fault(pc, "notExecutable", `fetch from a page that is ${permission}`);
      this.page = pc - (pc % run.machine.pageBytes);
      this.frame = host.place(frame, false);
      this.pageHasTraps = this.trapPlaces.pages.has(this.page);
      if (!this.pageHasTraps && run.trace === undefined) host.interpreter.allowFetch(this.page, this.frame);
    }
    return (pc & 3) === 0 ? undefined : this.fault(pc, "misalignedFetch", "pc is not a multiple of 4");
  }

  /** Translations and the interpreter's view of the stack are this run's, after anybody else may have done anything. */
  private resume(): void {
    const { host, run } = this;
    host.turnTo(run.machine);
    host.stopBefore(false, false, false);
    host.interpreter.begin(run.stackLow, run.stackTop, this.pageShift);
    this.page = -1;
    this.epoch = host.epoch;
  }

  /** Call the trap as a function that returns to LR. @returns where to go on. */
  private call(pc: Va, trap: Trap): EngineOutcome | Va {
    const { host, run } = this;
    if (this.executed + this.calls >= run.fuel) return { kind: "outOfFuel", executed: this.executed };
    this.calls++;
    this.host.words[at.BTYPE / 4] = 0;
    const back = host.address(LR);
    if (back === undefined) return this.fault(pc, "notExecutable", "a called function returns to no kernel address");
    const previous = host.floats[at.PREVIOUS / 8]!;
    this.tell();
    host.release();
    try {
      host.x[0] = trap(host.x.slice(0, 8), host.x[FP]!);
    } catch (error) {
      if (error instanceof TrapFault) return this.fault(previous, "trap", error.message);
      throw error;
    }
    clobber(host.x);
    host.words[at.NZCV / 4] = clobberFlags(host.words[at.NZCV / 4]!);
    // Where it has neither run code nor mapped anything, what the interpreter knows of this run still holds.
    if (host.epoch === this.epoch && host.knows(run.machine)) host.interpreter.forgetReservation();
    else this.resume();
    return back;
  }

  private traceAt(pc: Va): void {
    const { host, run } = this;
    const word = this.wordAt(pc);
    if (host.interpreter.knows(word) === 0) return;
    host.shadows.copyBack();
    run.trace!({ pc, word, x: host.x, sp: host.x[at.STACK_POINTER]!, nzcv: host.words[at.NZCV / 4]! });
  }

  private wordAt(pc: Va): number {
    return this.host.view.getUint32(this.frame + (pc - this.page), true);
  }

  private returned(): EngineOutcome {
    const { host, executed } = this;
    const { words, x } = host;
    let isIntact = host.address(at.STACK_POINTER) === this.run.stackTop;
    for (let i = SAVED_FROM; i < SAVED_TO; i++) isIntact &&= words[at.REGS / 4 + i] === ENTRY_WORDS[i];
    if (isIntact) return { kind: "returned", x0: x[0]!, executed };
    const entrySp = 0xffff_0000_0000_0000n + BigInt(this.run.stackTop);
    const rule = violation(x, x[at.STACK_POINTER]!, entrySp);
    if (rule === undefined) return { kind: "returned", x0: x[0]!, executed };
    return { kind: "violated", rule, executed };
  }

  /** An access that has an entry in an exception table goes on there; all else is a fault. */
  private stopped(): EngineOutcome | undefined {
    const { host } = this;
    const pc = host.floats[at.PC / 8]!;
    const { why, detail } = lastStop(host);
    if (isForMachine(why)) return this.tellOf(why);
    const fixup = why === "badRead" || why === "badWrite" ? this.run.fixup?.(pc) : undefined;
    if (fixup === undefined) return this.fault(pc, why, detail);
    if (fixup.clear !== undefined && fixup.clear !== at.ZERO) host.x[fixup.clear] = 0n;
    host.interpreter.forgetReservation();
    host.floats[at.PC / 8] = fixup.resume;
    return undefined;
  }

  /** The interpreter stopped before an instruction that the machine must hear of, or of what came before it. */
  private tellOf(why: ForMachine): undefined {
    const { host } = this;
    this.tell();
    if (why === "note" || why === "complete") this.executed--;
    else host.floats[at.PC / 8]! += 4;
    if (why === "complete") this.outside(() => this.notes.complete());
    if (why === "maintain") this.notes.begin(host);
  }

  private tell(): void {
    if (this.host.words[at.PENDING / 4] === 0) return;
    const action = this.notes.take(this.host);
    if (action !== undefined) this.outside(action);
  }

  private outside(action: () => void): void {
    const { host } = this;
    host.release();
    action();
    host.turnTo(this.run.machine);
    this.notes.show(host);
    this.page = -1;
  }

  private get notes(): Notes {
    this.madeNotes ??= new Notes(this.run.machine, this.run.cpu);
    return this.madeNotes;
  }

  private unknownWord(): EngineOutcome {
    const pc = this.host.floats[at.PC / 8]!;
    this.open(pc);
    return this.fault(pc, "unknownWord", unknownWord(this.wordAt(pc)));
  }

  private fault(pc: Va, why: EngineFault, detail: string): EngineOutcome {
    return { kind: "faulted", pc, why, detail, executed: this.executed };
  }
}

interface TrapPlaces {
  readonly pages: ReadonlySet<Va>;
  /** The first trap and the last. */
  readonly low: Va;
  readonly high: Va;
  /** Of what they were found. */
  readonly count: number;
  readonly pageBytes: number;
}
const trapPlaces = new WeakMap<EngineRun["traps"], TrapPlaces>();

/** Runs share their traps, hundreds of them. */
function trapPlacesOf({ traps, machine: { pageBytes } }: EngineRun): TrapPlaces {
  const known = trapPlaces.get(traps);
  if (known?.count === traps.size && known.pageBytes === pageBytes) return known;
  const pages = new Set<Va>();
  let low = Number.POSITIVE_INFINITY;
  let high = -1;
  for (const va of traps.keys()) {
    pages.add(va - (va % pageBytes));
    low = Math.min(low, va);
    high = Math.max(high, va);
  }
  const found = { pages, low, high, count: traps.size, pageBytes };
  trapPlaces.set(traps, found);
  return found;
}

function entryWords(): Uint32Array {
  const x = new BigUint64Array(31);
  enter(x, []);
  return new Uint32Array(x.buffer);
}
