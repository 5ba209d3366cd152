// What packs hold: after a history, chunk by chunk, and on the way through it, event by event.

import type { RoAddr, Va } from "../../machine/address.js";
import { checkHistory } from "../../properties/cases/history/check.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { gapsOf } from "../../properties/oracles/freed-is-illegal.js";
import { ILLEGAL } from "../../spec/text/text.js";
import type { Action, History } from "../../subjects/action.js";
import { defaultSubject } from "../../subjects/index.js";
import { made, type Region, type Scene, type Step, unmade } from "../../subjects/step.js";
import type { Subject } from "../../subjects/subject.js";
import type { PackEvent, PackHistory } from "./data.js";
import { byteSize, counted } from "./html.js";

/**
 * `live`: of a program, with code or a header in it. `trampoline`: of one, with code in it. `slack`: of either, nothing but
 * illegal instructions. `free`: of neither. `dirty`: of neither, but not all illegal.
 */
export type Chunk = "live" | "trampoline" | "slack" | "free" | "dirty";

/** A piece of a pack: of which program, or of whose trampoline. */
export interface Piece {
  readonly what: Region["what"];
  readonly id: number;
  /** Its first chunk, and how many. */
  readonly first: number;
  readonly chunks: number;
}

export interface PackMap {
  readonly base: Va;
  /** One for each 64 bytes. */
  readonly chunks: readonly Chunk[];
  /** In order. */
  readonly pieces: readonly Piece[];
}
export interface MemoryMap {
  readonly packs: readonly PackMap[];
  /** In pages of their own. */
  readonly large: readonly (Pick<Piece, "what" | "id"> & { readonly at: Va; readonly bytes: number })[];
  /** What the kernel stumbled over on the way. */
  readonly broken: string | undefined;
}

const CHUNK = 64;

export function memoryMap(history: History, subject: Subject = defaultSubject): MemoryMap {
  let scene: Scene | undefined;
  let broken: string | undefined;
  // To the end, whatever an oracle would say of it.
  checkHistory(history, {
    ...{ subject, oracles: [], close: false },
    onStep: (_action, step) => {
      scene = step.scene;
      if (step.result.kind === "crashed") broken ??= step.result.error.message;
    },
  });
  if (scene === undefined) return { packs: [], large: [], broken };
  const { kernel } = scene;
  const placed = [
    ...[...scene.live.values()].flatMap(({ id, regions }) => regions.map((region) => ({ id, region }))),
    ...scene.tramps.values(),
  ];
  const packs = kernel.packs.packs.map(({ base }) => packMap(scene!, base, placed));
  const inPack = (at: Va): boolean => packs.some(({ base }) => at >= base && at < base + kernel.packs.packBytes);
  const large = placed.flatMap(({ id, region: { what, header, bytes } }) =>
    inPack(header) ? [] : [{ what, id, at: header, bytes }],
  );
  return { packs, large, broken };
}

interface Placed {
  readonly id: number;
  readonly region: Region;
}

function packMap({ kernel, machine }: Scene, base: Va, placed: readonly Placed[]): PackMap {
  const count = kernel.packs.packBytes / CHUNK;
  const mine = placed
    .filter(({ region: { header } }) => header >= base && header < base + kernel.packs.packBytes)
    .sort((a, b) => a.region.header - b.region.header);
  const words = machine.mapping(base) === undefined ? undefined : machine.peek(base, kernel.packs.packBytes);
  const chunks = Array.from({ length: count }, (_, i): Chunk => (isIllegal(words, i) ? "free" : "dirty"));
  for (const { region } of mine) {
    const first = (region.header - base) / CHUNK;
    const gaps = gapsOf(region);
    const taken = region.what === "trampoline" ? "trampoline" : "live";
    for (let i = 0; i < region.bytes / CHUNK; i++) {
      const at = region.header + i * CHUNK;
      chunks[first + i] = gaps.some(([from, to]) => from <= at && at + CHUNK <= to) ? "slack" : taken;
    }
  }
  const pieces = mine.map(({ id, region: { what, header, bytes } }) => ({
    what,
    id,
    first: (header - base) / CHUNK,
    chunks: bytes / CHUNK,
  }));
  return { base, chunks, pieces };
}

function isIllegal(bytes: Uint8Array | undefined, chunk: number): boolean {
  if (bytes === undefined) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + chunk * CHUNK, CHUNK);
  for (let at = 0; at < CHUNK; at += 4) if (view.getUint32(at, true) !== ILLEGAL) return false;
  return true;
}

/** What a history does to its packs: programs and trampolines count as one, and what has pages of its own is left out. */
export function packHistory(history: History, about: string, subject: Subject = defaultSubject): PackHistory {
  const { packBytes, pageBytes } = history.options;
  const events: PackEvent[] = [];
  let known: readonly RoAddr[] = [];
  const ids = new Map<Va, number>();
  const onStep = (_action: Action, step: Step): void => {
    const { packs } = step.scene.kernel;
    const bases = packs.packs.map(({ base }) => base);
    for (const at of bases.filter((base) => !known.includes(base))) events.push({ kind: "map", at, bytes: packBytes });
    for (const { header } of unmade(step)) {
      const id = ids.get(header);
      if (id !== undefined) events.push({ kind: "free", id });
      ids.delete(header);
    }
    for (const region of made(step)) {
      if (packs.packOf(region.header as RoAddr) === undefined) continue;
      ids.set(region.header, events.length);
      const used = (gapsOf(region).at(-1)?.[0] ?? region.header + region.bytes) - region.header;
      events.push({ kind: "load", id: events.length, at: region.header, bytes: region.bytes, used });
    }
    for (const at of known.filter((base) => !bases.includes(base))) events.push({ kind: "unmap", at });
    known = bases;
  };
  checkHistory(history, { subject, oracles: [], close: false, onStep });
  return { about, chunkBytes: CHUNK, pageBytes, events };
}

/** Histories of a seed that are looked at for the picture. */
const LOOKED_AT = 32;

/** A history that a run tried, and in a few words which one. */
interface Tried {
  readonly history: History;
  readonly which: string;
}

/** The picture of a run: of those that it tried, the history that puts most into packs; else the one of its seed. */
export const shownPacks = (tried: readonly Tried[], subject: Subject = defaultSubject): PackHistory | undefined =>
  fullest(tried, subject);

/** What a run tried that goes through the histories of its seed. @param count how many of them it tried */
export const triedOf = (seed: number, count: number): readonly Tried[] =>
  firstOf(seed, Math.min(LOOKED_AT, count)).map((history, i) => ({ history, which: `History ${i} of this run` }));

const firstOf = (seed: number, count: number): readonly History[] =>
  Array.from({ length: count }, (_, i) => HISTORIES.fresh(seed, i));

/** A subject that cannot run a history once more must not take the page with it. */
function eventsOrNone(history: History, about: string, subject: Subject): PackHistory | undefined {
  try {
    return packHistory(history, about, subject);
  } catch {
    return undefined;
  }
}

/** Undefined if none puts anything into packs. */
function fullest(tried: readonly Tried[], subject: Subject): PackHistory | undefined {
  let most = 0;
  let found: PackHistory | undefined;
  for (const { history, which } of tried) {
    const { actions, options } = history;
    const size = `${counted(actions.length, "action")} on packs of ${byteSize(options.packBytes)}`;
    const shown = eventsOrNone(history, `${which}, the fullest of ${tried.length}: ${size}.`, subject);
    if (shown === undefined) continue;
    const loads = shown.events.filter(({ kind }) => kind === "load").length;
    if (loads > most) [most, found] = [loads, shown];
  }
  return found;
}
