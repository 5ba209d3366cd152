// A machine on which one setup plays: the function, the programs to attach, the kernel text around them, and calls.

import assert from "node:assert/strict";
import type { EngineOutcome } from "../../engines/engine.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import { Kernel } from "../../impl/program/kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "../../impl/program/load.js";
import { pokeOffset } from "../../impl/trampoline/arch-text-poke.js";
import type { TrampRequest } from "../../impl/trampoline/arch-trampoline.js";
import type { TrampolineEnv } from "../../impl/trampoline/env.js";
import { type TrampLink, type TrampLinks, trampFlags } from "../../impl/trampoline/links.js";
import { BpfSymbols } from "../../impl/trampoline/symbols.js";
import type { TrampKernel } from "../../impl/trampoline/tramp-image.js";
import { pointer, type RoAddr, type Va } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { type ProgramPlan, registersOf, type TrampolineSetup } from "../../properties/cases/trampoline/arbitrary.js";
import type { Insn } from "../../spec/bpf/insn.js";
import type { AttachedProgram, Attachment, Traced, TracedCall } from "../../spec/trampoline/traced.js";
import { dummyTramp, handmade } from "./function.js";
import { clearJournal, recorder, TRACED } from "./journal.js";
import { interpreter, KernelText, progInsns, progObject, textOf } from "./kernel-text.js";
import * as at from "./layout.js";

const FUEL = 20_000;
const PACK_BYTES = 64 * 1024;

export class TracedKernel {
  readonly machine = new Machine();
  readonly kernel: Kernel;
  readonly tramp: TrampKernel;
  readonly text: KernelText;
  /** Where the function begins. */
  readonly target: RoAddr;
  readonly call: TracedCall;
  readonly request: TrampRequest;
  private readonly programs: readonly AttachedProgram[];
  private readonly loaded: LoadedProgram[] = [];

  constructor(
    readonly setup: TrampolineSetup,
    quirks: JitEnv["quirks"] = DEFAULT_ENV.quirks,
  ) {
    const { machine } = this;
    const env: JitEnv = { ...DEFAULT_ENV, bti: setup.bti, dummyTramp: at.DUMMY_TRAMP, quirks };
    this.kernel = new Kernel({ machine, env, random: () => 0, packBytes: PACK_BYTES });
    const trampEnv: TrampolineEnv = { ...env, ...textOf(setup.helpersFar) };
    const { packs, modmem, warnings } = this.kernel;
    this.tramp = { machine, env: trampEnv, packs, modmem, warnings, symbols: new BpfSymbols() };
    for (const { base, bytes } of [at.STACK, at.JOURNAL, at.SEEN]) machine.map(base, bytes, "rw");
    machine.map(at.DUMMY_TRAMP - (at.DUMMY_TRAMP % at.PAGE_BYTES), at.PAGE_BYTES, "rox");
    machine.poke(at.DUMMY_TRAMP, dummyTramp());
    this.text = new KernelText(machine);
    this.target = this.placeTarget();
    const plans = [...setup.fentry, ...setup.fmodRet, ...setup.fexit];
    this.programs = plans.map((plan, id) => ({ id, ...plan }));
    this.text.seesRetval = (id) => id >= setup.fentry.length;
    const links = this.links();
    const flags = trampFlags(links, { ipArg: setup.ipArg, returns: setup.returns });
    const args = setup.target === "jit" ? [{ bytes: 8, isStruct: false }] : setup.args;
    this.request = { args, flags, links, func: this.target };
    this.call = { args: setup.values.slice(0, registersOf(args)), original: setup.original };
  }

  get site(): RoAddr {
    return (this.target + 4 * pokeOffset(this.tramp.env)) as RoAddr;
  }

  attachment(record: Va, released = false): Attachment {
    const { setup, programs } = this;
    const first = setup.fentry.length;
    const second = first + setup.fmodRet.length;
    return {
      fentry: programs.slice(0, first),
      fmodRet: programs.slice(first, second),
      fexit: programs.slice(second),
      structOps: setup.target === "structOps" ? { returns: setup.returns } : undefined,
      ip: setup.ipArg ? pointer(this.target) : undefined,
      record: pointer(record),
      released,
    };
  }

