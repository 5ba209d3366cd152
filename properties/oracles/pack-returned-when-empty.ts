// pack-returned-when-empty: executable memory is not kept for nobody.

import { hex, type Scene, type Step, unmade } from "../../subjects/step.js";
import { KERNEL_STEPS, type Oracle, PASS } from "./oracle.js";

export const packReturnedWhenEmpty: Oracle = {
  name: "pack-returned-when-empty",
  statement:
    "A pack in which neither program nor trampoline lives, and the pages of a large program that was freed, go back at once.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_free()",
  about: KERNEL_STEPS,
  check(step: Step) {
    const { scene, result } = step;
    if (result.kind === "loaded") return PASS;
    return [...empty(scene), ...unmade(step).flatMap((region) => kept(scene, region))];
  },
  sweep: (scene) => empty(scene),
};

function empty(scene: Scene): readonly string[] {
  const { packs, packBytes } = scene.kernel.packs;
  if (packs.length === 0) return PASS;
  const used = new Set<number>();
  for (const { header } of scene.regions) {
    for (const { base } of packs) if (header >= base && header < base + packBytes) used.add(base);
  }
  if (used.size === packs.length) return PASS;
  return packs.filter(({ base }) => !used.has(base)).map(({ base }) => `the pack at ${hex(base)} is empty`);
}

/** Pages that went back are not mapped, unless somebody has them already. */
function kept(scene: Scene, { header, bytes }: { readonly header: number; readonly bytes: number }): readonly string[] {
  const { machine, kernel } = scene;
  if (bytes <= kernel.packs.packBytes && scene.images === "packs") return PASS;
  return machine.mapping(header) === undefined ? PASS : [`${hex(header)}+${bytes} is freed, but still mapped`];
}
