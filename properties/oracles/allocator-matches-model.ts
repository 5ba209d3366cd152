// allocator-matches-model: the bitmaps and the plain list of extents, address for address.

import { hex } from "../../subjects/step.js";
import { type Oracle, PASS } from "./oracle.js";

export const allocatorMatchesModel: Oracle = {
  name: "allocator-matches-model",
  statement:
    "Every allocation goes where the reference allocator puts it, and both have the same packs in the same order.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_alloc(), bpf_prog_pack_free()",
  check({ scene, result, added }) {
    if (scene.images === "pages") return PASS;
    const breaches: string[] = [];
    if (result.kind === "loaded") {
      result.live.regions.forEach(({ header }, i) => {
        const predicted = result.predicted[i];
        if (header !== predicted) {
          breaches.push(`function ${i} of #${result.live.id} is at ${hex(header)}, expected ${where(predicted)}`);
        }
      });
    }
    if (result.kind === "attached" && added !== undefined && added.region.header !== result.predicted) {
      breaches.push(
        `the trampoline of #${added.id} is at ${hex(added.region.header)}, expected ${where(result.predicted)}`,
      );
    }
    const { packs } = scene.kernel.packs;
    const expected = scene.allocator.packs;
    if (packs.length !== expected.length || packs.some(({ base }, i) => base !== expected[i]!.base)) {
      breaches.push(`packs at ${list(packs)}, expected ${list(expected)}`);
    }
    return breaches;
  },
  sweep({ images, kernel, allocator }) {
    if (images === "pages") return PASS;
    return kernel.packs.packs.flatMap(({ base, bitmap }, i) => {
      const taken = allocator.packs[i]?.taken ?? [];
      const chunks = taken.reduce((sum, { bytes }) => sum + bytes / 64, 0);
      const clear = taken.filter(({ start, bytes }) => !bitmap.isSet((start - base) / 64, bytes / 64));
      return [
        ...(bitmap.count === chunks
          ? PASS
          : [`pack ${hex(base)} has ${bitmap.count} chunks taken, expected ${chunks}`]),
        ...clear.map(({ start, bytes }) => `${hex(start)}+${bytes} is live, but its chunks are not all taken`),
      ];
    });
  },
};

const where = (va: number | undefined): string => (va === undefined ? "nowhere" : hex(va));
const list = (packs: readonly { readonly base: number }[]): string =>
  packs.length === 0 ? "none" : packs.map(({ base }) => hex(base)).join(" ");
