// What a campaign knows, as the sum of its log: the state is changed by records only, so that reading the log again gives
// the same state.

import type { Sums } from "./chunk.js";
import { type Gain, type Kept, Lane, type Lesson } from "./lane.js";
import type { Shard } from "./shard.js";
import { lanesOf } from "./shard.js";

/** What a campaign was started with and keeps for its life: `campaign.json`. */
export interface CampaignSettings {
  readonly format: 1;
  /** Of roxcheck. */
  readonly version: string;
  readonly seed: number;
  readonly shard: Shard;
  readonly lanes: number;
  /** Programs of a lane between two looks at what was learned. */
  readonly chunk: number;
  readonly feedback: boolean;
  readonly engine: string;
  /** Oracles that count; all of them if absent. */
  readonly only?: readonly string[];
}

/** A chunk is done. */
export interface ChunkRecord extends Lesson {
  readonly kind: "chunk";
  readonly lane: number;
  readonly sums: Sums;
  readonly incomparable: Readonly<Record<string, number>>;
  /** By finding: programs that failed for the same cause. */
  readonly again: Readonly<Record<string, number>>;
  /** Failures that `--only` leaves out. */
  readonly ignored: number;
}

/** A finding is kept in its directory. */
export interface FindingRecord {
  readonly kind: "finding";
  /** Name of the directory. */
  readonly name: string;
  readonly index: number;
  /** The name of the cause that the original seemed to have: more such programs are not shrunk again. */
  readonly suspected: string;
}

/** A process ended its work, or was resumed after an end without this record. */
export interface TimeRecord {
  readonly kind: "time";
  /** Of the campaign so far, without the time between two processes. */
  readonly elapsedMs: number;
}

/** Everything so far: the first record of a file. */
export interface SnapshotRecord {
  readonly kind: "snapshot";
  readonly elapsedMs: number;
  readonly sums: Sums;
  readonly incomparable: Readonly<Record<string, number>>;
  readonly ignored: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly suspected: Readonly<Record<string, string>>;
  readonly lanes: readonly {
    readonly lane: number;
    readonly done: number;
    readonly hits: Readonly<Record<string, number>>;
    readonly kept: readonly Kept[];
    readonly gain: Gain;
  }[];
}
export type CampaignRecord = ChunkRecord | FindingRecord | TimeRecord | SnapshotRecord;

const NO_SUMS: Sums = { programs: 0, passed: 0, slots: 0, words: 0, executed: 0, runs: 0 };

export class CampaignState {
  elapsedMs = 0;
  sums: Sums = NO_SUMS;
  readonly incomparable = new Map<string, number>();
  ignored = 0;
  /** Name -> programs that failed for that cause. */
  readonly findings = new Map<string, number>();
  /** Suspected cause -> finding. */
  readonly suspected = new Map<string, string>();
  readonly lanes: readonly Lane[];
  /** Cells of all lanes. A count is a lower bound: a lane counts up to `OFTEN`. */
  readonly cells = new Map<string, number>();

  constructor(readonly settings: Pick<CampaignSettings, "shard" | "lanes">) {
    this.lanes = lanesOf(settings.shard, settings.lanes).map((lane) => new Lane(lane, settings.lanes));
  }

  apply(record: CampaignRecord): void {
    switch (record.kind) {
      case "chunk":
        this.applyChunk(record);
        return;
      case "finding":
        this.findings.set(record.name, (this.findings.get(record.name) ?? 0) + 1);
        this.suspected.set(record.suspected, record.name);
        return;
      case "time":
        this.elapsedMs = record.elapsedMs;
        return;
      case "snapshot":
        this.applySnapshot(record);
        return;
      default:
        record satisfies never;
    }
  }

  snapshot(): SnapshotRecord {
    return {
      kind: "snapshot",
      elapsedMs: this.elapsedMs,
      sums: this.sums,
      incomparable: Object.fromEntries(this.incomparable),
      ignored: this.ignored,
      findings: Object.fromEntries(this.findings),
      suspected: Object.fromEntries(this.suspected),
      lanes: this.lanes.map(({ number, done, hits, kept, gain }) => ({
        lane: number,
        done,
        hits: Object.fromEntries(hits),
        kept,
        gain,
      })),
    };
  }

  private applyChunk(record: ChunkRecord): void {
    this.lane(record.lane).learn(record);
    this.sums = addSums(this.sums, record.sums);
    add(this.incomparable, Object.entries(record.incomparable));
    add(this.findings, Object.entries(record.again));
    add(this.cells, record.hits);
    this.ignored += record.ignored;
  }

  private applySnapshot(record: SnapshotRecord): void {
    this.elapsedMs = record.elapsedMs;
    this.sums = record.sums;
    this.ignored = record.ignored;
    add(this.incomparable, Object.entries(record.incomparable));
    add(this.findings, Object.entries(record.findings));
    for (const [suspected, name] of Object.entries(record.suspected)) this.suspected.set(suspected, name);
    for (const { lane, done, hits, kept, gain } of record.lanes) {
      const entries = Object.entries(hits);
      this.lane(lane).learn({ done, hits: entries, kept, gain });
      add(this.cells, entries);
    }
  }

  private lane(number: number): Lane {
    const lane = this.lanes.find((one) => one.number === number);
    if (lane === undefined) throw new Error(`the log is of lane ${number}, which this shard does not do`);
    return lane;
  }
}

const addSums = (a: Sums, b: Sums): Sums => ({
  programs: a.programs + b.programs,
  passed: a.passed + b.passed,
  slots: a.slots + b.slots,
  words: a.words + b.words,
  executed: a.executed + b.executed,
  runs: a.runs + b.runs,
});

function add(into: Map<string, number>, entries: Iterable<readonly [string, number]>): void {
  for (const [key, n] of entries) into.set(key, (into.get(key) ?? 0) + n);
}
