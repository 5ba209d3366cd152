// A CPU that stops and goes on, for kernel code: one instruction after the other, each looked at before and after.

import { pointer, type Va } from "../../machine/address.js";
import { execute } from "../../spec/a64/execute.js";
import { isLandingPad } from "../../spec/a64/hints.js";
import { SP } from "../../spec/a64/registers.js";
import { State, type Stop } from "../../spec/a64/state.js";
import type { CpuOptions, CpuState, CpuStop, EngineCpu, EngineFault, ResumeOptions } from "../engine.js";
import { noLandingPad } from "../landing.js";
import { spuriousFailures } from "../spurious.js";
import { DataSide } from "./data-side.js";
import { DecodeCache } from "./decode-cache.js";
import { executedWords } from "./executed-words.js";
import { Fetch, unknownWord } from "./fetch.js";
import { Notes } from "./notes.js";
import { nextTurn } from "./turns.js";

/** The registers of a state as callers see them. */
class Registers implements CpuState {
  readonly x: BigUint64Array;

  constructor(private readonly state: State) {
    this.x = state.x.subarray(0, 31);
  }

  get sp(): bigint {
    return this.state.x[SP]!;
  }
  set sp(value: bigint) {
    this.state.x[SP] = value;
  }
  get pc(): Va {
    return this.state.pc;
  }
  set pc(pc: Va) {
    this.state.pc = pc;
  }
  get nzcv(): number {
    return this.state.nzcv;
  }
  set nzcv(nzcv: number) {
    this.state.nzcv = nzcv;
  }
  get btype(): number {
    return this.state.btype;
  }
  set btype(btype: number) {
    this.state.btype = btype;
  }
  get system(): State["system"] {
    return this.state.system;
  }
}

export class ReferenceCpu implements EngineCpu {
  executed = 0;
  readonly state: CpuState;
  private readonly decoded = new DecodeCache();
  private readonly registers = new State();
  private readonly fetch: Fetch;
  private readonly data: DataSide;
  private readonly notes: Notes;
  private readonly words: Set<Va>;
  private readonly spurious: { count: number } | undefined;
  /** The stop at which it stopped, until it has executed the instruction there. */
  private passing: Va | undefined;
  private keepsReservation = false;
  /** The turn in which it last ran. */
  private turn = 0;
  /** Of the mappings that `fetch` and `data` hold. */
  private generation = -1;

  constructor(private readonly options: CpuOptions) {
    const { machine, cpu } = options;
    this.state = new Registers(this.registers);
    this.fetch = new Fetch(machine);
    this.notes = new Notes(machine, cpu, () => this.wasOutside());
    this.data = new DataSide(machine, this.registers, this.notes);
    this.registers.signsReturns = false;
    this.words = executedWords(machine, options.stops);
    this.spurious = spuriousFailures(options.spuriousFailures, this.registers);
  }

  resume({ fuel, pauseAfter }: ResumeOptions): CpuStop {
    const { registers } = this;
    if (!this.keepsReservation || nextTurn() !== this.turn + 1) registers.reservation = undefined;
    if (this.passing !== registers.pc) this.passing = undefined;
    this.forgetMappings();
    const stop = this.toStop(fuel, pauseAfter !== undefined);
    this.notes.tell();
    this.passing = stop.kind === "trap" ? stop.pc : undefined;
    this.keepsReservation = stop.kind === "paused" || stop.kind === "outOfFuel";
    this.turn = nextTurn();
    return stop;
  }

  executedWords(from: Va, words: number): Uint8Array {
    return Uint8Array.from({ length: words }, (_, i) => (this.words.has(from + 4 * i) ? 1 : 0));
  }

  private toStop(fuel: number, isPausing: boolean): CpuStop {
    const { registers, data } = this;
    const end = this.executed + fuel;
    for (;;) {
      const { pc } = registers;
      if (this.executed >= end) return { kind: "outOfFuel", pc };
      data.didChange = false;
      const stop = this.step();
      if (stop !== undefined) return stop;
      if (isPausing && data.didChange) return { kind: "paused", pc: registers.pc };
    }
  }

  /** @returns why the CPU must stop here, with nothing done. */
  private step(): CpuStop | undefined {
    const { registers, options, fetch } = this;
    const { pc } = registers;
    const refused = this.unfit(pc);
    if (refused !== undefined) return refused;
    const word = fetch.word(pc);
    if (registers.btype !== 0 && !isLandingPad(word, registers.btype)) {
      return fault(pc, "branchTarget", pointer(pc), noLandingPad(registers.btype, pc));
    }
    registers.btype = 0;
    if (this.passing !== pc && options.stops.has(pc)) return { kind: "trap", pc };
    const insn = this.decoded.decode(word);
    if (insn === undefined) return { kind: "unknown", pc, word, detail: unknownWord(word) };
    this.passing = undefined;
    this.executed++;
    this.words.add(pc);
    const spuriousCount = this.spurious?.count ?? 0;
    const stop = execute(insn, registers, this.data);
    if (options.bti !== true) registers.btype = 0;
    if (stop === undefined) return undefined;
    if (this.spurious !== undefined) this.spurious.count = spuriousCount;
    return this.stopped(pc, stop);
  }

  private stopped(pc: Va, { why, address, detail }: Stop): CpuStop | undefined {
    switch (why) {
      case "again":
        this.executed--;
        this.notes.tell();
        return undefined;
      case "breakpoint":
        return { kind: "break", pc, imm: Number(address) };
      default:
        return fault(pc, why, address, detail);
    }
  }

  /** Why no instruction can be fetched from there, if so. */
  private unfit(pc: Va): CpuStop | undefined {
    const { fetch, options } = this;
    if ((pc & 3) !== 0) return fault(pc, "misalignedFetch", pointer(pc), "pc is not a multiple of 4");
    if (fetch.isOnPage(pc) && !fetch.isTracked) return undefined;
    this.notes.tell();
    const problem = fetch.open(pc);
    if (problem !== undefined) {
      if (this.passing !== pc && options.stops.has(pc)) return { kind: "trap", pc };
      return fault(pc, "notExecutable", pointer(pc), problem);
    }
    const stale = fetch.isTracked ? options.machine.fetch(options.cpu, pc, 4) : undefined;
    if (stale === undefined) return undefined;
    return fault(pc, "staleFetch", pointer(stale.va), `the CPU may see older bytes: ${stale.why}`);
  }

  /** Whoever heard of something may have run other CPUs, and changed mappings. */
  private wasOutside(): void {
    this.registers.reservation = undefined;
    this.forgetMappings();
  }

  private forgetMappings(): void {
    const { mapGeneration } = this.options.machine;
    this.data.flush();
    if (mapGeneration === this.generation && !this.fetch.isTracked) return;
    this.generation = mapGeneration;
    this.fetch.forget();
  }
}

const fault = (pc: Va, why: EngineFault, address: bigint, detail: string): CpuStop => ({
  kind: "fault",
  pc,
  why,
  address,
  detail,
});
