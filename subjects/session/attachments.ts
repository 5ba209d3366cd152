// Trampolines of a history: what the implementation makes of an attach or a detach, and what a run may come to meanwhile and
// then (`traced-answers.ts`). The k-th program of a trampoline has cookie k, so that they tell themselves apart.

import { archBpfTrampolineSize } from "../../impl/trampoline/arch-trampoline.js";
import type { RwAddr, Va } from "../../machine/address.js";
import { ATTACH_KINDS, type AttachedProgram } from "../action.js";
import type { SkipPlace, SubjectKernel, SubjectTrampolines, TrampImage, TrampolineView } from "../subject.js";
import { DEFAULT_ENV, type TrampLink, type TrampRequest, trampFlags } from "../subject.js";
import { progObject } from "../trampoline/kernel-text.js";
import { type Called, livesOf, type Plan } from "./plan.js";
import type { LiveProgram } from "./prepared.js";
import { type TracedAnswer, TracedAnswers, untraced } from "./traced-answers.js";
import { INTERPRETER, TEXT, TracedCalls } from "./traced-calls.js";

export type { TracedAnswer };

/** A program has one argument, its context. */
const ARGS = [{ bytes: 8, isStruct: false }];
/** So many programs have addresses of their own; then they are given out again. */
const SERIALS = 4096;

export interface Attachment {
  readonly plan: Plan;
  readonly im: TrampImage;
  readonly answer: TracedAnswer;
  /** Of each program, where it can be passed over; empty where nobody knows. */
  readonly places: readonly SkipPlace[];
  /** Numbers of those that are. */
  readonly passedOver: ReadonlySet<number>;
}

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
  private readonly tracedAnswers: TracedAnswers;
  private serial = 0;

  /** @param record where the record of the trampoline that is being made lies */
  constructor(
    kernel: SubjectKernel,
    private readonly record: () => Va | undefined,
  ) {
    this.kernel = kernel.trampolines(TEXT);
    this.calls = new TracedCalls(kernel.machine, this.kernel.env);
    this.tracedAnswers = new TracedAnswers(this.kernel);
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
      this.attached.set(id, {
        plan,
        im,
        answer: this.tracedAnswers.of(plan, im.record, NONE),
        places,
        passedOver: NONE,
      });
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
      const next = { ...now, passedOver, answer: this.tracedAnswers.of(now.plan, now.im.record, passedOver) };
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
    return [
      now,
      plan === undefined ? untraced(live) : this.tracedAnswers.of(plan, (this.record() ?? 0) as RwAddr, NONE),
    ];
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
