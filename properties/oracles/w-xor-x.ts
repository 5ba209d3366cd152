// w-xor-x: at no time can anybody both write and run the same page.

import { hex, made, type Scene, type Step, type TraceEvent } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";
import { textLog } from "./pokes.js";

export const wXorX: Oracle = {
  name: "w-xor-x",
  statement:
    "No page is ever writable and executable, no writable alias outlives a poke, and caches are maintained by the address that runs.",
  source: "linux v6.12 arch/arm64/kernel/patching.c, patch_map(); kernel/bpf/core.c, alloc_new_pack()",
  about: KERNEL_STEPS,
  check(step) {
    return together(aliasBreaches(step.events), permissions(step));
  },
  sweep: (scene) => lasting(scene),
};

/** The alias lives within one critical section, and so does what TLBs remember of it. */
export function aliasBreaches(events: readonly TraceEvent[]): readonly string[] {
  const { strayAliases, leftAliases, pokes, aliasUpkeep } = textLog(events);
  const breaches: string[] = [];
  for (const { at, kind } of strayAliases) {
    if (kind === "map") breaches.push(`event ${at}: a writable alias is mapped without patchLock`);
  }
  for (const { at, isMapped } of leftAliases) {
    const what = isMapped ? "the writable alias is still mapped" : "the alias may still be in a TLB";
    breaches.push(`event ${at}: ${what} when patchLock is released`);
  }
  for (const { stores } of pokes) {
    for (const { at, isMapped } of stores) {
      if (!isMapped) breaches.push(`event ${at}: a store through an alias that is not mapped`);
    }
  }
  for (const { at, kind, va } of aliasUpkeep) {
    breaches.push(`event ${at}: ${kind} of the alias ${hex(va)}, which nobody runs`);
  }
  return breaches;
}

/** A live image is executable, and nothing that was writable is left in a TLB. */
function permissions(step: Step): readonly string[] {
  const { machine } = step.scene;
  const wrong = breachesOfAll(made(step), ({ header, bytes }) => {
    for (let at = header; at < header + bytes; at += machine.pageBytes - (at % machine.pageBytes)) {
      const permission = machine.mapping(at)?.permission ?? "not mapped";
      if (permission !== "rox") return [`${hex(at)} of a live image is ${permission}`];
    }
    return PASS;
  });
  return together(lasting(step.scene), wrong);
}

const lasting = ({ machine }: Scene): readonly string[] =>
  machine.staleTranslations.length === 0
    ? PASS
    : machine.staleTranslations.map(({ va, permission }) => `${hex(va)} may still be ${permission} in a TLB`);
