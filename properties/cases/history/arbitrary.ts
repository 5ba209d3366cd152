// Random histories: sizes from one chunk to larger than a pack, failures at any step, and other CPUs that run what lives at
// moments of the generator's choice. Drawn in one go from one random source; mostly meaningful by construction, since an
// action that names no live program is left out when run.

import fc from "fast-check";
import type { FailingStep } from "../../../machine/event.js";
import { times } from "../../../spec/lists.js";
import {
  type Action,
  ATTACH_KINDS,
  type AttachedProgram,
  type CaseProgram,
  type ConcurrentRun,
  DEFAULT_OPTIONS,
  type Disturbance,
  type Failing,
  type History,
  type HistoryOptions,
  leastInsns,
  NOTHING_ELSE,
  type ProgramSpec,
} from "../../../subjects/action.js";
import { LINUX_DIALECT } from "../../../subjects/dialect.js";
import { Draw } from "../../../subjects/random/draw.js";
import { CaseArbitrary } from "../program/arbitrary.js";
import { shrinkStream } from "../shrink.js";
import { isHistory, SHRINKER } from "./shrink.js";

const MOST_ACTIONS = 200;
/** A64 instructions a slot, nearly. */
const WORD_BYTES = 4;
const PACKS = [4096, 4096, 8192, 8192, 8192, 16384] as const;
/** Programs are no larger in packs that are. */
const LARGE_PACK = 16384;
/** Of a thousand programs, how many are generated ones. Each costs as much as several others. */
const GENERATED = 5;
/** What is attached runs on the same stack before the program does, so its frame holds what was left there. */
const CASES = new CaseArbitrary({ maxSize: 60, dialect: { ...LINUX_DIALECT, zeroedFrame: false } });
/** In a hundred, of histories with failures: patches of which a store fails. */
const PATCH_FAILS = 40;
/** In a hundred, of histories with company: patches while others run what is patched. */
const WATCHED = 50;
const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy"];
const ONCE: ReadonlySet<FailingStep> = new Set(["vmalloc", "setPermission"]);

export class HistoryArbitrary extends fc.Arbitrary<History> {
  constructor(private readonly given: Partial<HistoryOptions> = {}) {
    super();
  }

