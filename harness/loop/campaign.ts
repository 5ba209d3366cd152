// The campaign's loop: each runner takes the lane that is furthest behind, has its next chunk run, keeps what it found,
// and only then says in the log that the chunk is done. Whatever ends the process in between is as if the chunk had never
// been begun.

import { appendFileSync } from "node:fs";
import path from "node:path";
import { type Cause, causeName } from "./cause.js";
import { type ChunkResult, packSteering } from "./chunk.js";
import type { OpenCampaign } from "./directory.js";
import { emittedOf } from "./emitted.js";
import { type FindingFacts, keepFinding, type NewFinding } from "./findings.js";
import { caseAt, type Steering, UNSTEERED } from "./generate.js";
import type { Lane } from "./lane.js";
import { firstsOf, gainOf } from "./memory.js";
import type { FuzzPool, Lost } from "./pool.js";
import type { CampaignRecord, CampaignState } from "./state.js";
import type { Trial, Trials } from "./trial.js";

export interface CampaignLimits {
  /** Of the whole campaign, all shards together; Infinity for no limit. */
  readonly trials: number;
  /** Of this campaign's time, over all processes. */
  readonly ms: number;
  readonly stop: AbortSignal;
  readonly shrinkRuns: number;
  readonly shrinkMs: number;
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
  pool: FuzzPool,
  trials: Trials,
  limits: CampaignLimits,
  watchers: Watchers = {},
): Promise<"done" | "stopped"> {
  const loop = new Loop(campaign, pool, trials, limits, watchers);
  return loop.run();
}

