// A CPU that stops and goes on, for kernel code: the same interpreter as for programs, with records kept by address and
// stops among them. What the machine must hear of is gathered by the interpreter and told to the machine from here.

import { pointer, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { CpuOptions, CpuStop, EngineCpu, EngineFault, ResumeOptions } from "../engine.js";
import { noLandingPad } from "../landing.js";
import type { FetchPage } from "./code-pages.js";
import { type Host, hostOf } from "./host.js";
import * as at from "./layout.js";
import { Notes } from "./notes.js";
import { Registers } from "./registers.js";
import { lastStop, unknownWord } from "./stop.js";

/** Instructions between two looks at the engine: compiled code is replaced by better code only then. */
const SLICE = 1 << 20;

const NO_PAGE: FetchPage = { va: -1, kind: "plain", frame: 0, records: 0 };

export class WasmCpu implements EngineCpu {
  readonly state = new Registers();
  executed = 0;
  private readonly machine: Machine;
  private readonly pageShift: number;
  private host: Host;
  private page = NO_PAGE;
  private pc: Va = 0;
  /** Instructions that may still be executed. */
  private left = 0;
  /** The stop at which it stopped, until it has executed the instruction there. */
  private passing: Va | undefined;
  /** The next instruction is to be executed alone, as the machine is to hear of it; then pause if `pausesNext`. */
  private isSingle = false;
  private isPausing = false;
  private pausesNext = false;
  private keepsReservation = false;
  private readonly notes: Notes;
  /** Store-exclusives so far that could have succeeded. */
  private spuriousCount = 0;
  /** The host's when the interpreter was last made ready for this CPU. */
  private epoch = -1;

  constructor(private readonly options: CpuOptions) {
    this.machine = options.machine;
    this.host = hostOf(options.machine.mapping(this.state.pc)?.frame);
    this.notes = new Notes(options.machine, options.cpu);
    this.pageShift = 31 - Math.clz32(options.machine.pageBytes);
  }

  resume({ fuel, pauseAfter }: ResumeOptions): CpuStop {
    this.host = hostOf(this.machine.mapping(this.state.pc)?.frame);
    this.left = fuel;
    this.isPausing = pauseAfter !== undefined;
    return this.host.alone(() => this.toStop());
  }

  executedWords(from: Va, words: number): Uint8Array {
    const { stops, machine } = this.options;
    return this.host.codePages.executed(stops, from, words, machine.pageBytes);
  }

  private toStop(): CpuStop {
    this.enter();
    if (this.passing !== this.pc) this.passing = undefined;
    this.isSingle = false;
    let stop: CpuStop | undefined;
    while (stop === undefined) stop = this.left > 0 ? this.advance() : { kind: "outOfFuel", pc: this.pc };
    this.tell();
    this.save(stop.pc);
    this.passing = stop.kind === "trap" ? stop.pc : undefined;
    this.keepsReservation = stop.kind === "paused" || stop.kind === "outOfFuel";
    return stop;
  }

  /** Execute until something comes up. @returns undefined if the CPU is to go on. */
  private advance(): CpuStop | undefined {
    const { host } = this;
    const { interpreter } = host;
    const refused = this.open();
    if (refused !== undefined) return refused;
    const { page, pc } = this;
    const isPassing = this.passing === pc;
    const isAlone = this.isSingle || isPassing || page.kind === "stale";
    const { isSingle } = this;
    host.stopBefore(this.isPausing && !isSingle, page.kind === "tracked" && !isSingle, !isSingle);
    if (isPassing) interpreter.passStop(page.records, pc - page.va, this.wordAt(pc));
    const why = interpreter.goPaged(pc, page.frame, page.records, isAlone ? 1 : Math.min(this.left, SLICE));
    if (isPassing) interpreter.forgetRecord(page.records, pc - page.va);
    const executed = host.words[at.EXECUTED / 4]!;
    this.left -= executed;
    this.executed += executed;
    this.pc = host.floats[at.PC / 8]!;
    if (why === at.STOPPED) return this.stopped();
    if (why === at.TRAPPED) return { kind: "trap", pc: this.pc };
    if (why === at.UNKNOWN_WORD) return this.unknown();
    this.passing = undefined;
    if (!this.isSingle) return undefined;
    this.isSingle = false;
    this.tell();
    if (!this.pausesNext) return undefined;
    this.pausesNext = false;
    return { kind: "paused", pc: this.pc };
  }

  /** The page of the pc may be fetched from, and the pc is a place of instructions; else why not. */
  private open(): CpuStop | undefined {
    const { machine, pc, page } = this;
    const isOnPage = pc >= page.va && pc < page.va + machine.pageBytes;
    if ((pc & 3) !== 0) return this.fault("misalignedFetch", pointer(pc), "pc is not a multiple of 4");
    if (isOnPage && page.kind === "plain") return this.landing();
    const va = pc - (pc % machine.pageBytes);
    const known = this.host.openPages.get(va);
    if (known !== undefined) {
      this.page = known;
      this.host.interpreter.allowPage(va, known.frame, known.records);
      return this.landing();
    }
    this.tell();
    const mapping = machine.mapping(pc);
    if (mapping?.permission !== "rox") {
      if (this.passing !== pc && this.options.stops.has(pc)) return { kind: "trap", pc };
      const what = mapping === undefined ? "an unmapped page" : `a page that is ${mapping.permission}`;
      return this.fault("notExecutable", pointer(pc), `fetch from ${what}`);
    }
    const isTracked = mapping.frame.lines !== undefined || machine.staleTranslations.length > 0;
    const kind = isTracked ? this.trackedKind(va) : "plain";
    const frame = this.host.place(mapping.frame, false);
    const records = this.host.codePages.open(this.options.stops, va, machine.pageBytes);
    this.host.interpreter.renewPage(records, frame);
    this.page = { va, kind, frame, records };
    if (kind === "plain") {
      this.host.openPages.set(va, this.page);
      this.host.interpreter.allowPage(va, frame, records);
    }
    const problem = kind === "stale" ? machine.fetch(this.options.cpu, pc, 4) : undefined;
    if (problem === undefined) return this.landing();
    return this.fault("staleFetch", pointer(problem.va), `the CPU may see older bytes: ${problem.why}`);
  }

  /** An indirect branch that brought the CPU here must find what it may land on. */
  private landing(): CpuStop | undefined {
    const { host, pc } = this;
    const branch = host.words[at.BTYPE / 4]!;
    if (branch === 0 || host.interpreter.lands(this.wordAt(pc)) !== 0) return undefined;
    return this.fault("branchTarget", pointer(pc), noLandingPad(branch, pc));
  }

  private trackedKind(va: Va): "tracked" | "stale" {
    const problem = this.machine.fetch(this.options.cpu, va, this.machine.pageBytes);
    return problem === undefined ? "tracked" : "stale";
  }

  private stopped(): CpuStop | undefined {
    const { host, pc } = this;
    const { why, detail } = lastStop(host);
    const address = host.wide[at.STOP_ADDRESS / 8]!;
    switch (why) {
      case "note":
        this.isSingle ||= this.page.kind !== "plain";
        this.tell();
        return this.again();
      case "code":
        this.isSingle = true;
        return this.again();
      case "pause":
        this.isSingle = true;
        this.pausesNext = true;
        return this.again();
      case "complete":
        this.isSingle = this.pausesNext = this.isPausing;
        this.tell();
        this.outside(() => this.notes.complete());
        return this.again();
      case "synchronize":
        this.tell();
        this.pc += 4;
        this.outside(() => this.machine.runOn(this.options.cpu, () => this.machine.contextSync()));
        return this.isPausing ? { kind: "paused", pc: this.pc } : undefined;
      case "maintain":
        this.tell();
        this.notes.begin(host);
        this.pc += 4;
        return undefined;
      case "breakpoint":
        return { kind: "break", pc, imm: Number(address) };
      default:
        return this.fault(why, address, detail);
    }
  }

  /** The instruction has done nothing yet. */
  private again(): undefined {
    this.left++;
    this.executed--;
  }

  private tell(): void {
    const action = this.notes.take(this.host);
    if (action !== undefined) this.outside(action);
  }

  /** Whoever hears of what the machine does here may look at this CPU, and run others. */
  private outside(action: () => void): void {
    const { host, machine } = this;
    this.save(this.pc);
    host.release();
    action();
    this.page = NO_PAGE;
    this.keepsReservation = false;
    if (host.epoch === this.epoch) host.turnTo(machine);
    else this.enter();
    this.notes.show(host);
  }

  private save(pc: Va): void {
    this.state.save(this.host, pc);
    this.spuriousCount = this.host.words[at.SPURIOUS_COUNT / 4]!;
  }

  /** Make the interpreter this CPU's. */
  private enter(): void {
    const { host, machine, options } = this;
    host.turnTo(machine);
    // Else the interpreter is as this CPU left it, and so is the reservation.
    if (!this.keepsReservation || host.epoch !== this.epoch + 1) host.interpreter.begin(0, 0, this.pageShift);
    host.fetchFor(options.stops);
    host.codePages.update(options.stops, machine.pageBytes);
    this.state.load(host);
    host.setRules(options.spuriousFailures, options.bti ?? false);
    host.words[at.SPURIOUS_COUNT / 4] = this.spuriousCount;
    this.notes.show(host);
    this.pc = this.state.pc;
    this.page = NO_PAGE;
    this.epoch = host.epoch;
  }

  private wordAt(pc: Va): number {
    const { frame, va } = this.page;
    return this.host.view.getUint32(frame + (pc - va), true);
  }

  private unknown(): CpuStop {
    const { pc } = this;
    this.open();
    const word = this.wordAt(pc);
    return { kind: "unknown", pc, word, detail: unknownWord(word) };
  }

  private fault(why: EngineFault, address: bigint, detail: string): CpuStop {
    return { kind: "fault", pc: this.pc, why, address, detail };
  }
}