  generate(mrng: fc.Random): fc.Value<History> {
    return new fc.Value(new Maker(mrng, this.given).history(), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is History {
    return isHistory(value);
  }

  shrink(value: History): fc.Stream<fc.Value<History>> {
    return shrinkStream(SHRINKER, value);
  }
}

class Maker {
  private readonly options: HistoryOptions;
  /** Programs that should live, the oldest first. */
  private readonly live: number[] = [];
  /** Those of them that are generated: what is attached to them is to be seen in more than r0. */
  private readonly generated: number[] = [];
  /** Those of them that should be traced. */
  private readonly traced: number[] = [];
  private readonly actions: Action[] = [];
  private loads = 0;
  /** In a hundred: how many actions load, and how many have failures or company. */
  private readonly loading: number;
  private readonly failing: number;
  private readonly busy: number;
  /** Of the actions on live programs, how many attach or detach. */
  private readonly tracing: number;

  private readonly draw: Draw;

  constructor(
    private readonly source: fc.Random,
    given: Partial<HistoryOptions>,
  ) {
    const draw = new Draw(source);
    this.draw = draw;
    const pageBytes = draw.chance(94) ? 4096 : draw.pick([16384, 65536] as const);
    this.options = {
      ...DEFAULT_OPTIONS,
      images: draw.chance(90) ? "packs" : "pages",
      // Sometimes what Linux has, which shall not depend on the page.
      packBytes: pageBytes !== 4096 && draw.chance(10) ? DEFAULT_OPTIONS.packBytes : draw.pick(PACKS),
      pageBytes,
      cpus: draw.chance(80) ? 2 : 4,
      packsBeyondBranchRange: draw.chance(12),
      limit: draw.chance(85) ? undefined : draw.between(1, 40) * 512,
      ...given,
    };
    this.loading = draw.pick([30, 40, 55]);
    this.failing = draw.pick([0, 5, 25]);
    this.busy = draw.pick([0, 10, 40]);
    this.tracing = draw.pick([0, 5, 25]);
  }

  history(): History {
    const length = this.draw.chance(50) ? this.draw.between(1, 40) : this.draw.between(1, MOST_ACTIONS);
    while (this.actions.length < length) this.actions.push(this.action());
    return { options: this.options, actions: this.actions };
  }

  private action(): Action {
    const { draw, live } = this;
    if (live.length === 0 || draw.chance(this.loading)) return this.load();
    if (draw.chance(this.tracing)) return this.trace();
    const how = draw.below(100);
    if (how < 60) return this.free();
    const id = draw.pick(this.traced.length > 0 && draw.chance(40) ? this.traced : live);
    if (how < 95) return { kind: "run", id, cpu: draw.below(this.options.cpus) };
    return { kind: "cpu", cpu: draw.below(this.options.cpus) };
  }

  /** Attach, attach something else, or detach. */
  private trace(): Action {
    const { draw, traced } = this;
    if (traced.length > 0 && draw.chance(45)) {
      const [id = 0] = traced.splice(draw.below(traced.length), 1);
      return { kind: "detach", id, ...this.patching(id, true) };
    }
    const id = draw.pick(traced.length > 0 && draw.chance(35) ? traced : this.untraced());
    const programs = times(draw.pick([1, 1, 1, 2, 2, 3]), () => this.attached(id));
    if (!traced.includes(id)) traced.push(id);
    return { kind: "attach", id, programs, ...this.patching(id) };
  }

  private untraced(): readonly number[] {
    const { generated, draw } = this;
    return generated.length > 0 && draw.chance(40) ? generated : this.live;
  }

  private attached(target: number): AttachedProgram {
    const { draw, live } = this;
    const kind = draw.pick(ATTACH_KINDS);
    const who = draw.pick(live);
    const enterReturnsZero = draw.chance(10);
    const isFree = who !== target && !this.traced.includes(who) && !this.generated.includes(target);
    if (draw.chance(40) && isFree) return { kind, id: who, result: 0, enterReturnsZero };
    return { kind, id: undefined, result: draw.chance(50) ? 0 : draw.between(1, 9), enterReturnsZero };
  }

  private load(): Action {
    const during = this.during();
    const id = this.loads++;
    const isGenerated = this.draw.below(1000) < GENERATED;
    if (during.fails.length === 0) {
      this.live.push(id);
      if (isGenerated) this.generated.push(id);
    }
    return { kind: "load", id, program: isGenerated ? this.generate() : this.program(id, during), ...during };
  }

  private free(): Action {
    const { draw, live } = this;
    const at = draw.chance(30) ? live.length - 1 : draw.below(live.length);
    const [id = 0] = live.splice(at, 1);
    for (const list of [this.traced, this.generated]) if (list.includes(id)) list.splice(list.indexOf(id), 1);
    return { kind: "free", id, ...this.during() };
  }

  private generate(): CaseProgram {
    const { program, inputs, env } = CASES.generate(this.source).value;
    return { case: { program, inputs: inputs.slice(0, 1), env: { cpu: env.cpu, hole: 0 } } };
  }

  private program(id: number, { fails }: Pick<Disturbance, "fails">): ProgramSpec {
    const { draw } = this;
    const { packBytes } = this.options;
    const most = Math.floor(Math.min(packBytes, LARGE_PACK) / WORD_BYTES);
    const probes = draw.chance(90) ? 0 : draw.between(1, 2);
    // A load that fails leaves most behind where some of its functions are done and others are not.
    const subprograms = draw.chance(fails.length === 0 ? 82 : 50) ? 0 : draw.between(1, 3);
    if (subprograms === 0) {
      const insns = leastInsns(0) + this.slots(most);
      if (insns > FEW) return { first: 1, insns, subprograms, probes: 0 };
      return { first: 1 + (id % 2), insns, subprograms, probes };
    }
    const more = draw.chance(95) ? 4 * draw.below(8) : stepped(draw.below(Math.floor(most / subprograms)));
    return { first: 1, insns: leastInsns(subprograms) + more, subprograms, probes: more > FEW ? 0 : probes };
  }

  /** @param most slots that fill a pack. Larger sizes come in steps. */
  private slots(most: number): number {
    const { draw } = this;
    const how = draw.below(1000);
    if (how < 720) return draw.below(24);
    if (how < 976) return 24 + 8 * draw.below(10);
    if (how < 991) return stepped(draw.below(Math.floor(most / 2)));
    if (how < 997) return most - 8 * draw.below(8);
    return stepped(most + draw.below(most));
  }

  /** @param watched a program that other CPUs shall run through */
  private during(watched?: number): Disturbance {
    const { draw } = this;
    const fails = draw.chance(this.failing) ? [this.failure()] : [];
    const others = this.live.length > 0 && draw.chance(this.busy) ? this.company(watched) : [];
    return fails.length === 0 && others.length === 0 ? NOTHING_ELSE : { fails, others };
  }

  /** Few actions patch text, and few of their steps are of them alone: those fail more often, and are watched. */
  private patching(watched: number, isDetached = false): Disturbance {
    const { draw } = this;
    const during = this.during(watched);
    const others = during.others.length === 0 && this.busy > 0 && draw.chance(WATCHED) ? this.company(watched) : [];
    const disturbed = others.length === 0 ? during : { ...during, others };
    if (this.failing === 0 || !draw.chance(PATCH_FAILS)) return disturbed;
    // A detach makes nothing: it stores one word, or that and an address.
    const step = isDetached || draw.chance(70) ? "copy" : draw.pick(["vmalloc", "setPermission"] as const);
    const nth = step === "copy" ? draw.between(1, isDetached ? 2 : 3) : 1;
    return { ...disturbed, fails: [{ step, nth }] };
  }

  private failure(): Failing {
    const { draw } = this;
    const step = draw.pick(STEPS);
    // Few actions map memory, and hardly one maps more than one area, which takes two changes of permissions.
    if (ONCE.has(step)) return { step, nth: draw.chance(90) ? draw.between(1, 2) : draw.between(1, 12) };
    return { step, nth: draw.chance(60) ? draw.between(1, 3) : draw.between(1, 12) };
  }

  private company(watched: number | undefined): ConcurrentRun[] {
    const { draw, live, options } = this;
    return times(draw.between(1, 3), () => ({
      cpu: draw.below(options.cpus),
      id: watched !== undefined && draw.chance(70) ? watched : draw.pick(live),
      at: draw.chance(5) ? undefined : draw.below(48),
    }));
  }
}

/** Programs of more slots come in few versions, so that each is built only once. */
const FEW = 26;
const STEP = 128;
const stepped = (slots: number): number => slots - (slots % STEP);
