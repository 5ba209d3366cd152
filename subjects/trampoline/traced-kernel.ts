// A kernel in which one setup is tried: the function, the programs to attach, the kernel text around them, and calls.

import type { EngineOutcome, EngineRun } from "../../engines/engine.js";
import { defaultEngine } from "../../engines/index.js";
import { halves, pointer, type RoAddr, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { assert } from "../../spec/assert.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { mapList } from "../../spec/lists.js";
import type { AttachedProgram, Attachment, Traced, TracedCall } from "../../spec/trampoline/traced.js";
import { execute, trapsOf } from "../run/execute.js";
import { DUMMY_TRAMPOLINE, ENTRY_SP, PAGE_BYTES } from "../run/layout.js";
import {
  DEFAULT_ENV,
  envWith,
  type LoadedProgram,
  type Quirks,
  type Subject,
  type SubjectKernel,
  type SubjectTrampolines,
  type TrampLink,
  type TrampLinks,
  type TrampRequest,
  trampFlags,
} from "../subject.js";
import { clearJournal, recorder, TRACED } from "./journal.js";
import { interpreter, type KernelText, kernelTextOn, progObject, textOf } from "./kernel-text.js";
import { FAR_FUNCTION, handmade } from "./layout.js";
import { clearMachine, mapText, pagesFor } from "./machines.js";
import { pokeWatched, type Watched } from "./poke.js";
import {
  AT_REACH,
  type AtReach,
  isAtReach,
  type Passed,
  type ProgramPlan,
  passed,
  type TrampolineSetup,
  WORD,
  wordsOf,
} from "./setup.js";

const FUEL = 20_000;
const PACK_BYTES = 64 * 1024;
/** Where no heap of this machine puts the record of a trampoline. */
const FAR_RECORD = 0x4100_0000;

type NumberedPlan = ProgramPlan & AttachedProgram;

/** An image to attach, and the address of its record. */
interface Trampoline {
  readonly image: RoAddr;
  readonly record: Va;
}

export class TracedKernel {
  readonly machine: Machine;
  readonly kernel: SubjectKernel;
  readonly tramp: SubjectTrampolines;
  readonly text: KernelText;
  private readonly traps: EngineRun["traps"];
  /** Where the function begins. */
  readonly target: RoAddr;
  readonly call: TracedCall;
  readonly request: TrampRequest;
  /** Numbered through: those before the function, those that decide about its result, those behind it. */
  private readonly attached: Readonly<Record<"fentry" | "fmodRet" | "fexit", readonly NumberedPlan[]>>;
  /** All of them, by number. */
  private readonly programs: readonly NumberedPlan[];
  private readonly passed: Passed;
  private readonly loaded: LoadedProgram[] = [];

  /** Every image has pages of its own. */
  private readonly isInPages: boolean;

  /** As asked for, on this kernel: landing pads are where it was built with them. */
  readonly setup: TrampolineSetup;

  constructor(
    asked: TrampolineSetup,
    subject: Subject,
    quirks: Quirks = DEFAULT_ENV.quirks,
    private readonly engine = defaultEngine(),
  ) {
    const machine = clearMachine(subject, engine, asked.bti);
    this.machine = machine;
    const env = envWith(DEFAULT_ENV, { bti: asked.bti, dummyTramp: DUMMY_TRAMPOLINE, quirks });
    const { images = "packs", packBytes = PACK_BYTES } = subject.fixed ?? {};
    this.isInPages = images === "pages";
    this.kernel = subject.boot({ machine, env, random: () => 0, images, packBytes: this.isInPages ? 0 : packBytes });
    const setup = asked.bti === this.kernel.env.bti ? asked : { ...asked, bti: this.kernel.env.bti };
    this.setup = setup;
    this.tramp = this.kernel.trampolines(textOf(setup.helpersFar));
    this.text = kernelTextOn(machine, this.tramp);
    this.traps = trapsOf(this.kernel, this.text.traps);
    // A function at the end of a branch's reach is placed when all else is known.
    const early = isAtReach(setup.target) ? undefined : this.placeTarget();
    let next = 0;
    const numbered = (plans: readonly ProgramPlan[]): readonly NumberedPlan[] =>
      mapList(plans, (plan) => ({ id: next++, ...plan }));
    const { fentry, fmodRet, fexit, fsession } = setup;
    const own = { fentry: numbered(fentry), fmodRet: numbered(fmodRet), fexit: numbered(fexit) };
    const sessions = mapList(numbered(fsession), (plan, i) => ({ session: { leaves: fsession[i]!.leaves }, ...plan }));
    const before = [...sessions, ...own.fentry];
    this.attached = { fentry: before, fmodRet: own.fmodRet, fexit: [...sessions, ...own.fexit] };
    this.programs = [...own.fentry, ...own.fmodRet, ...own.fexit, ...sessions];
    const isTold = sessions.length > 0;
    this.text.seesRetval = (id) => isTold || id >= fentry.length;
    const linked = new Map(this.programs.map((plan) => [plan.id, this.link(plan, this.text.seesRetval(plan.id))]));
    const linksOf = (plans: readonly NumberedPlan[]): readonly TrampLink[] =>
      mapList(plans, ({ id }) => linked.get(id)!);
    const links: TrampLinks = {
      fentry: linksOf(this.attached.fentry),
      fmodRet: linksOf(this.attached.fmodRet),
      fexit: linksOf(this.attached.fexit),
      structOps: setup.target === "structOps",
    };
    const flags = trampFlags(links, { ipArg: setup.ipArg, returns: setup.returns });
    const args = setup.target === "jit" ? [WORD] : setup.args;
    this.target = early ?? this.placeAtReach(setup.target as AtReach, { args, flags, links, func: 0 });
    this.request = { args, flags, links, func: this.target };
    const values = setup.values.slice(0, wordsOf(args));
    this.passed = passed(args);
    const { registers, stack } = this.passed;
    const told = mapList(values, (word, i) => (i < registers ? word : BigInt.asUintN(8 * stack[i - registers]!, word)));
    this.call = { args: values, told, original: setup.original };
  }

  get site(): RoAddr {
    return (this.target + 4 * this.tramp.pokeOffset) as RoAddr;
  }

  /** With the same programs, and other cookies: what a trampoline that takes the place of the first one looks like. */
  get exchanged(): TrampRequest {
    const { links } = this.request;
    const other = (list: readonly TrampLink[]): readonly TrampLink[] =>
      list.map((link) => ({ ...link, cookie: { ...link.cookie, low: (link.cookie.low ^ 1) >>> 0 } }));
    const { fentry, fmodRet, fexit } = links;
    const changed = { fentry: other(fentry), fmodRet: other(fmodRet), fexit: other(fexit) };
    return { ...this.request, links: { ...links, ...changed } };
  }

  /** @param record the address of the record @param exchanged of the trampoline that `exchanged` asks for */
  attachment(record: bigint, { released = false, exchanged = false } = {}): Attachment {
    const { setup, attached } = this;
    const programs = (list: readonly NumberedPlan[]): readonly NumberedPlan[] =>
      exchanged ? list.map((one) => ({ ...one, cookie: one.cookie ^ 1n })) : list;
    return {
      fentry: programs(attached.fentry),
      fmodRet: programs(attached.fmodRet),
      fexit: programs(attached.fexit),
      structOps: setup.target === "structOps" ? { returns: setup.returns } : undefined,
      ip: setup.ipArg ? pointer(this.target) : undefined,
      record,
      released,
    };
  }

  /** Call the function, or with struct_ops what takes its place. @returns a fault or a broken rule as text. */
  run(entry: Va = this.target, cpu = 0, duringOriginal?: () => void): Traced | string {
    const { machine, engine, text, traps, setup, call } = this;
    const { bti } = this.kernel.env;
    clearJournal(machine);
    text.steps = [];
    text.answers = {
      programs: this.programs,
      original: call.original,
      nregs: call.args.length,
      registers: this.passed.registers,
      ipArg: setup.ipArg,
      behindSite: this.site + 4,
      duringOriginal,
    };
    const { registers, stack } = this.passed;
    const stackTop = ENTRY_SP - Math.ceil(stack.length / 2) * 16;
    const onStack = call.args.slice(registers);
    if (onStack.length > 0) machine.poke(stackTop, new Uint8Array(BigUint64Array.from(onStack).buffer));
    const args = call.args.slice(0, registers);
    const outcome = execute(engine, { machine, cpu, entry, args, stackTop, fuel: FUEL, traps, bti });
    text.drain();
    return outcome.kind === "returned" ? { steps: text.steps, result: outcome.x0 } : said(outcome);
  }

  /**
   * Change what the patch site leads to. At each memory event that `isMoment` chooses, and behind each store, another CPU
   * calls the function.
   */
  poke(
    from: RoAddr | undefined,
    to: RoAddr | undefined,
    isMoment: ((event: number) => boolean) | undefined = undefined,
  ): Watched {
    return pokeWatched(this, (cpu) => this.run(this.target, cpu), from, to, isMoment);
  }

  nearTrampoline(): Trampoline {
    const made = this.tramp.bpfTrampImageMake(this.request);
    assert(made.ok, () => "no trampoline");
    return made.im;
  }

  /** On a page that the packs would not have given, out of reach of a branch. */
  farTrampoline(): Trampoline {
    const { machine, tramp } = this;
    mapText(machine, { base: FAR_FUNCTION, bytes: PAGE_BYTES }, this.isInPages ? "rw" : "rox");
    const end = (FAR_FUNCTION + PAGE_BYTES) as RoAddr;
    const made = tramp.archPrepareBpfTrampoline(halves(FAR_RECORD), FAR_FUNCTION, end, this.request);
    assert(made.ok, () => "no far trampoline");
    if (this.isInPages) tramp.archProtectBpfTrampoline(FAR_FUNCTION, PAGE_BYTES);
    return { image: FAR_FUNCTION, record: FAR_RECORD };
  }

  /** Free the programs and the function; afterwards there must be nothing left. */
  end(): void {
    for (const program of this.loaded) this.kernel.freeProgram(program);
    if (this.setup.target !== "near" && this.setup.target !== "structOps") return;
    if (this.isInPages) this.machine.vfree(this.target);
    else this.kernel.packs.bpfProgPackFree(this.target, this.handmade.bytes.length);
  }

  /** Of the function made by hand. */
  private get shape() {
    const { bti, target, args } = this.setup;
    return { bti, stackWords: target === "jit" ? 0 : passed(args).stack.length };
  }
  private get handmade() {
    return handmade(this.shape);
  }

  private link(program: NumberedPlan, seesRetval: boolean): TrampLink {
    const { ipArg, target, args } = this.setup;
    const nregs = target === "jit" ? 1 : wordsOf(args);
    const { session } = program;
    const context = { from: ipArg ? -16 : -8, count: (ipArg ? 2 : 1) + nregs + (seesRetval ? 1 : 0) };
    const { id, result, cookie, jited, sleepable, recursionChecked, lsmCgroup } = program;
    return {
      prog: progObject(id),
      bpfFunc: jited ? this.load(recorder(id, context, result, session?.leaves)).bpfFunc : interpreter(id),
      insnsi: progObject(id) + this.tramp.insnsiOffset,
      cookie: { high: Number(cookie >> 32n), low: Number(cookie & 0xffff_ffffn) },
      ...{ jited, sleepable, recursionChecked, lsmCgroup },
      ...(session && { session: { keeps: session.leaves !== undefined } }),
    };
  }

  private load(insns: readonly Insn[]): LoadedProgram {
    const loaded = this.kernel.loadProgram([{ insns, index: 0, stackDepth: 0 }]);
    assert(loaded.ok, () => "a recorder does not compile");
    this.loaded.push(loaded.program);
    return loaded.program;
  }

  private placeTarget(): RoAddr {
    const { target, original } = this.setup;
    if (target === "jit") {
      const { bpfFunc, functions } = this.load(recorder(TRACED, undefined, original));
      this.tramp.symbols.add({ start: bpfFunc, bytes: functions[0]!.jitedLen });
      return bpfFunc;
    }
    const { bytes } = this.handmade;
    return this.placeFunction(target === "far" ? FAR_FUNCTION : this.roomFor(bytes.length));
  }

  /** Where the kernel has its images. */
  private roomFor(bytes: number): RoAddr {
    return this.isInPages ? pagesFor(this.machine, bytes) : this.kernel.packs.bpfProgPackAlloc(bytes)!;
  }

  /** So far from where the trampoline will lie. */
  private placeAtReach(target: AtReach, request: TrampRequest): RoAddr {
    const { tramp } = this;
    const size = tramp.archBpfTrampolineSize(request);
    assert(size.ok, () => "no size of a trampoline");
    const image = tramp.archAllocBpfTrampoline(size.bytes)!;
    tramp.archFreeBpfTrampoline(image, size.bytes);
    return this.placeFunction((image - AT_REACH[target] - 4 * tramp.pokeOffset) as RoAddr);
  }

  private placeFunction(place: RoAddr): RoAddr {
    const { machine, tramp } = this;
    const { bytes, codeBytes } = handmade(this.shape, tramp.env.dummyTramp, place);
    if (machine.mapping(place) === undefined) mapText(machine, { base: place, bytes: bytes.length });
    machine.poke(place, bytes);
    tramp.symbols.add({ start: place, bytes: codeBytes });
    return place;
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
