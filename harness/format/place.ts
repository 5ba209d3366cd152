// What lies at an address of executable memory, for people: whose function or trampoline, and which word of it is poked.

import type { Va } from "../../machine/address.js";
import type { Region, Step } from "../../subjects/step.js";

/** After a step, with what it did away with. @returns undefined for what is nobody's */
export function placesOf({ scene, result, removed, patches }: Step): (va: Va) => string | undefined {
  const programs = [...scene.live.values(), ...(result.kind === "freed" ? [result.freed] : [])];
  const trampolines = [...scene.tramps.values(), ...removed];
  const holds = (va: Va, { header, bytes }: Region): boolean => va >= header && va < header + bytes;
  return (va) => {
    const patch = patches.find((one) => one.va === va || one.literal === va);
    if (patch !== undefined) return `${patch.va === va ? "entry" : "long jump"} of #${patch.id}`;
    const trampoline = trampolines.find(({ region }) => holds(va, region));
    if (trampoline !== undefined)
      return `${trampoline.release === va ? "release of the " : ""}trampoline of #${trampoline.id}`;
    const program = programs.find(({ regions }) => regions.some((region) => holds(va, region)));
    return program && `#${program.id}`;
  };
}