  /** Call the function, or with struct_ops what takes its place. @returns a fault or a broken rule as text. */
  run(entry: Va = this.target, cpu = 0, meanwhile?: () => void): Traced | string {
    const { machine, text, setup, call } = this;
    clearJournal(machine);
    text.steps = [];
    text.answers = {
      programs: this.programs,
      original: call.original,
      nregs: call.args.length,
      ipArg: setup.ipArg,
      behindSite: this.site + 4,
      meanwhile,
    };
    const outcome = referenceEngine.run({
      machine,
      cpu,
      entry,
      args: call.args,
      stackTop: at.ENTRY_SP,
      stackLow: at.STACK.base,
      fuel: FUEL,
      traps: text.traps,
      trace: ({ x }) => {
        text.framePointer = x[29]!;
      },
    });
    text.drain();
    return outcome.kind === "returned" ? { steps: text.steps, result: outcome.x0 } : said(outcome);
  }

  /** Free the programs and the function; afterwards there must be nothing left. */
  end(): void {
    for (const program of this.loaded) freeProgram(this.kernel, program);
    if (this.setup.target === "near" || this.setup.target === "structOps") {
      this.kernel.packs.bpfProgPackFree(this.target, this.handmadeBytes());
    }
  }

  private links(): TrampLinks {
    const { fentry, fmodRet, fexit, target } = this.setup;
    const first = fentry.length;
    const second = first + fmodRet.length;
    return {
      fentry: fentry.map((plan, i) => this.link(plan, i, false)),
      fmodRet: fmodRet.map((plan, i) => this.link(plan, first + i, true)),
      fexit: fexit.map((plan, i) => this.link(plan, second + i, true)),
      structOps: target === "structOps",
    };
  }

  private link(plan: ProgramPlan, id: number, seesRetval: boolean): TrampLink {
    const { ipArg, target, args } = this.setup;
    const nregs = target === "jit" ? 1 : registersOf(args);
    const context = { from: ipArg ? -16 : -8, count: (ipArg ? 2 : 1) + nregs + (seesRetval ? 1 : 0) };
    const { cookie, jited, sleepable, recursionChecked, lsmCgroup } = plan;
    return {
      prog: progObject(id),
      bpfFunc: jited ? this.load(recorder(id, context, plan.result)).bpfFunc : interpreter(id),
      insnsi: progInsns(id),
      jited,
      cookie: { high: Number(cookie >> 32n), low: Number(cookie & 0xffff_ffffn) },
      sleepable,
      recursionChecked,
      lsmCgroup,
    };
  }

  private load(insns: readonly Insn[]): LoadedProgram {
    const loaded = loadProgram(this.kernel, [{ insns, index: 0, stackDepth: 0 }]);
    assert(loaded.ok, "a recorder does not compile");
    this.loaded.push(loaded.program);
    return loaded.program;
  }

  private placeTarget(): RoAddr {
    const { target, bti, original } = this.setup;
    if (target === "jit") {
      const { bpfFunc, functions } = this.load(recorder(TRACED, undefined, original));
      this.tramp.symbols.add({ start: bpfFunc, bytes: functions[0]!.jitedLen });
      return bpfFunc;
    }
    const { bytes, codeBytes } = handmade(bti, at.DUMMY_TRAMP);
    const place = target === "far" ? this.farPages() : this.kernel.packs.bpfProgPackAlloc(bytes.length)!;
    this.machine.poke(place, bytes);
    this.tramp.symbols.add({ start: place, bytes: codeBytes });
    return place;
  }

  private farPages(): RoAddr {
    this.machine.map(at.FAR_FUNCTION, at.PAGE_BYTES, "rox", true);
    return at.FAR_FUNCTION as RoAddr;
  }

  private handmadeBytes(): number {
    return handmade(this.setup.bti, at.DUMMY_TRAMP).bytes.length;
  }
}

function said(outcome: Exclude<EngineOutcome, { kind: "returned" }>): string {
  switch (outcome.kind) {
    case "faulted":
      return `${outcome.why} at 0x${outcome.pc.toString(16)}: ${outcome.detail}`;
    case "violated":
      return outcome.rule;
    case "outOfFuel":
      return "out of fuel";
    default:
      return outcome satisfies never;
  }
}
