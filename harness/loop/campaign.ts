// The campaign's loop: each job takes the lane that is furthest behind, has its next chunk run, keeps what it found, and
// only then says in the log that the chunk is done. Whatever ends the process in between is as if the chunk had never been
// begun.

import { appendFileSync } from "node:fs";
import path from "node:path";
import { defaultSubject } from "../../subjects/index.js";
import type { CaseCheckers } from "./case-checker.js";
import { causeName } from "./cause.js";
import { type Suspect, UNSTEERED } from "./chunk.js";
import { emittedOf } from "./coverage.js";
import type { OpenCampaign } from "./directory.js";
import {
  describeFinding,
  type FindingFacts,
  findingName,
  keepFinding,
  lostSuspect,
  type NewFinding,
} from "./findings.js";
import { byFirst, newOf, type ReachedPoint } from "./firsts.js";
import { collectSooner } from "./heap-growth.js";
import { CAMPAIGN, KnownPoints } from "./known-points.js";
import type { Lane } from "./lane.js";
import { firstsOf, gainOf } from "./memory.js";
import { Place } from "./place.js";
import type { Pool } from "./pool.js";
import { inParallel, runOrder, type ShrinkBudget, shrinkSuspect } from "./run.js";
import { keepSeed } from "./seeds.js";
import { CHUNKS_AHEAD, shardText } from "./shard.js";
import type { CampaignRecord, CampaignState } from "./state.js";

export interface CampaignLimits {
  /** Of the whole campaign, all shards together; Infinity for no limit. */
  readonly cases: number;
  /** Of this campaign's time, over all processes. */
  readonly ms: number;
  readonly stop: AbortSignal;
  readonly shrink: ShrinkBudget;
}

export interface Watchers {
  /** About once a second. */
  readonly onProgress?: (state: CampaignState) => void;
  readonly onFinding?: (facts: FindingFacts) => void | Promise<void>;
}

const TICK_MS = 1000;
const SAMPLE_MS = 5000;
const ROTATE_BYTES = 32 * 1024 * 1024;

/** Run until the limits. @returns why it ended */
export async function runCampaign(
  campaign: OpenCampaign,
  pool: Pool,
  checkers: CaseCheckers,
  limits: CampaignLimits,
  watchers: Watchers = {},
): Promise<"done" | "stopped"> {
  collectSooner();
  const loop = new Loop(campaign, pool, checkers, limits, watchers);
  return loop.run();
}

