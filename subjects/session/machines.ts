// Machines to play histories on. Making one takes as long as several steps, so those that were left as they came are used
// again; one on which something was found is thrown away.

import { DEFAULT_ENV } from "../../impl/jit/env.js";
import { Machine, type MachineOptions } from "../../machine/machine.js";
import { DUMMY_TRAMPOLINE, PAGE_BYTES, STACK } from "../run/layout.js";
import { Stage } from "../run/run-memory.js";
import { dummyTramp } from "../trampoline/function.js";

type PageBytes = NonNullable<MachineOptions["pageBytes"]>;

const stages = new WeakMap<Machine, Stage>();
const idle = new Map<string, Machine[]>();
const MOST_IDLE = 4;
/** A branch reaches 128 MiB. */
const BEYOND_BRANCHES = 144 << 20;

/** What makes machines differ. `gapAfter`: bytes of the module area behind which the rest of it is out of reach. */
export interface MachineKind {
  readonly pageBytes: PageBytes;
  readonly cpus: number;
  readonly gapAfter: number | undefined;
}

const keyOf = ({ pageBytes, cpus, gapAfter }: MachineKind): string => `${pageBytes} ${cpus} ${gapAfter}`;

/** A machine with nothing on it but a stack and the code that patch sites lead to when nothing is attached. */
export function takeMachine(kind: MachineKind): Machine {
  const used = idle.get(keyOf(kind))?.pop();
  if (used !== undefined) return used;
  const { pageBytes, cpus, gapAfter } = kind;
  const vmallocGap = gapAfter === undefined ? undefined : { after: gapAfter, bytes: BEYOND_BRANCHES };
  const machine = new Machine({ pageBytes, cpus, vmallocGap });
  // The stage, which is for pages of 4 KiB, maps the stack itself.
  if (pageBytes === PAGE_BYTES) stages.set(machine, new Stage(machine, DEFAULT_ENV.offsets));
  else machine.map(STACK.base, Math.ceil(STACK.bytes / pageBytes) * pageBytes, "rw");
  machine.map(DUMMY_TRAMPOLINE - (DUMMY_TRAMPOLINE % pageBytes), pageBytes, "rox");
  machine.poke(DUMMY_TRAMPOLINE, dummyTramp());
  return machine;
}

/** @throws RangeError for a machine with other pages: a slip of the caller's */
export function stageOf(machine: Machine): Stage {
  const stage = stages.get(machine);
  if (stage === undefined) throw new RangeError(`no stage in pages of ${machine.pageBytes} bytes`);
  return stage;
}

/** @param machine everything else on it is freed. One with a lock held or a translation left is not kept. */
export function giveMachine(machine: Machine, kind: MachineKind): void {
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  if (locks.some(({ holder }) => holder !== undefined) || machine.staleTranslations.length > 0) return;
  const key = keyOf(kind);
  const machines = idle.get(key) ?? [];
  idle.set(key, machines);
  if (machines.length >= MOST_IDLE) return;
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  machines.push(machine);
}
