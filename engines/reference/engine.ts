// The reference engine: the meaning that spec/a64 gives to each word, on the machine's memory, under the caller's rules.
// Slow and plain; the fast engines are compared with it.

import type { Va } from "../../machine/address.js";
import { codeAddress, pointer } from "../../spec/a64/address.js";
import { execute } from "../../spec/a64/execute.js";
import { isLandingPad } from "../../spec/a64/hints.js";
import { LR, SP } from "../../spec/a64/registers.js";
import { State, type Stop } from "../../spec/a64/state.js";
import { type Engine, type EngineFault, type EngineOutcome, type EngineRun, type Trap, TrapFault } from "../engine.js";
import { noLandingPad } from "../landing.js";
import { clobber, clobberFlags, enter, FP, RETURN_ADDRESS, violation } from "../procedure-call.js";
import { spuriousFailures } from "../spurious.js";
import { ReferenceCpu } from "./cpu.js";
import { DataSide } from "./data-side.js";
import { DecodeCache } from "./decode-cache.js";
import { Fetch, unknownWord } from "./fetch.js";
import { Notes } from "./notes.js";
import { nextTurn } from "./turns.js";

const DECODED = new DecodeCache();

export const referenceEngine: Engine = {
  name: "reference",
  unavailable: () => undefined,
  run: (run) => new Run(run).whole(),
  cpu: (options) => new ReferenceCpu(options),
};

/** One run, from the entry to its outcome. */
class Run {
  private readonly state = new State();
  private readonly data: DataSide;
  private readonly entrySp: bigint;
  private readonly notes: Notes;
  private readonly spurious: { count: number } | undefined;
  private readonly fetch: Fetch;
  /** Whether some addresses of the page at hand are not code but traps, and of which page that is known. */
  private pageHasTraps = false;
  private trapsKnownFor: Va = -1;
  /** Instructions begun; calls of traps also use up fuel. */
  private executed = 0;
  private calls = 0;
  /** The instruction before the current one. */
  private previous: Va;
  /** Of the mappings that `page` and the data side hold. */
  private generation: number;
  private readonly trapArgs = new BigUint64Array(8);

  constructor(private readonly run: EngineRun) {
    const { state } = this;
    this.fetch = new Fetch(run.machine);
    this.notes = new Notes(run.machine, run.cpu, () => this.forgetMappings());
    this.data = new DataSide(run.machine, state, this.notes, run.stackLow, run.stackTop);
    this.spurious = spuriousFailures(run.spuriousFailures, state);
    // As called by BLR.
    state.btype = run.bti === true ? 2 : 0;
    this.entrySp = pointer(run.stackTop);
    enter(state.x, run.args);
    state.x[SP] = this.entrySp;
    state.x[LR] = pointer(RETURN_ADDRESS);
    state.pc = run.entry;
    this.previous = run.entry;
    this.generation = run.machine.mapGeneration;
    if (run.system !== undefined) {
      state.system.sp_el0 = run.system.spEl0;
      state.system.tpidr_el1 = run.system.tpidrEl1;
      state.system.tpidr_el2 = run.system.tpidrEl2;
    }
  }

  whole(): EngineOutcome {
    nextTurn();
    const outcome = this.toEnd();
    this.notes.tell();
    return outcome;
  }

