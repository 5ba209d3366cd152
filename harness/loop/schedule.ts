// Which kind a lane tries when: its chunks take the kinds in a fixed order, over and over, so that the kind of trial number
// `index` is known from the index alone, whoever runs it.

import { KINDS, kindByName } from "../../properties/cases/index.js";

/** A round: the kinds of these names in turn, each until its turns are used up. */
export function roundOf(names: readonly string[], all = KINDS): readonly string[] {
  const wanted = names.map((name) => kindByName(name, all)?.name);
  const left = all.flatMap(({ name, turns }) => (wanted.includes(name) ? [{ name, turns }] : []));
  const round: string[] = [];
  while (left.some(({ turns }) => turns > 0)) {
    for (const one of left) {
      if (one.turns-- > 0) round.push(one.name);
    }
  }
  return round;
}
