// Which part of a campaign this process does. Programs are spread over lanes, program i over lane i % lanes, and shard I
// of N does every N-th lane from the I-th on: the parts are disjoint, and together they are the whole.

import { type Loaded, loaded, refuse } from "../bad-input.js";
import { count } from "../format/text.js";

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly of: number;
}

export const WHOLE: Shard = { index: 1, of: 1 };
/**
 * Lanes learn from their own programs only, so few learn faster; but no more workers than lanes have work. With this
 * number 2, 4 or 8 shards do the programs i % N == I - 1 of one and the same campaign.
 */
const LANES = 8;

/** `2/8`. Undefined if it is none. */
export function parseShard(text: string): Shard | undefined {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  return shard.index >= 1 && shard.index <= shard.of ? shard : undefined;
}

export const shardText = ({ index, of }: Shard): string => `${index}/${of}`;

/** As many lanes as shards at least; the same for all shards of a campaign. */
export const lanesFor = ({ of }: Shard): number => Math.max(LANES, of);

export const lanesOf = ({ index, of }: Shard, lanes: number): readonly number[] =>
  Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => lane % of === index - 1);

/** Chunks for each worker, of as many lanes: it has the next one while what came of the last is being kept. */
export const CHUNKS_AHEAD = 2;

/** A worker has a lane to itself. @returns how many there will be, and why fewer than `jobs` if there are fewer */
export function workersFor(
  jobs: number,
  { shard, lanes }: { readonly shard: Shard; readonly lanes: number },
): { readonly workers: number; readonly note: string | undefined } {
  const own = lanesOf(shard, lanes).length;
  if (jobs <= own) return { workers: jobs, note: undefined };
  const [whose, where] = shard.of > 1 ? [" of this shard", "all shards of a new campaign"] : ["", "a new campaign"];
  const next = `--lanes ${CHUNKS_AHEAD * jobs * shard.of} in ${where} has work for ${jobs}`;
  return { workers: own, note: `${count(own, "worker")}, one for each lane${whose}: ${next}` };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The shard that a scheduler gives in the environment; undefined if it gives none.
 *   ROX_SHARD=2/8                              said outright
 *   SLURM_ARRAY_TASK_ID, _MIN, _COUNT          Slurm arrays
 *   JOB_COMPLETION_INDEX (from 0), ROX_SHARDS  Kubernetes indexed jobs
 *   ROX_SHARD_INDEX (from 0), ROX_SHARDS       anything else: strategy.job-index of a GitHub matrix
 */
export function shardFromEnvironment(env: Environment): Loaded<Shard | undefined> {
  if (env.ROX_SHARD !== undefined) return checked("ROX_SHARD", env.ROX_SHARD);
  if (env.SLURM_ARRAY_TASK_ID !== undefined) {
    const first = Number(env.SLURM_ARRAY_TASK_MIN ?? 0);
    const text = `${Number(env.SLURM_ARRAY_TASK_ID) - first + 1}/${env.SLURM_ARRAY_TASK_COUNT ?? ""}`;
    return checked("SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT", text);
  }
  const index = env.ROX_SHARD_INDEX ?? env.JOB_COMPLETION_INDEX;
  if (index === undefined || (env.ROX_SHARD_INDEX === undefined && env.ROX_SHARDS === undefined))
    return loaded(undefined);
  return checked("the shard index of ROX_SHARDS", `${Number(index) + 1}/${env.ROX_SHARDS ?? ""}`);
}

function checked(subject: string, text: string): Loaded<Shard> {
  const shard = parseShard(text);
  if (shard !== undefined) return loaded(shard);
  return refuse({ subject, expected: "I/N with I from 1 to N", got: text, next: "set the variable or give --shard" });
}
