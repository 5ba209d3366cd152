// Of several packs the one in the middle becomes empty: it goes back alone, and the others are still filled in order.

import { ProgPacks } from "../../impl/pack/prog-pack.js";
import { Machine } from "../../machine/machine.js";
import type { Edge } from "./edge.js";

const PACK = 4096;

export const RETURNED_PACK: Edge = {
  name: "an empty pack goes back alone",
  check() {
    const packs = new ProgPacks(new Machine(), { packBytes: PACK });
    const places = [PACK, PACK, PACK - 64, PACK].map((bytes) => packs.bpfProgPackAlloc(bytes)!);
    packs.bpfProgPackFree(places[1]!, PACK);
    const left = packs.packs.map(({ base }) => base).join();
    if (left !== [places[0], places[2], places[3]].join()) return `packs at ${left}`;
    const next = packs.bpfProgPackAlloc(64);
    return next === places[2]! + PACK - 64 ? undefined : `the next allocation is at ${String(next)}`;
  },
};
