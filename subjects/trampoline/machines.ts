// Machines to try traced calls on. One that takes long to make is made once for a subject, and cleared for each setup.

import type { Machine } from "../../machine/machine.js";
import { STACK } from "../run/layout.js";
import { machineFor, type Subject } from "../subject.js";
import { FAR_FUNCTION, JOURNAL, SEEN } from "./layout.js";

const kept = new WeakMap<Subject, Machine>();

/** Nothing of an earlier setup is there any more: only one setup of such a subject is tried at a time. */
export function clearMachine(subject: Subject): Machine {
  if (subject.machine === undefined) return machineFor(subject);
  const known = kept.get(subject);
  const machine = known ?? machineFor(subject);
  kept.set(subject, machine);
  if (known === undefined) return machine;
  machine.scrub();
  machine.failures.clear();
  machine.cpu = 0;
  const { pageBytes } = machine;
  for (const { base, bytes } of [STACK, JOURNAL, SEEN, { base: FAR_FUNCTION, bytes: pageBytes }]) {
    for (let page = base; page < base + bytes; page += pageBytes) {
      if (machine.mapping(page) === undefined) continue;
      machine.unmap(page, pageBytes);
      machine.invalidateTlb(page, pageBytes);
    }
  }
  return machine;
}
