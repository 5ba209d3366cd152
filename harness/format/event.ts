// The machine's events as lines for people: what happened, on which CPU, to which part of which program or page.

import type { Va } from "../../machine/address.js";
import { type FailingStep, hasRange } from "../../machine/event.js";
import { isAlias, type Region, type Step, type TraceEvent } from "../../subjects/step.js";

/**
 * @param placeOf what lies at an address of executable memory
 * @param where the kernel's own code was, if that is known: a second line
 */
export function formatEvent(
  event: TraceEvent,
  index: number,
  placeOf: (va: number) => string | undefined,
  where?: string,
): string {
  const place = hasRange(event) ? placeOf(event.va) : undefined;
  const by = where === undefined ? "" : `\n${" ".repeat(14)}in the kernel's own code: ${where}`;
  return `${String(index).padStart(5)}  cpu ${event.cpu}  ${say(event)}${place === undefined ? "" : `, ${place}`}${by}`;
}

function say(event: TraceEvent): string {
  switch (event.kind) {
    case "write":
      return `store      ${range(event)}`;
    case "textWrite":
      return `store      ${range(event)} through the alias ${address(event.alias)}`;
    case "clean":
      return `clean      ${range(event)}`;
    case "invalidate":
      return `invalidate ${range(event)}`;
    case "flush":
      return `flush      ${range(event)}`;
    case "contextSync":
      return "synchronize";
    case "ipi":
      return "interrupt all other CPUs";
    case "invalidateTlb":
      return `tlb        ${range(event)}`;
    case "map":
      return `map        ${range(event)} ${event.permission}${isAlias(event.va) ? ", the fixmap slot" : ""}`;
    case "unmap":
      return `unmap      ${range(event)}`;
    case "setPermission":
      return `protect    ${range(event)} ${event.permission}`;
    case "alloc":
      return `${event.area.padEnd(10)} ${range(event)}`;
    case "free":
      return `${(event.area === "vmalloc" ? "vfree" : "kvfree").padEnd(10)} ${range(event)}`;
    case "lock":
      return `lock       ${event.lock}`;
    case "unlock":
      return `unlock     ${event.lock}`;
    case "refused":
      return `FAILS      ${FAILURES[event.step]}`;
    case "stopped":
    case "resumed":
      return event.kind === "stopped" ? "stops until all CPUs have" : "goes on";
    default:
      return event satisfies never;
  }
}

const FAILURES: Readonly<Record<FailingStep, string>> = {
  vmalloc: "an allocation of executable memory",
  kvmalloc: "an allocation of heap memory",
  setPermission: "a change of permissions",
  copy: "a copy",
  poke: "a copy into text, before it begins",
  progAlloc: "an allocation for a program itself",
};

const range = ({ va, bytes }: { readonly va: number; readonly bytes: number }): string => `${address(va)} +${bytes}`;
const address = (va: number): string => `0xffff${va.toString(16).padStart(12, "0")}`;

/**
 * What lies at an address of executable memory after a step, what it did away with included: whose function or trampoline,
 * and which word of it is poked. Undefined for what is nobody's.
 */
export function placesOf({ scene, result, removed, patches }: Step): (va: Va) => string | undefined {
  const programs = [...scene.live.values(), ...(result.kind === "freed" ? [result.freed] : [])];
  const trampolines = [...scene.tramps.values(), ...removed];
  const holds = (va: Va, { header, bytes }: Region): boolean => va >= header && va < header + bytes;
  return (va) => {
    const patch = patches.find((one) => one.va === va || one.literal === va);
    if (patch !== undefined) return `${patch.va === va ? "entry" : "long jump"} of #${patch.id}`;
    const trampoline = trampolines.find(({ region }) => holds(va, region));
    if (trampoline !== undefined)
      return `${trampoline.releases.includes(va) ? "release of the " : ""}trampoline of #${trampoline.id}`;
    const program = programs.find(({ regions }) => regions.some((region) => holds(va, region)));
    return program && `#${program.id}`;
  };
}
