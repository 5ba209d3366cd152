// Machines to try traced calls on. One is made for a subject, and cleared for each setup: only one setup of a subject is
// tried at a time.

import type { Engine } from "../../engines/engine.js";
import type { RoAddr, Va } from "../../machine/address.js";
import { POISON } from "../../machine/address-space.js";
import type { Machine } from "../../machine/machine.js";
import type { Range } from "../../spec/bpf/program.js";
import { DUMMY_TRAMPOLINE, pagesOf, STACK } from "../run/layout.js";
import { isSameUsage } from "../session/machines.js";
import { hasOwnText, machineFor, type Subject } from "../subject.js";
import { dummyTramp, JOURNAL, SEEN } from "./layout.js";

/** Frames of a machine of our own: a few packs, the heap and what runs need. */
const PHYSICAL_BYTES = 64 << 20;
/** What every run writes to. */
const WRITABLE: readonly Range[] = [STACK, JOURNAL, SEEN];

interface Kept {
  readonly machine: Machine;
  /** As it was made. */
  readonly baseline: Machine["usage"];
}
const kept = new WeakMap<Subject, Kept>();
/** Pages that were mapped for functions made by hand. */
const ownPages = new WeakMap<Machine, Set<Va>>();

/** Text outside of the packs, whose fetches are followed: writable where it is still to be made. A page may hold more than one thing. */
export function mapText(machine: Machine, range: Range, permission: "rw" | "rox" = "rox"): void {
  const { pageBytes } = machine;
  const { base, bytes } = pagesOf(range, pageBytes);
  const pages = ownPages.get(machine) ?? new Set();
  ownPages.set(machine, pages);
  for (let page = base; page < base + bytes; page += pageBytes) {
    if (machine.mapping(page) !== undefined) continue;
    machine.map(page, pageBytes, permission, true);
    pages.add(page);
  }
}

/** Where each image has pages of its own. */
export function pagesFor(machine: Machine, bytes: number): RoAddr {
  const va = machine.vmalloc(bytes)!;
  const size = Math.ceil(bytes / machine.pageBytes) * machine.pageBytes;
  machine.setPermission(va, size, "rox");
  machine.invalidateTlb(va, size);
  return va as RoAddr;
}

/** With the stack, the journal and the stub that patch sites lead to. Nothing of an earlier setup is there any more. */
export function clearMachine(subject: Subject, engine: Engine, bti: boolean): Machine {
  const known = kept.get(subject);
  const machine = known !== undefined && isCleared(known, subject) ? known.machine : newMachine(subject, engine);
  const { pageBytes } = machine;
  for (const range of WRITABLE) {
    const { base, bytes } = pagesOf(range, pageBytes);
    for (let page = base; page < base + bytes; page += pageBytes) machine.mapping(page)!.frame.bytes.fill(POISON);
  }
  // A kernel image has its own.
  if (!hasOwnText(subject)) machine.poke(DUMMY_TRAMPOLINE, dummyTramp(bti));
  return machine;
}

/** @returns false if something is left on it that cannot be given back; who takes long to make another uses it all the same. */
function isCleared({ machine, baseline }: Kept, subject: Subject): boolean {
  const { pageBytes } = machine;
  machine.scrub();
  machine.failures.clear();
  machine.cpu = 0;
  for (const page of ownPages.get(machine) ?? []) {
    if (machine.mapping(page) === undefined) continue;
    machine.unmap(page, pageBytes);
    machine.invalidateTlb(page, pageBytes);
  }
  ownPages.delete(machine);
  return subject.machine !== undefined || isSameUsage(machine.usage, baseline);
}

function newMachine(subject: Subject, engine: Engine): Machine {
  const own = subject.machine === undefined ? { physical: engine.physical?.(PHYSICAL_BYTES) } : {};
  const machine = machineFor(subject, own);
  for (const range of WRITABLE) {
    const { base, bytes } = pagesOf(range, machine.pageBytes);
    machine.map(base, bytes, "rw");
  }
  if (!hasOwnText(subject)) {
    const { base, bytes } = pagesOf({ base: DUMMY_TRAMPOLINE, bytes: dummyTramp(false).length }, machine.pageBytes);
    machine.map(base, bytes, "rox");
  }
  kept.set(subject, { machine, baseline: machine.usage });
  return machine;
}
