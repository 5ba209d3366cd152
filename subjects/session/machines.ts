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
/** What a machine has touched of its share stays in the memory of the process. Twelve kinds are 99 of 100 in histories. */
const MOST_IDLE_SHARES = 12;

class Shares {
  /** Undefined before somebody asks: an engine makes much room for them. */
  private left: Uint8Array<ArrayBuffer>[] | undefined;
  /** Who has one and is idle, the one that has been so for longest first. */
  private readonly idle: { readonly machine: PlacedMachine; readonly discard: () => void }[] = [];

  constructor(private readonly engine: Engine) {}

  /** The one that was given back last; undefined if all have been taken, or if the engine has none. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    this.left ??= this.all().reverse();
    return this.left.pop();
  }

  private all(): Uint8Array<ArrayBuffer>[] {
    const memory = this.engine.physical?.(PHYSICAL_BYTES);
    if (memory === undefined) return [];
    const starts = Array.from({ length: PHYSICAL_BYTES / SHARE_BYTES }, (_, i) => i * SHARE_BYTES);
    return starts.map((from) => memory.subarray(from, from + SHARE_BYTES));
  }

  giveBack(share: Uint8Array<ArrayBuffer>): void {
    this.left?.push(share);
  }

  /** @param discard give the share of the machine back, which nobody has */
  rest(machine: PlacedMachine, discard: () => void): void {
    this.idle.push({ machine, discard });
    if (this.idle.length > MOST_IDLE_SHARES) this.idle.shift()!.discard();
  }

  /** Somebody has the machine again. */
  wake(machine: PlacedMachine): void {
    const at = this.idle.findIndex((one) => one.machine === machine);
    if (at >= 0) this.idle.splice(at, 1);
  }
}

const sharesOf = new WeakMap<Engine, Shares>();

export function takeMachine(subject: Subject, engine: Engine, kind: MachineKind): PlacedMachine {
  const { pageBytes, cpus, gapAfter } = kind;
  const key = `${subject.name} ${engine.name} ${pageBytes} ${cpus} ${gapAfter}`;
  const maker = subject.machine ?? ANY_MACHINE;
  const kinds = idle.get(maker) ?? new Map<string, PlacedMachine[]>();
  idle.set(maker, kinds);
  const machines = kinds.get(key) ?? [];
  kinds.set(key, machines);
  const shares = sharesOf.get(engine) ?? new Shares(engine);
  sharesOf.set(engine, shares);
  const used = machines.pop();
  if (used !== undefined) {
    shares.wake(used);
    return used;
  }
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  const options = { pageBytes, cpus, vmallocGap };
  const physical = subject.machine === undefined ? shares.take() : undefined;
  const { machine, memory } = placed(
    subject,
    physical === undefined ? options : { pageBytes, cpus, vmallocGap, physical, spills: true },
  );
  const taken: PlacedMachine = {
    machine,
    memory,
    giveBack(isClean) {
      if (machines.length >= MOST_IDLE || !isFit(subject, machine, isClean)) {
        if (physical !== undefined) shares.giveBack(physical);
        return;
      }
      machines.push(taken);
      if (physical === undefined) return;
      shares.rest(taken, () => {
        machines.splice(machines.indexOf(taken), 1);
        shares.giveBack(physical);
      });
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
