// How full packs are over a long history of loads and frees, at several pack sizes and with several policies.

import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { PackSpace, POLICIES, type Policy, type Slot } from "./policies.js";

/** A load, or the free of an earlier one. `bytes`: of the whole allocation; `code`: of header and image in it. */
export type SizeEvent =
  | { readonly kind: "load"; readonly id: number; readonly bytes: number; readonly code: number }
  | { readonly kind: "free"; readonly id: number };

/** The packs at one moment, in bytes. */
interface Fill {
  readonly event: number;
  /** Of all packs that are mapped. */
  readonly mapped: number;
  /** Headers and images. */
  readonly code: number;
  /** Taken, but not used: the rest of the last chunk, or of a class. */
  readonly slack: number;
  /** Free, but below something that lives. */
  readonly holes: number;
}

export interface FillOverTime {
  readonly policy: string;
  readonly packBytes: number;
  readonly packsMade: number;
  readonly mostPacks: number;
  /** Means over all events. */
  readonly mean: Omit<Fill, "event">;
  /** Code in what is mapped, on average; a share. */
  readonly occupancy: number;
  readonly samples: readonly Fill[];
}

const PACK_SIZES = [16, 64, 256, 2048].map((kib) => kib * 1024);
const SAMPLES = 200;

export const fillOverTime = (events: readonly SizeEvent[], packSizes = PACK_SIZES): readonly FillOverTime[] =>
  packSizes.flatMap((packBytes) => POLICIES.map((policy) => simulate(events, policy, packBytes)));

function simulate(events: readonly SizeEvent[], policy: Policy, packBytes: number): FillOverTime {
  const live = new Map<number, { readonly slot: Slot | undefined; readonly code: number; readonly bytes: number }>();
  const packs: PackSpace[] = [];
  const sum = { mapped: 0, code: 0, slack: 0, holes: 0 };
  const samples: Fill[] = [];
  const every = Math.max(1, Math.floor(events.length / SAMPLES));
  let [packsMade, mostPacks, code, taken, large] = [0, 0, 0, 0, 0];
  for (const [event, one] of events.entries()) {
    if (one.kind === "load") {
      const slot = one.bytes > packBytes ? undefined : place(packs, policy, one.bytes / CHUNK_BYTES, packBytes);
      if (slot?.isNew === true) packsMade++;
      live.set(one.id, { slot: slot?.slot, code: one.code, bytes: one.bytes });
      code += one.code;
      if (slot === undefined) large += one.bytes;
      else taken += slot.slot.chunks * CHUNK_BYTES;
    } else {
      const found = live.get(one.id);
      if (found === undefined) continue;
      live.delete(one.id);
      code -= found.code;
      if (found.slot === undefined) large -= found.bytes;
      else {
        taken -= found.slot.chunks * CHUNK_BYTES;
        found.slot.pack.give(found.slot);
        if (found.slot.pack.used === 0) packs.splice(packs.indexOf(found.slot.pack), 1);
      }
    }
    mostPacks = Math.max(mostPacks, packs.length);
    const fill: Fill = {
      event,
      mapped: packs.length * packBytes + large,
      code,
      slack: taken + large - code,
      holes: CHUNK_BYTES * packs.reduce((n, pack) => n + pack.holes, 0),
    };
    for (const key of ["mapped", "code", "slack", "holes"] as const) sum[key] += fill[key];
    if (event % every === 0) samples.push(fill);
  }
  const n = Math.max(1, events.length);
  const mean = { mapped: sum.mapped / n, code: sum.code / n, slack: sum.slack / n, holes: sum.holes / n };
  const occupancy = mean.mapped === 0 ? 0 : mean.code / mean.mapped;
  return { policy: policy.name, packBytes, packsMade, mostPacks, mean, occupancy, samples };
}

function place(
  packs: PackSpace[],
  { find, round, bySize }: Policy,
  needed: number,
  packBytes: number,
): { readonly slot: Slot; readonly isNew: boolean } {
  const all = packBytes / CHUNK_BYTES;
  const chunks = Math.min(all, round(needed));
  const found = find(packs, chunks);
  if (found !== undefined) return { slot: found, isNew: false };
  const pack = new PackSpace(all, bySize ? chunks : undefined);
  packs.push(pack);
  return { slot: pack.take(0, chunks), isNew: true };
}
