// What a pack holds after a history, chunk by chunk.

import type { Va } from "../../machine/address.js";
import { playHistory } from "../../properties/cases/history/check.js";
import type { HistoryFile } from "../../properties/cases/history/text.js";
import { gapsOf } from "../../properties/oracles/freed-is-illegal.js";
import type { Region, Scene } from "../../subjects/step.js";
import { ILLEGAL } from "../../subjects/step.js";

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

export function memoryMap(history: HistoryFile): MemoryMap {
  let scene: Scene | undefined;
  let broken: string | undefined;
  // To the end, whatever an oracle would say of it.
  playHistory(history, {
    ...{ oracles: [], close: false },
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
