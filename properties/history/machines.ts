// Machines to play histories on. Making one takes as long as several steps, so those that were left as they came are used
// again; one on which something was found is thrown away.

import { Machine, type MachineOptions } from "../../machine/machine.js";
import { STACK } from "../layout.js";

type PageBytes = NonNullable<MachineOptions["pageBytes"]>;

const idle = new Map<string, Machine[]>();
const MOST_IDLE = 4;

const keyOf = (pageBytes: number, cpus: number): string => `${pageBytes} ${cpus}`;

/** A machine with nothing but a stack on it. */
export function takeMachine(pageBytes: PageBytes, cpus: number): Machine {
  const used = idle.get(keyOf(pageBytes, cpus))?.pop();
  if (used !== undefined) return used;
  const machine = new Machine({ pageBytes, cpus });
  machine.map(STACK.base, Math.ceil(STACK.bytes / pageBytes) * pageBytes, "rw");
  return machine;
}

/** @param machine everything on it but the stack is freed. One with a lock held or a translation left is not kept. */
export function giveMachine(machine: Machine): void {
  const locks = [machine.patchLock, machine.packMutex, machine.textMutex];
  if (locks.some(({ holder }) => holder !== undefined) || machine.staleTranslations.length > 0) return;
  const key = keyOf(machine.pageBytes, machine.cpus);
  const machines = idle.get(key) ?? [];
  idle.set(key, machines);
  if (machines.length >= MOST_IDLE) return;
  machine.cpu = 0;
  machine.onEvent = undefined;
  machine.failures.clear();
  machines.push(machine);
}
