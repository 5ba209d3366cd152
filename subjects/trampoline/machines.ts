// Machines to try traced calls on. One that takes long to make is made once for a subject, and cleared for each setup.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Range } from "../../spec/bpf/program.js";
import { pagesOf, STACK } from "../run/layout.js";
import { machineFor, type Subject } from "../subject.js";
import { JOURNAL, SEEN } from "./layout.js";

const kept = new WeakMap<Subject, Machine>();
/** Pages that were mapped for functions made by hand. */
const ownPages = new WeakMap<Machine, Set<Va>>();

/** Text outside of the packs, whose fetches are followed. A page may hold more than one thing. */
export function mapText(machine: Machine, range: Range): void {
  const { pageBytes } = machine;
  const { base, bytes } = pagesOf(range, pageBytes);
  const pages = ownPages.get(machine) ?? new Set();
  ownPages.set(machine, pages);
  for (let page = base; page < base + bytes; page += pageBytes) {
    if (machine.mapping(page) !== undefined) continue;
    machine.map(page, pageBytes, "rox", true);
    pages.add(page);
  }
}

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
  const ranges = [
    STACK,
    JOURNAL,
    SEEN,
    ...[...(ownPages.get(machine) ?? [])].map((base) => ({ base, bytes: pageBytes })),
  ];
  for (const { base, bytes } of ranges) {
    for (let page = base; page < base + bytes; page += pageBytes) {
      if (machine.mapping(page) === undefined) continue;
      machine.unmap(page, pageBytes);
      machine.invalidateTlb(page, pageBytes);
    }
  }
  ownPages.delete(machine);
  return machine;
}
