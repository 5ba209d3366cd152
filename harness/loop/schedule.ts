// Which kind of trial a lane tries when: its chunks take the kinds in a fixed order, over and over, so that the kind of
// trial number `index` is known from the index alone, whoever runs it.

import { TRIAL_KINDS } from "../../properties/cases/index.js";
import type { AnyKind } from "../../properties/cases/kind.js";

/** A kind's name as a word: `kernel-rows`. */
export const kindId = ({ name }: Pick<AnyKind, "name">): string => name.replaceAll(" ", "-");

export const KIND_IDS: readonly string[] = TRIAL_KINDS.map(kindId);

/** Chunks of each kind in a round. A history costs as much as five programs. */
const CHUNKS: Readonly<Record<AnyKind["name"], number>> = {
  programs: 4,
  histories: 1,
  "kernel rows": 1,
  tracing: 1,
};

/** A round: the kinds in turn, each until its chunks are used up. */
export function roundOf(kinds: readonly string[]): readonly string[] {
  const left = TRIAL_KINDS.map((kind) => ({ id: kindId(kind), chunks: CHUNKS[kind.name] })).filter(({ id }) =>
    kinds.includes(id),
  );
  const round: string[] = [];
  while (left.some(({ chunks }) => chunks > 0)) {
    for (const one of left) {
      if (one.chunks-- > 0) round.push(one.id);
    }
  }
  return round;
}
