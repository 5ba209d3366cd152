// Cases that others are made of, on their way to a worker. The lane remembers their text. The first worker that is given it
// reads it and gives the case back packed, as the lane hands it on from then on: the main thread reads none.

import type { AnyKind } from "../../properties/cases/kind.js";

interface Written {
  readonly index: number;
  /** Case file text. */
  readonly text: string;
}

export interface Packed {
  readonly index: number;
  readonly packed: unknown;
}

export type Parent = Written | Packed;

interface ReadParents {
  readonly cases: readonly unknown[];
  /** Those that came as text, once each. */
  readonly packed: readonly Packed[];
}

/** @throws Error if one does not read: the campaign wrote it */
export function readParents(kind: AnyKind, parents: readonly Parent[]): ReadParents {
  const packed = new Map<number, unknown>();
  const cases = parents.map((parent) => {
    if ("packed" in parent) return unpack(kind, parent.packed);
    const { index, text } = parent;
    if (!packed.has(index)) packed.set(index, packedText(kind, text, index));
    return unpack(kind, packed.get(index));
  });
  return { cases, packed: [...packed].map(([index, one]) => ({ index, packed: one })) };
}

const unpack = (kind: AnyKind, packed: unknown): unknown => (kind.unpack === undefined ? packed : kind.unpack(packed));

function packedText(kind: AnyKind, text: string, index: number): unknown {
  const parsed = kind.parse(text);
  if (!parsed.ok) throw new Error(`case ${index} does not read back: ${parsed.error.message}`);
  return kind.pack === undefined ? parsed.value : kind.pack(parsed.value);
}
