// What a campaign knows, as the sum of its log: the state is changed by records only, so that reading the log again gives
// the same state.

import { kindByName } from "../../properties/cases/index.js";
import type { Origin } from "../origin.js";
import { addSums, NO_SUMS, type Sums } from "./chunk.js";
import { addEmitted } from "./coverage.js";
import { Lane, roundOf } from "./lane.js";
import type { Gain, Kept, Learned } from "./memory.js";

import type { Shard } from "./shard.js";
import { lanesOf } from "./shard.js";

/** Of everything in a campaign's directory. */
export const FORMAT = 2;

/** What a campaign was started with and keeps for its life: `campaign.json`. */
export interface CampaignSettings {
  readonly format: typeof FORMAT;
  /** Of roxcheck. */
  readonly version: string;
  readonly seed: number;
  readonly shard: Shard;
  readonly lanes: number;
  /** Ids of the kinds of cases. */
  readonly kinds: readonly string[];
  /** Cases of a lane between two looks at what was learned. */
  readonly chunk: number;
  readonly feedback: boolean;
  readonly engine: string;
  /** Our own code if absent. */
  readonly subject?: string;
  /** Oracles that count; all of them if absent. */
  readonly only?: readonly string[];
  /** Of the process that began it; of the earliest one where shards were merged. */
  readonly origin?: Origin;
}

/** A chunk is done. */
interface ChunkRecord extends Learned {
  readonly kind: "chunk";
  readonly lane: number;
  /** Cases of the lane that are done now. */
  readonly done: number;
  /** Id of the kind of case. */
  readonly of: string;
  readonly sums: Sums;
  /** See `coverage.ts`. */
  readonly emitted: readonly number[];
  readonly incomparable: Readonly<Record<string, number>>;
  /** By finding: cases that failed for the same cause. */
  readonly again: Readonly<Record<string, number>>;
  /** Failures that `--oracles` leaves out. */
  readonly ignored: number;
  /** Of the campaign's time, when it was done; absent in a record of before. */
  readonly atMs?: number;
}

/** A finding is kept in its directory. */
interface FindingRecord {
  readonly kind: "finding";
  /** Name of the directory. */
  readonly name: string;
  readonly index: number;
  /** The name of the cause that the original seemed to have: of such cases, only earlier ones are shrunk again. */
  readonly suspected: string;
  /** As in a chunk. */
  readonly atMs?: number;
}

/** Of the campaign's time. */
export interface Seen {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What the case of a suspected cause with the lowest index became, as far as is known. */
interface Suspicion {
  /** Name of the finding. */
  readonly name: string;
  readonly index: number;
}
/** The suspected cause that led to a finding, and the lowest index that did. */
interface Lead {
  readonly suspected: string;
  readonly index: number;
}

/** A process ended its work, or was resumed after an end without this record. */
interface TimeRecord {
  readonly kind: "time";
  /** Of the campaign so far, without the time between two processes. */
  readonly elapsedMs: number;
}

/** Everything so far: the first record of a file. */
export interface SnapshotRecord {
  readonly kind: "snapshot";
  readonly elapsedMs: number;
  /** By kind. */
  readonly sums: Readonly<Record<string, Sums>>;
  readonly emitted: readonly number[];
  readonly incomparable: Readonly<Record<string, number>>;
  readonly ignored: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly suspected: Readonly<Record<string, Suspicion>>;
  /** By finding. */
  readonly leads: Readonly<Record<string, Lead>>;
  readonly seen: Readonly<Record<string, Seen>>;
  readonly lanes: readonly {
    readonly lane: number;
    readonly done: number;
    /** By kind. */
    readonly memories: Readonly<Record<string, MemoryRecord>>;
  }[];
}
interface MemoryRecord {
  readonly hits: Readonly<Record<string, number>>;
  readonly kept: readonly Kept[];
  readonly gain: Gain;
}
export type CampaignRecord = ChunkRecord | FindingRecord | TimeRecord | SnapshotRecord;

/** Of a kind that had another name when the record was written. */
const presentName = (kind: string): string => kindByName(kind)?.name ?? kind;

export class CampaignState {
  elapsedMs = 0;
  /** Of all kinds. */
  sums: Sums = NO_SUMS;
  readonly sumsOf = new Map<string, Sums>();
  /** See `coverage.ts`. */
  emitted: readonly number[] = [];
  readonly incomparable = new Map<string, number>();
  ignored = 0;
  /** Name -> cases that failed for that cause. */
  readonly findings = new Map<string, number>();
  /** By suspected cause. */
  readonly suspected = new Map<string, Suspicion>();
  private readonly leads = new Map<string, Lead>();
  /** By finding. */
  readonly seen = new Map<string, Seen>();
  readonly lanes: readonly Lane[];
  /** Points of all lanes. A count is a lower bound: a lane counts up to `OFTEN`. */
  readonly points = new Map<string, number>();

  constructor(readonly settings: Pick<CampaignSettings, "shard" | "lanes" | "kinds" | "chunk">) {
    const { shard, lanes, kinds, chunk } = settings;
    const round = roundOf(kinds);
    this.lanes = lanesOf(shard, lanes).map((lane) => new Lane(lane, lanes, round, chunk));
  }

