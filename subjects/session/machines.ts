// Machines to run histories on. Making one takes as long as several steps, so those that were left as they came are used
// again; one on which something was found is thrown away.

import type { Engine } from "../../engines/engine.js";
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
  /** What its frames are cut from first. */
  readonly physical?: Physical;
}
type Physical = Uint8Array<ArrayBuffer> | undefined;

const idle = new Map<string, PlacedMachine[]>();
const MOST_IDLE = 4;
/** A branch reaches 128 MiB. */
const BEYOND_BRANCHES = 144 << 20;

/** What an engine reaches without copies is shared out among the machines of one engine: most need little of it. */
const PHYSICAL_BYTES = 24 << 24;
const SHARE_BYTES = 1 << 24;
const shares = new Map<Engine, NonNullable<Physical>[]>();

/** Undefined if all have been taken, or if the engine has none. */
function takeShare(engine: Engine): Physical {
  let left = shares.get(engine);
  if (left === undefined) {
    const all = engine.physical?.(PHYSICAL_BYTES);
    const starts = Array.from(
      { length: all === undefined ? 0 : PHYSICAL_BYTES / SHARE_BYTES },
      (_, i) => i * SHARE_BYTES,
    );
    left = starts.map((from) => all!.subarray(from, from + SHARE_BYTES)).reverse();
    shares.set(engine, left);
  }
  return left.pop();
}

const keyOf = ({ name }: Subject, engine: Engine, { pageBytes, cpus, gapAfter }: MachineKind): string =>
  `${name} ${engine.name} ${pageBytes} ${cpus} ${gapAfter}`;

export function takeMachine(subject: Subject, engine: Engine, kind: MachineKind): PlacedMachine {
  const used = idle.get(keyOf(subject, engine, kind))?.pop();
  if (used !== undefined) return used;
  const { pageBytes, cpus, gapAfter } = kind;
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  const options = { pageBytes, cpus, vmallocGap };
  if (subject.machine !== undefined) return placed(subject, options);
  const physical = takeShare(engine);
  return { ...placed(subject, { ...options, physical, spills: true }), physical };
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
export function giveMachine(
  subject: Subject,
  engine: Engine,
  used: PlacedMachine,
  kind: MachineKind,
  isClean: boolean,
): void {
  const { machine, physical } = used;
  if (subject.machine !== undefined) machine.scrub();
  const key = keyOf(subject, engine, kind);
  const machines = idle.get(key) ?? [];
  idle.set(key, machines);
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  const isLocked = locks.some(({ holder }) => holder !== undefined);
  const isLeft = subject.machine === undefined && !isClean;
  if (isLeft || isLocked || machine.staleTranslations.length > 0 || machines.length >= MOST_IDLE) {
    if (physical !== undefined) shares.get(engine)?.push(physical);
    return;
  }
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  machines.push(used);
}

export const isSameUsage = (a: Machine["usage"], b: Machine["usage"]): boolean =>
  a.areas === b.areas && a.heapObjects === b.heapObjects && a.frames === b.frames;
