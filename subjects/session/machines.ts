// Machines to play histories on. Making one takes as long as several steps, so those that were left as they came are used
// again; one on which something was found is thrown away.

import { Machine, type MachineOptions } from "../../machine/machine.js";
import type { HistoryOptions } from "../action.js";
import { DUMMY_TRAMPOLINE, PAGE_BYTES, STACK } from "../run/layout.js";
import { RunMemory } from "../run/run-memory.js";
import { DEFAULT_ENV } from "../subject.js";
import { dummyTramp } from "../trampoline/layout.js";

/** What makes machines differ. `gapAfter`: bytes of the module area behind which the rest of it is out of reach. */
export interface MachineKind {
  readonly pageBytes: NonNullable<MachineOptions["pageBytes"]>;
  readonly cpus: number;
  readonly gapAfter: number | undefined;
}

export function machineKindOf({ pageBytes, cpus, packBytes, packsBeyondBranchRange }: HistoryOptions): MachineKind {
  const onePack = Math.ceil(packBytes / pageBytes) * pageBytes;
  return { pageBytes, cpus, gapAfter: packsBeyondBranchRange ? onePack + pageBytes : undefined };
}

/** A machine with nothing on it but a stack and the code that patch sites lead to when nothing is attached. */
export interface PlacedMachine {
  readonly machine: Machine;
  /** For programs with a context and maps. Undefined where pages are larger than 4 KiB: there are none then. */
  readonly memory: RunMemory | undefined;
}

const idle = new Map<string, PlacedMachine[]>();
const MOST_IDLE = 4;
/** A branch reaches 128 MiB. */
const BEYOND_BRANCHES = 144 << 20;

const keyOf = ({ pageBytes, cpus, gapAfter }: MachineKind): string => `${pageBytes} ${cpus} ${gapAfter}`;

export function takeMachine(kind: MachineKind): PlacedMachine {
  const used = idle.get(keyOf(kind))?.pop();
  if (used !== undefined) return used;
  const { pageBytes, cpus, gapAfter } = kind;
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  return placed(new Machine({ pageBytes, cpus, vmallocGap }));
}

/** A machine with what every run needs. */
export function placed(machine: Machine): PlacedMachine {
  const { pageBytes } = machine;
  // Memory of runs is for pages of 4 KiB, and maps the stack itself.
  const memory = pageBytes === PAGE_BYTES ? new RunMemory(machine, DEFAULT_ENV.offsets) : undefined;
  if (memory === undefined) machine.map(STACK.base, Math.ceil(STACK.bytes / pageBytes) * pageBytes, "rw");
  machine.map(DUMMY_TRAMPOLINE - (DUMMY_TRAMPOLINE % pageBytes), pageBytes, "rox");
  machine.poke(DUMMY_TRAMPOLINE, dummyTramp());
  return { machine, memory };
}

/** @param used everything else on it is freed. One with a lock held or a translation left is not kept. */
export function giveMachine(used: PlacedMachine, kind: MachineKind): void {
  const { machine } = used;
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  if (locks.some(({ holder }) => holder !== undefined) || machine.staleTranslations.length > 0) return;
  const key = keyOf(kind);
  const machines = idle.get(key) ?? [];
  idle.set(key, machines);
  if (machines.length >= MOST_IDLE) return;
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  machines.push(used);
}