class Loop {
  private readonly busy = new Set<Lane>();
  /** Suspected causes that are being shrunk. */
  private readonly pending = new Set<string>();
  private readonly before: number;
  private readonly started = performance.now();
  private lastSample = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly campaign: OpenCampaign,
    private readonly pool: FuzzPool,
    private readonly trials: Trials,
    private readonly limits: CampaignLimits,
    private readonly watchers: Watchers,
  ) {
    this.before = campaign.state.elapsedMs;
  }

  async run(): Promise<"done" | "stopped"> {
    const { state } = this.campaign;
    const timer = setInterval(() => this.tick(), TICK_MS);
    try {
      const runners = Math.min(this.pool.jobs, state.lanes.length);
      const ends = await Promise.allSettled(Array.from({ length: runners }, () => this.runner()));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } finally {
      clearInterval(timer);
      this.record({ kind: "time", elapsedMs: this.elapsed() });
      this.sample();
    }
    this.watchers.onProgress?.(state);
    return this.limits.stop.aborted ? "stopped" : "done";
  }

  private elapsed(): number {
    return this.before + performance.now() - this.started;
  }

  private tick(): void {
    this.campaign.state.elapsedMs = this.elapsed();
    this.campaign.log.sync();
    if (this.elapsed() - this.lastSample >= SAMPLE_MS) this.sample();
    this.watchers.onProgress?.(this.campaign.state);
  }

  private sample(): void {
    const { directory, state } = this.campaign;
    this.lastSample = this.elapsed();
    const { trials, executed } = state.sums;
    const sample = {
      ms: Math.round(this.lastSample),
      trials,
      executed,
      cells: state.cells.size,
      findings: state.findings.size,
    };
    appendFileSync(path.join(directory, "samples.jsonl"), `${JSON.stringify(sample)}\n`);
  }

  private async runner(): Promise<void> {
    for (;;) {
      const lane = this.limits.stop.aborted || this.elapsed() >= this.limits.ms ? undefined : this.nextLane();
      if (lane === undefined) return;
      this.busy.add(lane);
      try {
        await this.chunk(lane);
      } finally {
        this.busy.delete(lane);
      }
    }
  }

  /** The one that is furthest behind. */
  private nextLane(): Lane | undefined {
    let best: Lane | undefined;
    for (const lane of this.campaign.state.lanes) {
      if (this.busy.has(lane) || lane.indexAt(lane.done) >= this.limits.trials) continue;
      if (best === undefined || lane.done < best.done) best = lane;
    }
    return best;
  }

  private async chunk(lane: Lane): Promise<void> {
    const { settings, state, log } = this.campaign;
    const { seed } = settings;
    const of = lane.kind;
    const trial = this.trials[of]!;
    const memory = lane.memory(of);
    const all = lane
      .next()
      .map((position) => lane.indexAt(position))
      .filter((index) => index < this.limits.trials);
    const steering = settings.feedback ? memory.steering(trial, seed, all[0]!) : UNSTEERED;
    const again: Record<string, number> = {};
    let ignored = 0;
    let indexes = all;
    let result: ChunkResult | undefined;
    while (result === undefined) {
      const answer = await this.pool.run({ kind: "chunk", of, seed, indexes, steering: packSteering(trial, steering) });
      if (answer.ok) result = answer.result;
      else {
        const index = indexes[answer.lost.trial]!;
        if (!(await this.keepLost({ trial, index, steering }, answer.lost))) ignored++;
        indexes = indexes.filter((other) => other !== index);
      }
    }
    for (const { index, cause } of result.suspects) {
      const name = await this.keep({ trial, index, steering }, cause);
      if (name === undefined) ignored++;
      else if (name !== "") again[name] = (again[name] ?? 0) + 1;
    }
    const { incomparable, cells, suspects: _, mutants: __, ...sums } = result;
    const gain = gainOf(memory, result);
    const hits = memory.risesOf(cells);
    const kept =
      settings.feedback && trial.kind.change !== undefined
        ? firstsOf(memory, cells, (index) => this.textOf({ trial, index, steering }))
        : [];
    const done = lane.done + all.length;
    const learned = { hits, kept, gain, emitted: emittedOf(cells) };
    this.record({ kind: "chunk", lane: lane.number, of, done, ...learned, sums, incomparable, again, ignored });
    if (log.bytes > ROTATE_BYTES) log.rotate({ ...state.snapshot(), elapsedMs: this.elapsed() });
  }

  /** State and log change together. */
  private record(record: CampaignRecord): void {
    this.campaign.log.append(record);
    this.campaign.state.apply(record);
  }

  private textOf({ trial, index, steering }: Place): string {
    return trial.kind.print(caseAt(trial, this.campaign.settings.seed, index, steering).case, { title: undefined });
  }

  private isWanted(oracle: string): boolean {
    return this.campaign.settings.only?.includes(oracle) ?? true;
  }

  /**
   * Shrink and keep a failure, unless its cause is known.
   * @returns the finding that it counts for; empty for a new one or one that is being shrunk; undefined if it does not count
   */
  private async keep(place: Place, cause: Cause): Promise<string | undefined> {
    if (!this.isWanted(cause.oracle)) return undefined;
    const of = place.trial.kind.name;
    const suspected = `${causeName(of, cause)} ${cause.reason}`;
    const known = this.campaign.state.suspected.get(suspected);
    if (known !== undefined) return known;
    if (this.pending.has(suspected)) return "";
    this.pending.add(suspected);
    const original = this.textOf(place);
    const { shrinkRuns: runs, shrinkMs: ms } = this.limits;
    const shrunk = await this.pool.shrink({ kind: "shrink", of, text: original, cause, runs, ms });
    await this.write(suspected, { ...place, cause, original, shrunk });
    return "";
  }

  private async keepLost(place: Place, { kind, why }: Lost): Promise<boolean> {
    const oracle = kind === "hang" ? "worker-hang" : "worker-crash";
    if (!this.isWanted(oracle)) return false;
    // Nothing says that two cases stopped a worker for one cause.
    const cause: Cause = { oracle, reason: why, what: `trial ${place.index}` };
    const original = this.textOf(place);
    await this.write(causeName(place.trial.kind.name, cause), {
      ...place,
      cause,
      original,
      shrunk: undefined,
      lost: `${kind}: ${why}`,
    });
    return true;
  }

  private async write(suspected: string, finding: NewFinding): Promise<void> {
    const { directory, settings, state } = this.campaign;
    const name = causeName(finding.trial.kind.name, finding.shrunk?.cause ?? finding.cause);
    const isNew = !state.findings.has(name);
    const facts = keepFinding(directory, settings, finding);
    this.record({ kind: "finding", name, index: finding.index, suspected });
    this.pending.delete(suspected);
    if (isNew) await this.watchers.onFinding?.(facts);
  }
}

/** Where in the campaign a case is made. */
interface Place {
  readonly trial: Trial;
  readonly index: number;
  readonly steering: Steering;
}
