// Which bytes a run changed: the part of its result that r0 does not tell.

import type { RegionBytes } from "../spec/bpf/outcome.js";

interface ChangedBytes {
  /** `context`, `stack`, `map 0`, ... */
  readonly region: string;
  /** Offset of the first byte; for the stack counted from r10, so negative. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Runs of changed bytes, gaps of fewer than 8 unchanged ones included. Input regions are held against `input`. */
export function changedBytes(regions: readonly RegionBytes[], input: Uint8Array): ChangedBytes[] {
  return regions.flatMap(({ name, bytes, written }) => {
    const before = name === "packet" || name === "context" ? input : new Uint8Array(0);
    const isChanged = (i: number): boolean => bytes[i] !== (before[i] ?? 0) && written?.[i] !== 0;
    const origin = name === "stack" ? -bytes.length : 0;
    return spans(bytes.length, isChanged).map(([from, to]) => ({
      region: name,
      at: from + origin,
      bytes: bytes.slice(from, to),
    }));
  });
}

const GAP = 8;

function spans(length: number, isIn: (i: number) => boolean): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < length; i++) {
    if (!isIn(i)) continue;
    const last = found.at(-1);
    if (last !== undefined && i - last[1] < GAP) last[1] = i + 1;
    else found.push([i, i + 1]);
  }
  return found;
}