  private toEnd(): EngineOutcome {
    const { state, data, run, fetch } = this;
    const { trace, fuel } = run;
    const isGuarded = run.bti === true;
    for (;;) {
      const pc = state.pc;
      if (!fetch.isOnPage(pc) || this.pageHasTraps) {
        const left = this.leavePage(pc);
        if (left !== undefined) {
          if (left === "called") continue;
          return left;
        }
      }
      if ((pc & 3) !== 0) return this.fault(pc, "misalignedFetch", "pc is not a multiple of 4");
      const word = fetch.word(pc);
      if (isGuarded && state.btype !== 0 && !isLandingPad(word, state.btype)) {
        return this.fault(pc, "branchTarget", noLandingPad(state.btype, pc));
      }
      if (this.executed + this.calls >= fuel) return { kind: "outOfFuel", executed: this.executed };
      state.btype = 0;
      const insn = DECODED.decode(word);
      if (insn === undefined) return this.fault(pc, "unknownWord", unknownWord(word));
      if (trace !== undefined) trace({ pc, word, x: state.x, sp: state.x[SP]!, nzcv: state.nzcv });
      this.executed++;
      this.previous = pc;
      const spuriousCount = this.spurious?.count ?? 0;
      const stop = execute(insn, state, data);
      if (stop === undefined) continue;
      if (this.spurious !== undefined) this.spurious.count = spuriousCount;
      if (stop.why === "again") {
        this.executed--;
        this.notes.tell();
      } else if (!this.fixUp(pc, stop)) return this.fault(pc, stop.why, stop.detail);
    }
  }

  /**
   * The pc is outside the page at hand, or on a page with traps. Return or call a trap if it is one of their addresses;
   * else open its page for fetching, and answer undefined.
   */
  private leavePage(pc: Va): EngineOutcome | "called" | undefined {
    if (pc === RETURN_ADDRESS) return this.returned();
    const trap = this.run.traps.get(pc);
    if (trap !== undefined) return this.call(pc, trap);
    if (this.fetch.isOnPage(pc)) return undefined;
    const problem = this.fetch.open(pc);
    if (problem !== undefined) return this.fault(pc, "notExecutable", problem);
    const page = pc - (pc % this.run.machine.pageBytes);
    if (page !== this.trapsKnownFor) this.lookForTraps(page);
    return undefined;
  }

  private lookForTraps(page: Va): void {
    this.trapsKnownFor = page;
    this.pageHasTraps = false;
    for (const at of this.run.traps.keys())
      if (at >= page && at < page + this.run.machine.pageBytes) this.pageHasTraps = true;
  }

  /** Call the trap as a function, then go on at LR as if it had returned. It may have changed mappings. */
  private call(pc: Va, trap: Trap): EngineOutcome | "called" {
    const { state } = this;
    const trapArgs = this.trapArgs;
    if (this.executed + this.calls >= this.run.fuel) return { kind: "outOfFuel", executed: this.executed };
    this.calls++;
    this.notes.tell();
    state.btype = 0;
    const back = codeAddress(state.x[LR]!);
    if (back === undefined) return this.fault(pc, "notExecutable", "a called function returns to no kernel address");
    for (let i = 0; i < trapArgs.length; i++) trapArgs[i] = state.x[i]!;
    try {
      state.x[0] = trap(trapArgs, state.x[FP]!);
    } catch (error) {
      if (error instanceof TrapFault) return this.fault(this.previous, "trap", error.message);
      throw error;
    }
    clobber(state.x);
    state.nzcv = clobberFlags(state.nzcv);
    state.reservation = undefined;
    state.pc = back;
    if (this.run.machine.mapGeneration !== this.generation) this.forgetMappings();
    return "called";
  }

  private forgetMappings(): void {
    this.generation = this.run.machine.mapGeneration;
    this.data.flush();
    this.fetch.forget();
  }

  private returned(): EngineOutcome {
    const { x } = this.state;
    const rule = violation(x, x[SP]!, this.entrySp);
    if (rule !== undefined) return { kind: "violated", rule, executed: this.executed };
    return { kind: "returned", x0: x[0]!, executed: this.executed };
  }

  /** Only accesses to memory have entries in exception tables. Taking the exception ends a reservation. */
  private fixUp(pc: Va, stop: Stop): boolean {
    if (stop.why !== "badRead" && stop.why !== "badWrite") return false;
    const fixup = this.run.fixup?.(pc);
    if (fixup === undefined) return false;
    if (fixup.clear !== undefined) this.state.write(fixup.clear, 64, 0n);
    this.state.reservation = undefined;
    this.state.pc = fixup.resume;
    return true;
  }

  private fault(pc: Va, why: EngineFault, detail: string): EngineOutcome {
    return { kind: "faulted", pc, why, detail, executed: this.executed };
  }
}
