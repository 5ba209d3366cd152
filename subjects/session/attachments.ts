// Trampolines of a history: what the implementation makes of an attach or a detach, and what the list of steps says that a
// run must come to. The k-th program of a trampoline has cookie k, so that they tell themselves apart.

import { archBpfTrampolineSize } from "../../impl/trampoline/arch-trampoline.js";
import { pointer, type RwAddr, type Va } from "../../machine/address.js";
import { type AttachedProgram as ReferenceProgram, traced } from "../../spec/trampoline/traced.js";
import { ATTACH_KINDS, type AttachedProgram } from "../action.js";
import type { Answer } from "../step.js";
import type { SkipPlace, SubjectKernel, SubjectTrampolines, TrampImage, TrampolineView } from "../subject.js";
import { DEFAULT_ENV, type TrampLink, type TrampRequest, trampFlags } from "../subject.js";
import { progObject } from "../trampoline/kernel-text.js";
import { type LiveProgram, withoutStack } from "./prepared.js";
import { INTERPRETER, linesOf, type Noted, NREGS, TEXT, TracedCalls } from "./traced-calls.js";

/** A program has one argument, its context. */
const ARGS = [{ bytes: 8, isStruct: false }];
/** So many programs have addresses of their own; then they are given out again. */
const SERIALS = 4096;

/** One program at its place in a trampoline. */
interface Called extends Noted {
  readonly spec: AttachedProgram;
  /** Among all of the trampoline. */
  readonly position: number;
  /** Undefined: it is interpreted. */
  readonly live: LiveProgram | undefined;
  readonly isCompiled: boolean;
}

/** A trampoline to make, or made. */
export interface Plan {
  /** The program that is traced. */
  readonly live: LiveProgram;
  /** In the order in which they are called. */
  readonly programs: readonly Called[];
  readonly request: TrampRequest;
  /** Of its image. */
  readonly bytes: number;
}
/** `above`: bytes on the stack when the program is entered, beside those of its caller. */
export type TracedAnswer = Answer & { readonly above: number };

export interface Attachment {
  readonly plan: Plan;
  readonly im: TrampImage;
  readonly answer: TracedAnswer;
  /** Of each program, where it can be passed over; empty where nobody knows. */
  readonly places: readonly SkipPlace[];
  /** Numbers of those that are. */
  readonly passedOver: ReadonlySet<number>;
}

/** The frame records of the trampoline and of the function that it is called from. */
const FRAME_RECORDS_BYTES = 32;

export class Attachments {
  readonly kernel: SubjectTrampolines;
  readonly calls: TracedCalls;
  /** By the number of the program that is traced. */
  readonly attached = new Map<number, Attachment>();
  private readonly trampolines = new Map<number, TrampolineView>();
  /** The update in progress; without a plan, nothing will be attached. */
  private changing: { readonly id: number; readonly plan: Plan | undefined } | undefined;
  /** The program that is being removed from a trampoline, and what a run comes to without it. */
  private removing: { readonly id: number; readonly answer: TracedAnswer } | undefined;
  private serial = 0;

  /** @param record where the record of the trampoline that is being made lies */
  constructor(
    kernel: SubjectKernel,
    private readonly record: () => Va | undefined,
  ) {
    this.kernel = kernel.trampolines(TEXT);
    this.calls = new TracedCalls(kernel.machine, this.kernel.env);
  }

  loaded({ program }: LiveProgram): void {
    this.kernel.symbols.add({ start: program.bpfFunc, bytes: program.functions[0]!.jitedLen });
  }

  freed({ program }: LiveProgram): void {
    this.kernel.symbols.remove(program.bpfFunc);
  }

  /** The trampolines that a program is part of: its own, and those that call it. */
  partOf(id: number): readonly Attachment[] {
    if (this.attached.size === 0) return NO_ATTACHMENTS;
    return [...this.attached.values()].filter(({ plan }) => plan.live.id === id || calls(plan, id));
  }