class Loop {
  private readonly busy = new Set<Lane>();
  /** Suspected causes that are being shrunk, and the lowest index among those cases. */
  private readonly pending = new Map<string, number>();
  private readonly known = new KnownPoints();
  private readonly before: number;
  private readonly started = performance.now();
  private lastSample = Number.NEGATIVE_INFINITY;
  /** What the timer could not write: a full disk ends the run, which says so. */
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly campaign: OpenCampaign,
    private readonly pool: Pool,
    private readonly checkers: CaseCheckers,
    private readonly limits: CampaignLimits,
    private readonly watchers: Watchers,
  ) {
    this.before = campaign.state.elapsedMs;
    for (const { number, memories } of campaign.state.lanes) {
      for (const { hits } of memories.values()) this.know(number, hits);
    }
  }

  private know(lane: number, points: Iterable<readonly [point: string, ...unknown[]]>): void {
    for (const [point] of points) {
      this.known.add(lane, point);
      this.known.add(CAMPAIGN, point);
    }
  }

  async run(): Promise<"done" | "stopped"> {
    const { state } = this.campaign;
    const timer = setInterval(() => this.tick(), TICK_MS);
    try {
      await inParallel(Math.min(CHUNKS_AHEAD * this.pool.jobs, state.lanes.length), () => this.next());
    } finally {
      clearInterval(timer);
      this.record({ kind: "time", elapsedMs: this.elapsed() });
      this.sample();
    }
    if (this.failure !== undefined) throw this.failure.error;
    this.watchers.onProgress?.(state);
    return this.limits.stop.aborted ? "stopped" : "done";
  }

  private elapsed(): number {
    return this.before + performance.now() - this.started;
  }

  private readonly atMs = (): number => Math.round(this.elapsed());

  /** Nobody catches what a timer throws, so it is kept for the run to throw. */
  private tick(): void {
    this.campaign.state.elapsedMs = this.elapsed();
    try {
      this.campaign.log.sync();
      if (this.elapsed() - this.lastSample >= SAMPLE_MS) this.sample();
      this.watchers.onProgress?.(this.campaign.state);
    } catch (error) {
      this.failure ??= { error };
    }
  }

  private sample(): void {
    const { directory, state } = this.campaign;
    this.lastSample = this.elapsed();
    const { cases, executed } = state.sums;
    const sample = {
      ms: Math.round(this.lastSample),
      cases,
      executed,
      points: state.points.size,
      findings: state.causes().size,
    };
    appendFileSync(path.join(directory, "samples.jsonl"), `${JSON.stringify(sample)}\n`);
  }

  private next(): (() => Promise<void>) | undefined {
    const isOver = this.limits.stop.aborted || this.failure !== undefined || this.elapsed() >= this.limits.ms;
    const lane = isOver ? undefined : this.nextLane();
    if (lane === undefined) return undefined;
    this.busy.add(lane);
    return () => this.chunk(lane).finally(() => this.busy.delete(lane));
  }

  /** The one that is furthest behind. */
  private nextLane(): Lane | undefined {
    let best: Lane | undefined;
    for (const lane of this.campaign.state.lanes) {
      if (this.busy.has(lane) || lane.indexAt(lane.done) >= this.limits.cases) continue;
      if (best === undefined || lane.done < best.done) best = lane;
    }
    return best;
  }

  private async chunk(lane: Lane): Promise<void> {
    const { settings, state, log } = this.campaign;
    const { seed, feedback } = settings;
    const of = lane.kind;
    const checker = this.checkers[of]!;
    const memory = lane.memory(of);
    const indexes = lane
      .next()
      .map((position) => lane.indexAt(position))
      .filter((index) => index < this.limits.cases);
    const chunk = indexes[0]!;
    const steering = feedback ? memory.steering(checker, seed, chunk) : UNSTEERED;
    const place = new Place(checker, seed, chunk, steering);
    const remembers = feedback && checker.kind.change !== undefined;
    const hints = { lane: lane.number, words: this.known.words, remembers };
    const order = { checker, seed, indexes, steering, pointsEvery: 1, hints };
    const again: Record<string, number> = {};
    let ignored = 0;
    const result = await runOrder(this.pool, order, async (index, lost) => {
      if (!(await this.keepLost(place, lostSuspect(index, lost)))) ignored++;
    });
    place.take(result.drafts);
    memory.keepPacked(result.packed);
    for (const suspect of result.suspects) {
      const name = await this.keep(place, suspect);
      if (name === undefined) ignored++;
      else if (name !== "") again[name] = (again[name] ?? 0) + 1;
    }
    const { sums, points } = result;
    const news = newOf(points, memory.hits);
    this.keepSeeds(place, news);
    this.know(lane.number, news);
    const gain = gainOf(result, news);
    const hits = memory.risesOf(points);
    const kept = remembers ? firstsOf(news, (index) => place.textOf(index)) : [];
    const incomparable = Object.fromEntries(
      Object.entries(result.incomparable).map(([why, { times }]) => [why, times]),
    );
    const done = lane.done + indexes.length;
    const learned = { hits, kept, gain, emitted: emittedOf(points) };
    this.record({
      kind: "chunk",
      lane: lane.number,
      of,
      done,
      ...learned,
      sums,
      incomparable,
      again,
      ignored,
      atMs: this.atMs(),
    });
    if (log.bytes > ROTATE_BYTES) log.rotate({ ...state.snapshot(), elapsedMs: this.elapsed() });
  }

  /** State and log change together. */
  private record(record: CampaignRecord): void {
    this.campaign.log.append(record);
    this.campaign.state.apply(record);
  }

  /** @param news what is new to the lane: all that is new to the campaign is */
  private keepSeeds(place: Place, news: readonly ReachedPoint[]): void {
    const { directory, state } = this.campaign;
    for (const [index, reached] of byFirst(newOf(news, state.points))) {
      keepSeed(directory, place.seedOf(index), reached);
    }
  }

  private isWanted({ cause: { oracle } }: Suspect): boolean {
    return this.campaign.settings.only?.includes(oracle) ?? true;
  }

  /**
   * Shrink and keep a failure, unless its cause is known from an earlier one. Of all cases that seem to have one cause it is
   * the one with the lowest index that says what the finding is, in whatever order and in however many shards they come.
   * @returns the finding that it counts for; empty for a new one or one that is being shrunk; undefined if it does not count
   */
  private async keep(place: Place, suspect: Suspect): Promise<string | undefined> {
    if (!this.isWanted(suspect)) return undefined;
    const { cause, index } = suspect;
    const suspected = `${causeName(place.checker.kind.name, cause)} ${cause.reason}`;
    const known = this.campaign.state.suspected.get(suspected);
    if (known !== undefined && known.index <= index) return known.name;
    if ((this.pending.get(suspected) ?? Number.POSITIVE_INFINITY) <= index) return "";
    this.pending.set(suspected, index);
    const original = place.textOf(index);
    const shrunk = await shrinkSuspect(this.pool, place.checker, original, suspect, this.limits.shrink);
    // The next one with that cause is looked at again: it may repeat.
    const knownAs = shrunk?.kind === "notRepeated" ? `${suspected}, not repeated` : suspected;
    await this.write(knownAs, { ...place.where, suspect, original, shrunk });
    if (this.pending.get(suspected) === index) this.pending.delete(suspected);
    return "";
  }

  private async keepLost(place: Place, suspect: Suspect): Promise<boolean> {
    if (!this.isWanted(suspect)) return false;
    const original = place.textOf(suspect.index);
    const suspected = causeName(place.checker.kind.name, suspect.cause);
    await this.write(suspected, { ...place.where, suspect, original, shrunk: undefined });
    return true;
  }

  private async write(suspected: string, finding: NewFinding): Promise<void> {
    const { directory, settings, state } = this.campaign;
    const { engine, seed, shard, subject = defaultSubject.name } = settings;
    const name = findingName(finding);
    const isNew = !state.findings.has(name);
    const run = { command: "fuzz", engine, subject, seed, shard: shardText(shard) } as const;
    const described = describeFinding(run, finding, name, "case");
    keepFinding(directory, described, finding.original);
    this.record({ kind: "finding", name, index: finding.suspect.index, suspected, atMs: this.atMs() });
    if (isNew) await this.watchers.onFinding?.(described.facts);
  }
}
