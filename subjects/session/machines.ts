// Machines to run histories on. Making one takes as long as several steps, so those that were left as they came are used
// again; one on which something was found is thrown away.

import type { Machine, MachineOptions } from "../../machine/machine.js";
import type { HistoryOptions } from "../action.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../run/layout.js";
import { RunMemory } from "../run/run-memory.js";
import { DEFAULT_ENV, hasOwnText, machineFor, type Subject } from "../subject.js";
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
  /** For programs with a context and maps. */
  readonly memory: RunMemory;
}

const idle = new Map<string, PlacedMachine[]>();
const MOST_IDLE = 4;
/** A branch reaches 128 MiB. */
const BEYOND_BRANCHES = 144 << 20;

const keyOf = ({ name }: Subject, { pageBytes, cpus, gapAfter }: MachineKind): string =>
  `${name} ${pageBytes} ${cpus} ${gapAfter}`;

export function takeMachine(subject: Subject, kind: MachineKind): PlacedMachine {
  const used = idle.get(keyOf(subject, kind))?.pop();
  if (used !== undefined) return used;
  const { pageBytes, cpus, gapAfter } = kind;
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  return placed(subject, { pageBytes, cpus, vmallocGap });
}

/** A machine with what every run needs. */
export function placed(subject: Pick<Subject, "build" | "machine">, options: MachineOptions): PlacedMachine {
  const machine = machineFor(subject, options);
  const { pageBytes } = machine;
  const { callBase, offsets } = subject.build ?? { ...DEFAULT_ENV, callBase: CALL_BASE };
  const memory = new RunMemory(machine, offsets, callBase);
  if (hasOwnText(subject)) return { machine, memory };
  machine.map(DUMMY_TRAMPOLINE - (DUMMY_TRAMPOLINE % pageBytes), pageBytes, "rox");
  machine.poke(DUMMY_TRAMPOLINE, dummyTramp(false));
  return { machine, memory };
}

/**
 * One that is not as it came, or has a lock held or a translation left, is not kept, unless it takes long to make another.
 *
 * @param isClean everything else on it is freed
 */
export function giveMachine(subject: Subject, used: PlacedMachine, kind: MachineKind, isClean: boolean): void {
  const { machine } = used;
  if (subject.machine !== undefined) machine.scrub();
  else if (!isClean) return;
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  if (locks.some(({ holder }) => holder !== undefined) || machine.staleTranslations.length > 0) return;
  const key = keyOf(subject, kind);
  const machines = idle.get(key) ?? [];
  idle.set(key, machines);
  if (machines.length >= MOST_IDLE) return;
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  machines.push(used);
}

export const isSameUsage = (a: Machine["usage"], b: Machine["usage"]): boolean =>
  a.areas === b.areas && a.heapObjects === b.heapObjects && a.frames === b.frames;