  apply(record: CampaignRecord): void {
    switch (record.kind) {
      case "chunk":
        this.applyChunk(record);
        return;
      case "finding":
        this.findings.set(record.name, (this.findings.get(record.name) ?? 0) + 1);
        this.suspect(record.suspected, record);
        this.lead(record.name, record);
        this.see([record.name], record.atMs);
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

  /** Why a record cannot be of this campaign; undefined if it can. */
  problemOf(record: CampaignRecord): string | undefined {
    const lanes = record.kind === "chunk" ? [record] : record.kind === "snapshot" ? record.lanes : [];
    for (const { lane: number } of lanes) {
      if (!this.lanes.some((lane) => lane.number === number)) return `lane ${number}, which this shard does not do`;
    }
    const memories = record.kind === "snapshot" ? record.lanes.flatMap((lane) => Object.entries(lane.memories)) : [];
    const kept = record.kind === "chunk" ? [[record.of, record] as const] : memories;
    for (const [kind, memory] of kept) {
      for (const { index, text } of memory.kept) {
        if (kindByName(kind)?.parse(text).ok !== true) return `a case of index ${index} that does not read back`;
      }
    }
    return undefined;
  }

  snapshot(): SnapshotRecord {
    return {
      kind: "snapshot",
      elapsedMs: this.elapsedMs,
      sums: Object.fromEntries(this.sumsOf),
      emitted: this.emitted,
      incomparable: Object.fromEntries(this.incomparable),
      ignored: this.ignored,
      findings: Object.fromEntries(this.findings),
      suspected: Object.fromEntries(this.suspected),
      leads: Object.fromEntries(this.leads),
      seen: Object.fromEntries(this.seen),
      lanes: this.lanes.map(({ number, done, memories }) => ({
        lane: number,
        done,
        memories: Object.fromEntries(
          [...memories].map(([kind, { hits, kept, gain }]) => [kind, { hits: Object.fromEntries(hits), kept, gain }]),
        ),
      })),
    };
  }

  private applyChunk(record: ChunkRecord): void {
    const lane = this.lane(record.lane);
    lane.memory(presentName(record.of)).learn(record);
    lane.done = record.done;
    this.addSums(presentName(record.of), record.sums);
    this.emitted = addEmitted(this.emitted, record.emitted);
    add(this.incomparable, Object.entries(record.incomparable));
    add(this.findings, Object.entries(record.again));
    this.see(Object.keys(record.again), record.atMs);
    add(this.points, record.hits);
    this.ignored += record.ignored;
  }

  /** Adds to what there is: nothing at the beginning of a log, other shards in a merged campaign. */
  private applySnapshot(record: SnapshotRecord): void {
    this.elapsedMs += record.elapsedMs;
    for (const [kind, sums] of Object.entries(record.sums)) this.addSums(presentName(kind), sums);
    this.emitted = addEmitted(this.emitted, record.emitted);
    this.ignored += record.ignored;
    add(this.incomparable, Object.entries(record.incomparable));
    add(this.findings, Object.entries(record.findings));
    for (const [suspected, suspicion] of Object.entries(record.suspected)) this.suspect(suspected, suspicion);
    for (const [name, lead] of Object.entries(record.leads)) this.lead(name, lead);
    for (const [name, { firstMs, lastMs }] of Object.entries(record.seen)) {
      this.see([name], firstMs);
      this.see([name], lastMs);
    }
    for (const { lane: number, done, memories } of record.lanes) {
      const lane = this.lane(number);
      lane.done = done;
      for (const [kind, { hits, kept, gain }] of Object.entries(memories)) {
        const entries = Object.entries(hits);
        lane.memory(presentName(kind)).learn({ hits: entries, kept, gain });
        add(this.points, entries);
      }
    }
  }

  /**
   * Findings by cause: the name that stands for a cause, and the other forms that its cases became when they were made
   * smaller. Which one stands for it depends on the lowest index alone, so that shards agree with one run of them all.
   */
  causes(): ReadonlyMap<string, readonly string[]> {
    const causes = new Map<string, string[]>();
    for (const { name } of this.suspected.values()) causes.set(name, []);
    for (const name of this.findings.keys()) {
      if (causes.has(name)) continue;
      const lead = this.leads.get(name);
      const cause = lead && this.suspected.get(lead.suspected);
      if (cause === undefined) causes.set(name, []);
      else causes.get(cause.name)?.push(name);
    }
    return causes;
  }

  private see(names: readonly string[], atMs: number | undefined): void {
    if (atMs === undefined) return;
    for (const name of names) {
      const { firstMs, lastMs } = this.seen.get(name) ?? { firstMs: atMs, lastMs: atMs };
      this.seen.set(name, { firstMs: Math.min(firstMs, atMs), lastMs: Math.max(lastMs, atMs) });
    }
  }

  private suspect(suspected: string, { name, index }: Suspicion): void {
    const before = this.suspected.get(suspected);
    if (before === undefined || index < before.index) this.suspected.set(suspected, { name, index });
  }

  private lead(name: string, { suspected, index }: Lead): void {
    const before = this.leads.get(name);
    if (before === undefined || index < before.index) this.leads.set(name, { suspected, index });
  }

  private addSums(kind: string, sums: Sums): void {
    this.sums = addSums(this.sums, sums);
    this.sumsOf.set(kind, addSums(this.sumsOf.get(kind) ?? NO_SUMS, sums));
  }

  private lane(number: number): Lane {
    const lane = this.lanes.find((one) => one.number === number);
    if (lane === undefined) throw new Error(`the log is of lane ${number}, which this shard does not do`);
    return lane;
  }
}

function add(into: Map<string, number>, entries: Iterable<readonly [string, number]>): void {
  for (const [key, n] of entries) into.set(key, (into.get(key) ?? 0) + n);
}
