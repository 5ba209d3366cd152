// w-xor-x: at no time can anybody both write and run the same page.

import { hex, made, type Scene, type Step, type TraceEvent } from "../../subjects/step.js";
import { type Oracle, PASS } from "./oracle.js";
import { textLog } from "./pokes.js";

export const wXorX: Oracle = {
  name: "w-xor-x",
  statement:
    "No page is ever writable and executable, no writable alias outlives a poke, and caches are maintained by the address that runs.",
  source: "linux v6.12 arch/arm64/kernel/patching.c, patch_map(); kernel/bpf/core.c, alloc_new_pack()",
  check(step) {
    return step.result.kind === "ran" ? PASS : [...aliasBreaches(step.events), ...permissions(step)];
  },
  sweep: (scene) => lasting(scene),
};

/** The alias lives within one critical section, and so does what TLBs remember of it. */
export function aliasBreaches(events: readonly TraceEvent[]): readonly string[] {
  const { aliases, leftAliases, pokes, aliasUpkeep } = textLog(events);
  return [
    ...aliases
      .filter(({ kind, held }) => kind === "map" && !held.includes("patchLock"))
      .map(({ at }) => `event ${at}: a writable alias is mapped without patchLock`),
    ...leftAliases.map(({ at, isMapped }) =>
      isMapped
        ? `event ${at}: the writable alias is still mapped when patchLock is released`
        : `event ${at}: the alias may still be in a TLB when patchLock is released`,
    ),
    ...pokes
      .flatMap(({ stores }) => stores.filter(({ isMapped }) => !isMapped))
      .map(({ at }) => `event ${at}: a store through an alias that is not mapped`),
    ...aliasUpkeep.map(({ at, kind, va }) => `event ${at}: ${kind} of the alias ${hex(va)}, which nobody runs`),
  ];
}

/** A live image is executable, and nothing that was writable is left in a TLB. */
function permissions(step: Step): readonly string[] {
  const { machine } = step.scene;
  const breaches = lasting(step.scene);
  const wrong = made(step).flatMap(({ header, bytes }) => {
    for (let at = header; at < header + bytes; at += machine.pageBytes - (at % machine.pageBytes)) {
      const permission = machine.mapping(at)?.permission ?? "not mapped";
      if (permission !== "rox") return [`${hex(at)} of a live image is ${permission}`];
    }
    return [];
  });
  return [...breaches, ...wrong];
}

const lasting = ({ machine }: Scene): readonly string[] =>
  machine.staleTranslations.length === 0
    ? PASS
    : machine.staleTranslations.map(({ va, permission }) => `${hex(va)} may still be ${permission} in a TLB`);
