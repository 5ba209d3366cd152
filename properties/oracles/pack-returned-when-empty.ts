// pack-returned-when-empty: executable memory is not kept for nobody.

import type { Va } from "../../machine/address.js";
import { hex, type Scene, type Step, unmade } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";

export const packReturnedWhenEmpty: Oracle = {
  name: "pack-returned-when-empty",
  statement:
    "A pack in which neither program nor trampoline lives, and the pages of a large program that was freed, go back at once.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_free()",
  about: KERNEL_STEPS,
  check(step: Step) {
    const { scene, result } = step;
    if (result.kind === "loaded") return PASS;
    return together(
      empty(scene),
      breachesOfAll(unmade(step), (region) => kept(scene, region)),
    );
  },
  sweep: (scene) => empty(scene),
};

function empty(scene: Scene): readonly string[] {
  const { packs, packBytes } = scene.kernel.packs;
  return breachesOfAll(packs, ({ base }) =>
    isUsed(scene.regions, base, base + packBytes) ? PASS : [`the pack at ${hex(base)} is empty`],
  );
}

function isUsed(regions: Scene["regions"], from: Va, to: Va): boolean {
  for (const { header } of regions) if (header >= from && header < to) return true;
  return false;
}

/** Pages that went back are not mapped, unless somebody has them already. */
function kept(scene: Scene, { header, bytes }: { readonly header: number; readonly bytes: number }): readonly string[] {
  const { machine, kernel } = scene;
  if (bytes <= kernel.packs.packBytes && scene.images === "packs") return PASS;
  return machine.mapping(header) === undefined ? PASS : [`${hex(header)}+${bytes} is freed, but still mapped`];
}
