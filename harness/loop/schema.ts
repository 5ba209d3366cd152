// What the JSON files of a campaign look like. A campaign's folder may come from anywhere: what is in it is believed only as
// far as its shape goes, and names in it name files of that folder.

import { z } from "zod";
import { kindByName } from "../../properties/cases/index.js";
import { quoted } from "../bad-input.js";
import { isPlainName } from "../input-file.js";
import type { FindingFacts } from "./findings.js";
import type { CampaignRecord, CampaignSettings } from "./state.js";

const count = z.number().int().min(0);
const amount = z.number().min(0);
const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const plainName = z.string().refine(isPlainName, { error: "a name of letters, digits, points and hyphens" });
const kindName = z.string().refine((name) => kindByName(name) !== undefined, { error: "a kind of case" });
const counts = z.record(z.string(), count);

/** Lanes are made as the campaign is opened: so many are made in no time. */
const MOST_LANES = 4096;

const shard = z.object({ index: count.min(1), of: count.min(1).max(999_999) });

const origin = z.object({
  date: z.string().max(100),
  host: z.string().max(400),
  commit: z.string().max(100).exactOptional(),
});

const settings: z.ZodType<CampaignSettings> = z
  .object({
    format: z.literal(2),
    version: z.string(),
    seed,
    shard,
    lanes: count.min(1).max(MOST_LANES),
    kinds: z.array(kindName).min(1).max(64),
    chunk: count.min(1).max(100_000),
    feedback: z.boolean(),
    engine: z.string(),
    subject: z.string().exactOptional(),
    only: z.array(z.string()).exactOptional(),
    origin: origin.exactOptional(),
  })
  .refine(({ shard: { index, of } }) => index >= 1 && index <= of, { error: "a shard I of N with I from 1 to N" });

/** Keys that campaigns were written with before, by name: what they are now. */
const OLD_KEYS: Readonly<Record<string, string>> = { trials: "cases", cells: "points" };
/** An object of any version. */
const ofAnyVersion = <T extends z.ZodType>(schema: T): z.ZodPreprocess<T> =>
  z.preprocess((json) => {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [OLD_KEYS[key] ?? key, value]));
  }, schema);

const sums = ofAnyVersion(z.record(z.string(), amount));
const pair = z.tuple([amount, amount]);
const gain = z.object({ fresh: pair, mutants: pair });
const kept = z.array(ofAnyVersion(z.object({ index: count, text: z.string(), points: z.array(z.string()) })));

/** Of before, without the index: nothing comes earlier. */
const suspicion = z.union([
  plainName.transform((name) => ({ name, index: 0 })),
  z.object({ name: plainName, index: count }),
]);

const snapshot = z.object({
  kind: z.literal("snapshot"),
  elapsedMs: amount,
  sums: z.record(kindName, sums),
  emitted: z.array(amount),
  incomparable: counts,
  ignored: count,
  findings: z.record(plainName, count),
  suspected: z.record(z.string(), suspicion),
  leads: z.record(plainName, z.object({ suspected: z.string(), index: count })).default({}),
  seen: z.record(plainName, z.object({ firstMs: amount, lastMs: amount })).default({}),
  lanes: z.array(
    z.object({
      lane: count,
      done: count,
      memories: z.record(kindName, z.object({ hits: counts, kept, gain })),
    }),
  ),
});

const record = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("chunk"),
    lane: count,
    done: count,
    of: kindName,
    hits: z.array(z.tuple([z.string(), amount])),
    ...{ kept, gain, sums },
    emitted: z.array(amount),
    incomparable: counts,
    again: counts,
    ignored: count,
    atMs: amount.exactOptional(),
  }),
  z.object({
    ...{ kind: z.literal("finding"), name: plainName, index: count, suspected: z.string() },
    atMs: amount.exactOptional(),
  }),
  z.object({ kind: z.literal("time"), elapsedMs: amount }),
  snapshot,
]) as unknown as z.ZodType<CampaignRecord>;

const finding: z.ZodType<FindingFacts> = z.object({
  name: plainName,
  kind: kindName,
  file: plainName,
  cause: z.object({ oracle: z.string(), reason: z.string(), what: z.string() }),
  where: z.string(),
  expected: z.string(),
  got: z.string(),
  answers: z.array(z.string()).exactOptional(),
  kernel: z.object({ place: z.string(), event: count.exactOptional(), events: z.array(z.string()) }).exactOptional(),
  version: z.string(),
  engine: z.string(),
  subject: z.string().exactOptional(),
  seed,
  shard: z.string(),
  index: count,
  size: z.object({ original: count, shrunk: count, unit: z.string() }),
  fixed: z.boolean(),
  notRepeated: z.object({ got: z.string(), chunk: count }).exactOptional(),
});

const sample = ofAnyVersion(z.object({ ms: amount, cases: count, executed: amount, points: count, findings: count }));

/** Of a merged campaign. */
const parts = z.array(z.object({ shard, said: snapshot, samples: z.array(sample) }));

export const SCHEMAS = { settings, record, finding, sample, parts } as const;

/** A value of that shape, or what is wrong with it in a few words. */
export function shaped<T>(schema: z.ZodType<T>, json: unknown): { readonly value: T } | { readonly wrong: string } {
  const read = schema.safeParse(json);
  if (read.success) return { value: read.data };
  const [issue] = read.error.issues;
  const at = issue?.path.join(".") ?? "";
  return { wrong: `${at === "" ? "" : `in ${quoted(at)}: `}${issue?.message ?? "something else"}` };
}
