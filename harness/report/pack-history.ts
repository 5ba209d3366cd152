// A history of an allocator as shapes: which program lay where, from which step to which, and what the regions hold at
// one step. Pure geometry; `packs-section.ts` gives it colours.

import type { PackEvent, PackHistory } from "./data.js";

/** A mapped region that programs share, drawn as one band. */
export interface Band {
  readonly at: number;
  readonly bytes: number;
  /** Where the band begins in the drawing, in bytes from the first one's start. */
  readonly offset: number;
}

export interface Life {
  readonly id: number;
  readonly at: number;
  readonly bytes: number;
  readonly used: number;
  /** Steps; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface Lives {
  readonly steps: number;
  readonly bands: readonly Band[];
  readonly programs: readonly Life[];
}

/** Between two bands, as a share of all bytes. */
const GAP = 0.04;

export function livesOf({ events }: PackHistory): Lives {
  const live = new Map<number, { readonly load: Extract<PackEvent, { kind: "load" }>; readonly from: number }>();
  const programs: Life[] = [];
  const regions = new Map<number, number>();
  const end = (id: number, to: number): void => {
    const found = live.get(id);
    if (found === undefined) return;
    const { at, bytes, used } = found.load;
    programs.push({ id, at, bytes, used, from: found.from, to });
    live.delete(id);
  };
  for (const [step, event] of events.entries()) {
    if (event.kind === "map") regions.set(event.at, Math.max(event.bytes, regions.get(event.at) ?? 0));
    else if (event.kind === "load") live.set(event.id, { load: event, from: step });
    else if (event.kind === "free") end(event.id, step);
  }
  for (const id of [...live.keys()]) end(id, events.length);
  programs.sort((a, b) => a.from - b.from || a.at - b.at);
  return { steps: events.length, bands: stack(regions), programs };
}

/** One band under the other in order of address, with a gap. */
function stack(regions: ReadonlyMap<number, number>): readonly Band[] {
  const sorted = [...regions].sort(([a], [b]) => a - b);
  const gap = GAP * sorted.reduce((sum, [, bytes]) => sum + bytes, 0);
  let offset = 0;
  return sorted.map(([at, bytes]) => {
    const band = { at, bytes, offset };
    offset += bytes + gap;
    return band;
  });
}

export const bandOf = (bands: readonly Band[], at: number): Band | undefined =>
  bands.find((band) => at >= band.at && at < band.at + band.bytes);

export const aliveAt = (programs: readonly Life[], step: number): readonly Life[] =>
  programs.filter(({ from, to }) => from <= step && step < to);

/** What the bytes of a region are. `hole`: free, but below a live program; `rest`: free up to the end. */
type Use = "even" | "odd" | "slack" | "hole" | "rest";
interface Stretch {
  readonly use: Use;
  /** Addresses, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The region's bytes from its start to its end; neighbouring programs alternate between `even` and `odd`. */
export function stretches({ at, bytes }: Band, programs: readonly Life[]): readonly Stretch[] {
  const found: Stretch[] = [];
  const add = (use: Use, start: number, end: number): void => {
    if (end > start) found.push({ use, start, end });
  };
  const inside = programs.filter((p) => p.at >= at && p.at < at + bytes).sort((a, b) => a.at - b.at);
  let next = at;
  for (const [i, program] of inside.entries()) {
    add("hole", next, program.at);
    add(i % 2 === 0 ? "even" : "odd", program.at, program.at + program.used);
    add("slack", program.at + program.used, program.at + program.bytes);
    next = program.at + program.bytes;
  }
  add("rest", next, at + bytes);
  return found;
}

/** One row of a map that is `rowBytes` wide; rows begin at multiples of that. */
export interface Tile {
  readonly use: Use;
  readonly row: number;
  /** Bytes from the row's start. */
  readonly from: number;
  readonly to: number;
}

export function tiles(all: readonly Stretch[], rowBytes: number): readonly Tile[] {
  const firstRow = Math.floor((all[0]?.start ?? 0) / rowBytes);
  return all.flatMap(({ use, start, end }) => {
    const cut: Tile[] = [];
    for (let at = start; at < end; ) {
      const row = Math.floor(at / rowBytes);
      const stop = Math.min(end, (row + 1) * rowBytes);
      cut.push({ use, row: row - firstRow, from: at - row * rowBytes, to: stop - row * rowBytes });
      at = stop;
    }
    return cut;
  });
}

interface Occupancy {
  readonly programs: number;
  readonly used: number;
  readonly slack: number;
  readonly holes: number;
  readonly largestHole: number;
  readonly rest: number;
}

/** Bytes of all regions by what they are. */
export function occupancy(bands: readonly Band[], programs: readonly Life[]): Occupancy {
  const all = bands.flatMap((band) => stretches(band, programs));
  const sum = (...uses: readonly Use[]): number =>
    all.reduce((n, { use, start, end }) => (uses.includes(use) ? n + end - start : n), 0);
  const holes = all.filter(({ use }) => use === "hole").map(({ start, end }) => end - start);
  return {
    programs: programs.length,
    used: sum("even", "odd"),
    slack: sum("slack"),
    holes: sum("hole"),
    largestHole: Math.max(0, ...holes),
    rest: sum("rest"),
  };
}