  /** Undefined if nothing is left of it. */
  plan(
    live: LiveProgram,
    programs: readonly AttachedProgram[],
    all: ReadonlyMap<number, LiveProgram>,
  ): Plan | undefined {
    for (const { plan } of this.attached.values()) if (calls(plan, live.id)) return undefined;
    const mayCall = ({ id }: AttachedProgram): boolean =>
      id === undefined || (id !== live.id && isAdder(live) && isAdder(all.get(id)) && !this.attached.has(id));
    const usable: AttachedProgram[] = [];
    for (const kind of ATTACH_KINDS) usable.push(...programs.filter((spec) => spec.kind === kind && mayCall(spec)));
    if (usable.length === 0) return undefined;
    return this.planOf(
      live,
      usable.map((spec, i) => {
        const called = spec.id === undefined ? undefined : all.get(spec.id);
        return calledOf(spec, i, called, this.serial++ % SERIALS, this.kernel.insnsiOffset);
      }),
    );
  }

  private planOf(live: LiveProgram, programs: readonly Called[]): Plan {
    const request = requestOf(programs, live.program.bpfFunc);
    return { live, programs, request, bytes: sizeOf(this.kernel, request) };
  }

  /** @returns the error; 0 if it is done. */
  update(live: LiveProgram, plan: Plan | undefined): number {
    const { id } = live;
    const tr = this.trampolines.get(id) ?? { func: live.program.bpfFunc, curImage: undefined };
    this.trampolines.set(id, tr);
    for (const called of plan?.programs ?? []) this.calls.add(called);
    this.changing = { id, plan };
    const error = this.kernel.bpfTrampolineUpdate(tr, plan?.request);
    this.changing = undefined;
    const gone = error === 0 ? this.attached.get(id)?.plan : plan;
    for (const called of gone?.programs ?? []) this.calls.remove(called);
    if (error !== 0) return error;
    const im = tr.curImage;
    if (plan !== undefined && im !== undefined) {
      const places = this.kernel.skipPlaces?.(im) ?? NO_PLACES;
      this.attached.set(id, { plan, im, answer: this.answerOf(plan, im.record), places, passedOver: NONE });
    } else {
      this.attached.delete(id);
      this.trampolines.delete(id);
    }
    return 0;
  }

  /**
   * All programs that are attached are removed, one after the other: the trampoline that is still entered passes over them.
   *
   * @param note told of each, right after it, whether that came off
   */
  removeEach({ id }: LiveProgram, note: (place: SkipPlace, error: number) => void): void {
    for (const [i, place] of this.attached.get(id)?.places.entries() ?? []) {
      const now = this.attached.get(id)!;
      if (now.passedOver.has(i)) continue;
      const passedOver = new Set([...now.passedOver, i]);
      const next = { ...now, passedOver, answer: this.answerOf(now.plan, now.im.record, passedOver) };
      this.removing = { id, answer: next.answer };
      const error = this.kernel.passOver?.(place) ?? 0;
      this.removing = undefined;
      if (error === 0) this.attached.set(id, next);
      note(place, error);
    }
  }

  /** What a run of the program may come to now. */
  answers(live: LiveProgram): readonly TracedAnswer[] {
    const { changing, removing } = this;
    const now = this.attached.get(live.id)?.answer ?? untraced(live);
    if (removing?.id === live.id) return [now, removing.answer];
    if (changing?.id !== live.id) return [now];
    const { plan } = changing;
    return [now, plan === undefined ? untraced(live) : this.answerOf(plan, (this.record() ?? 0) as RwAddr)];
  }

  private answerOf(plan: Plan, record: RwAddr, passedOver = NONE): TracedAnswer {
    return answerOf(plan, record, this.kernel.frameBytes(NREGS, plan.request.flags), passedOver);
  }

  /** Programs that a run of this one may call through a trampoline; undefined if it has none. */
  calledBy({ id }: LiveProgram): readonly LiveProgram[] | undefined {
    const { changing } = this;
    const now = this.attached.get(id)?.plan;
    const next = changing?.id === id ? changing.plan : undefined;
    if (now === undefined && next === undefined) return undefined;
    return [...livesOf(now), ...livesOf(next)];
  }
}

const NO_PLACES: readonly SkipPlace[] = [];
const NONE: ReadonlySet<number> = new Set();
const NO_ATTACHMENTS: readonly Attachment[] = [];

/** Programs of it that are compiled. */
export function livesOf(plan: Plan | undefined): readonly LiveProgram[] {
  const lives: LiveProgram[] = [];
  for (const { live } of plan?.programs ?? []) if (live !== undefined) lives.push(live);
  return lives;
}

