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
interface MachineKind {
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
  /**
   * The session is over: others may have the machine. Absent: it is the owner's.
   *
   * @param isClean everything else on it is freed
   */
  readonly giveBack?: (isClean: boolean) => void;
}

/** By what makes the machines of a subject, which may place text there, and by what makes them differ. */
const idle = new WeakMap<object, Map<string, PlacedMachine[]>>();
/** In place of what makes the machines of subjects that bring no text. */
const ANY_MACHINE = {};
const MOST_IDLE = 4;
/** A branch reaches 128 MiB. */
const BEYOND_BRANCHES = 144 << 20;

/** What an engine reaches without copies is shared out among the machines of one engine: most need little of it. */
const PHYSICAL_BYTES = 24 << 24;
const SHARE_BYTES = 1 << 24;
const shares = new WeakMap<Engine, Uint8Array<ArrayBuffer>[]>();

/** Undefined if all have been taken, or if the engine has none. */
function takeShare(engine: Engine): Uint8Array<ArrayBuffer> | undefined {
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

export function takeMachine(subject: Subject, engine: Engine, kind: MachineKind): PlacedMachine {
  const { pageBytes, cpus, gapAfter } = kind;
  const key = `${subject.name} ${engine.name} ${pageBytes} ${cpus} ${gapAfter}`;
  const maker = subject.machine ?? ANY_MACHINE;
  const kinds = idle.get(maker) ?? new Map<string, PlacedMachine[]>();
  idle.set(maker, kinds);
  const machines = kinds.get(key) ?? [];
  kinds.set(key, machines);
  const used = machines.pop();
  if (used !== undefined) return used;
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  const options = { pageBytes, cpus, vmallocGap };
  const physical = subject.machine === undefined ? takeShare(engine) : undefined;
  const made = placed(subject, physical === undefined ? options : { ...options, physical, spills: true });
  const taken: PlacedMachine = {
    ...made,
    giveBack(isClean) {
      if (machines.length < MOST_IDLE && isFit(subject, made.machine, isClean)) machines.push(taken);
      else if (physical !== undefined) shares.get(engine)?.push(physical);
    },
  };
  return taken;
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

/** One that is not as it came, or has a lock held or a translation left, is not used again, unless it takes long to make another. */
function isFit(subject: Subject, machine: Machine, isClean: boolean): boolean {
  if (subject.machine !== undefined) machine.scrub();
  else if (!isClean) return false;
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  if (locks.some(({ holder }) => holder !== undefined) || machine.staleTranslations.length > 0) return false;
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  return true;
}

export const isSameUsage = (a: Machine["usage"], b: Machine["usage"]): boolean =>
  a.areas === b.areas && a.heapObjects === b.heapObjects && a.frames === b.frames;
