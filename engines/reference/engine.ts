// The reference engine: the meaning that spec/a64 gives to each word, on the machine's memory, under the caller's rules.
// Slow and plain; the fast engines are compared with it.

import type { Va } from "../../machine/address.js";
import { codeAddress, pointer } from "../../spec/a64/address.js";
import { explain } from "../../spec/a64/decode.js";
import { execute } from "../../spec/a64/execute.js";
import { SP } from "../../spec/a64/insn.js";
import { State, type Stop } from "../../spec/a64/state.js";
import { hexWord } from "../../spec/bits.js";
import { type Engine, type EngineFault, type EngineOutcome, type EngineRun, type Trap, TrapFault } from "../engine.js";
import { clobber, clobberFlags, enter, RETURN_ADDRESS, violation } from "../procedure-call.js";
import { DataSide } from "./data-side.js";
import { DecodeCache } from "./decode-cache.js";

const LR = 30;
const DECODED = new DecodeCache();

export const referenceEngine: Engine = {
  name: "reference",
  unavailable: () => undefined,
  run: (run) => new Run(run).toEnd(),
};

/** One run, from the entry to its outcome. */
class Run {
  private readonly state = new State();
  private readonly data: DataSide;
  private readonly entrySp: bigint;
  private readonly pageBytes: number;
  /** The page that is being fetched from, and whether some of its addresses are not code but traps. */
  private page: Va = -1;
  private code!: DataView;
  private pageHasTraps = false;
  private trapsKnownFor: Va = -1;
  /** Instructions begun; calls of traps also use up fuel. */
  private executed = 0;
  private calls = 0;
  /** The instruction before the current one. */
  private previous: Va;
  /** Of the mappings that `page` and the data side hold. */
  private generation: number;
  private readonly trapArgs = new BigUint64Array(5);

  constructor(private readonly run: EngineRun) {
    const { state } = this;
    this.pageBytes = run.machine.pageBytes;
    this.data = new DataSide(run.machine, state, run.stackLow, run.stackTop);
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

  toEnd(): EngineOutcome {
    const { state, data, run } = this;
    const { trace, fuel } = run;
    for (;;) {
      const pc = state.pc;
      const offset = pc - this.page;
      if (!(offset >= 0 && offset < this.pageBytes) || this.pageHasTraps) {
        const left = this.leavePage(pc);
        if (left !== undefined) {
          if (left === "called") continue;
          return left;
        }
      }
      if ((pc & 3) !== 0) return this.fault(pc, "misalignedFetch", "pc is not a multiple of 4");
      if (this.executed + this.calls >= fuel) return { kind: "outOfFuel", executed: this.executed };
      const word = this.code.getUint32(pc - this.page, true);
      const insn = DECODED.decode(word);
      if (insn === undefined) return this.fault(pc, "unknownWord", `${hexWord(word)}: ${explain(word)}`);
      if (trace !== undefined) trace({ pc, word, x: state.x, sp: state.x[SP]!, nzcv: state.nzcv });
      this.executed++;
      this.previous = pc;
      const stop = execute(insn, state, data);
      if (stop !== undefined && !this.fixUp(pc, stop)) return this.fault(pc, stop.why, stop.detail);
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
    const page = Math.floor(pc / this.pageBytes) * this.pageBytes;
    if (page === this.page) return undefined;
    const mapping = this.run.machine.mapping(pc);
    if (mapping === undefined) return this.fault(pc, "notExecutable", "fetch from an unmapped page");
    if (mapping.permission !== "rox") {
      return this.fault(pc, "notExecutable", `fetch from a page that is ${mapping.permission}`);
    }
    this.page = page;
    this.code = mapping.frame.view;
    if (page !== this.trapsKnownFor) this.lookForTraps(page);
    return undefined;
  }

  private lookForTraps(page: Va): void {
    this.trapsKnownFor = page;
    this.pageHasTraps = false;
    for (const at of this.run.traps.keys()) if (at >= page && at < page + this.pageBytes) this.pageHasTraps = true;
  }

  /** Call the trap as a function, then go on at LR as if it had returned. It may have changed mappings. */
  private call(pc: Va, trap: Trap): EngineOutcome | "called" {
    const { state } = this;
    const trapArgs = this.trapArgs;
    if (this.executed + this.calls >= this.run.fuel) return { kind: "outOfFuel", executed: this.executed };
    this.calls++;
    const back = codeAddress(state.x[LR]!);
    if (back === undefined) return this.fault(pc, "notExecutable", "a called function returns to no kernel address");
    for (let i = 0; i < trapArgs.length; i++) trapArgs[i] = state.x[i]!;
    try {
      state.x[0] = trap(trapArgs);
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
    this.page = -1;
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