const calls = ({ programs }: Plan, id: number): boolean => programs.some(({ live }) => live?.id === id);

function calledOf(
  spec: AttachedProgram,
  position: number,
  live: LiveProgram | undefined,
  serial: number,
  insnsiOffset: number,
): Called {
  const object = progObject(serial);
  const isCompiled = live !== undefined;
  return {
    spec,
    position,
    live,
    isCompiled,
    name: `${position + 1}. ${spec.kind} ${isCompiled ? `#${spec.id}` : "recorder"}`,
    object,
    insnsi: object + insnsiOffset,
    start: spec.enterReturnsZero ? 0n : BigInt(100 + position),
    result: live?.returns ?? BigInt(spec.result),
    seesResult: spec.kind !== "fentry",
  };
}

function requestOf(programs: readonly Called[], func: Va): TrampRequest {
  const of = (kind: AttachedProgram["kind"]): TrampLink[] =>
    programs.filter(({ spec }) => spec.kind === kind).map(linkOf);
  const links = { fentry: of("fentry"), fmodRet: of("fmod_ret"), fexit: of("fexit"), structOps: false };
  return { args: ARGS, flags: trampFlags(links), links, func };
}

function sizeOf(trampolines: SubjectTrampolines, request: TrampRequest): number {
  const size = trampolines.archBpfTrampolineSize(request);
  return size.ok ? size.bytes : 0;
}

const ENV = { ...DEFAULT_ENV, ...TEXT };

/** Bytes of the image of a trampoline that calls these programs, all of which live. */
export function trampolineBytes(programs: readonly AttachedProgram[]): number {
  const called = programs.map((spec, i) => calledOf(spec, i, undefined, i, 0));
  const linked = called.map((one) => ({ ...one, isCompiled: one.spec.id !== undefined }));
  const size = archBpfTrampolineSize(ENV, requestOf(linked, 0));
  return size.ok ? size.bytes : 0;
}

/** A generated program needs its own context, and the zeros that its frame reads as before the first store. */
const isAdder = (live: LiveProgram | undefined): boolean => live !== undefined && live.prepared.generated === undefined;

const untraced = ({ returns, prepared }: LiveProgram): TracedAnswer => ({
  returns,
  steps: NO_STEPS,
  whole: prepared.generated?.expected(0),
  above: 0,
});
const NO_STEPS: readonly string[] = [];

const linkOf = ({ position, object, insnsi, live, isCompiled }: Called): TrampLink => ({
  prog: object,
  bpfFunc: live?.program.bpfFunc ?? INTERPRETER,
  insnsi,
  jited: isCompiled,
  cookie: { high: 0, low: position },
  sleepable: false,
  recursionChecked: true,
  lsmCgroup: false,
});

function answerOf(
  { live, programs, request }: Plan,
  record: RwAddr,
  frameBytes: number,
  passedOver: ReadonlySet<number>,
): TracedAnswer {
  // What a trampoline keeps while it calls the function lies above the function's frame.
  const above = request.flags.callOrig ? FRAME_RECORDS_BYTES + frameBytes : 0;
  const { generated } = live.prepared;
  const original = generated?.expected(above);
  const of = (kind: AttachedProgram["kind"]): ReferenceProgram[] =>
    programs
      .filter(({ spec }) => spec.kind === kind)
      .map(({ position, start, result }) => ({
        id: position,
        cookie: BigInt(position),
        sleepable: false,
        recursionChecked: true,
        lsmCgroup: false,
        start,
        result,
      }));
  const attachment = {
    fentry: of("fentry"),
    fmodRet: of("fmod_ret"),
    fexit: of("fexit"),
    structOps: undefined,
    ip: undefined,
    record: pointer(record),
    released: false,
    passedOver,
  };
  const call = { args: [live.argument], original: original?.r0 ?? live.returns ?? 0n };
  const { steps, result = 0n } = traced(attachment, call);
  const isCalled = steps.some(({ kind }) => kind === "original");
  const left = isCalled && original !== undefined ? { ...original, r0: result } : generated?.untouched(above, result);
  return { returns: result, steps: linesOf(steps, programs), whole: left && withoutStack(left), above };
}
