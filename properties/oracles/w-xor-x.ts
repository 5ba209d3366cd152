// w-xor-x: at no time can anybody both write and run the same page.

import { hex, isAlias, made, type Scene, type Step, type TraceEvent } from "../../subjects/step.js";
import { type Oracle, PASS } from "./oracle.js";

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
  const breaches: string[] = [];
  let locked = false;
  let mapped = false;
  let remembered = false;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    switch (event.kind) {
      case "lock":
        if (event.lock === "patchLock") locked = true;
        break;
      case "unlock":
        if (event.lock !== "patchLock") break;
        locked = false;
        if (mapped) breaches.push(`event ${i}: the writable alias is still mapped when patchLock is released`);
        else if (remembered) breaches.push(`event ${i}: the alias may still be in a TLB when patchLock is released`);
        break;
      case "map":
        if (!isAlias(event.va)) break;
        mapped = true;
        if (!locked) breaches.push(`event ${i}: a writable alias is mapped without patchLock`);
        break;
      case "unmap":
        if (!isAlias(event.va)) break;
        mapped = false;
        remembered = true;
        break;
      case "invalidateTlb":
        if (isAlias(event.va)) remembered = false;
        break;
      case "textWrite":
      case "write":
        if (!mapped && isStoreThroughAlias(event))
          breaches.push(`event ${i}: a store through an alias that is not mapped`);
        break;
      case "flush":
      case "clean":
      case "invalidate":
        if (isAlias(event.va))
          breaches.push(`event ${i}: ${event.kind} of the alias ${hex(event.va)}, which nobody runs`);
        break;
    }
  }
  return breaches;
}

const isStoreThroughAlias = (event: TraceEvent): boolean =>
  event.kind === "textWrite" || (event.kind === "write" && isAlias(event.va));

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
