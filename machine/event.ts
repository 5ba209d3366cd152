// What the machine does, as a stream of small values. Oracles read a recorded log; a scheduler gets the same events one
// by one and may run another CPU in between. With no listener nothing is built at all.

import type { Va } from "./address.js";
import type { Permission } from "./page-table.js";

export type LockName = "patchLock" | "packMutex" | "textMutex";
/** `vmalloc`: whole pages of the module area. `kvmalloc`: kernel heap. */
type Area = "vmalloc" | "kvmalloc";

export type MachineEvent =
  /** Bytes stored by kernel code through this address. `from`: of a copy, where they were read. */
  | { readonly kind: "write"; readonly cpu: number; readonly va: Va; readonly bytes: number; readonly from?: Va }
  /** Data cache cleaned to the point of unification. */
  | { readonly kind: "clean"; readonly cpu: number; readonly va: Va; readonly bytes: number }
  /** Instruction cache invalidated, for all CPUs. */
  | { readonly kind: "invalidate"; readonly cpu: number; readonly va: Va; readonly bytes: number }
  /** One whole `flushIcacheRange`: precedes its clean, invalidate and ipi. */
  | { readonly kind: "flush"; readonly cpu: number; readonly va: Va; readonly bytes: number }
  /** That CPU discarded what it had fetched ahead. */
  | { readonly kind: "contextSync"; readonly cpu: number }
  /** Every other CPU is interrupted; their `contextSync` events follow. */
  | { readonly kind: "ipi"; readonly cpu: number }
  | { readonly kind: "invalidateTlb"; readonly cpu: number; readonly va: Va; readonly bytes: number }
  | {
      readonly kind: "map" | "setPermission";
      readonly cpu: number;
      readonly va: Va;
      readonly bytes: number;
      readonly permission: Permission;
    }
  | { readonly kind: "unmap"; readonly cpu: number; readonly va: Va; readonly bytes: number }
  | {
      readonly kind: "alloc" | "free";
      readonly cpu: number;
      readonly area: Area;
      readonly va: Va;
      readonly bytes: number;
    }
  /** That CPU has come to a meeting of all of them, and leaves it. */
  | { readonly kind: "stopped" | "resumed"; readonly cpu: number }
  | { readonly kind: "lock" | "unlock"; readonly cpu: number; readonly lock: LockName }
  /** A call that was told to fail. */
  | { readonly kind: "refused"; readonly cpu: number; readonly step: FailingStep };

/** Steps that can be told to fail. `progAlloc`: memory for a program itself or a part of it, which the verifier asks for, and not the JIT. */
export type FailingStep = "vmalloc" | "kvmalloc" | "setPermission" | "copy" | "poke" | "progAlloc";

export type EventListener = (event: MachineEvent) => void;

type RangeKind = "write" | "clean" | "invalidate" | "flush" | "invalidateTlb" | "unmap";

/** A field that an event of that kind does not have. */
const none = undefined;

/*
 * All events have all fields, in one order. Whoever goes through the events of a step asks each for its kind, and the engine
 * that runs us finds a field at once only in objects of one shape.
 */

/** @param from of a copy, where the bytes were read */
export const rangeEvent = (kind: RangeKind, cpu: number, va: Va, bytes: number, from?: Va): MachineEvent =>
  ({ kind, cpu, va, bytes, from, permission: none, area: none, lock: none, step: none }) as MachineEvent;

export const mappingEvent = (
  kind: "map" | "setPermission",
  cpu: number,
  va: Va,
  bytes: number,
  permission: Permission,
): MachineEvent =>
  ({ kind, cpu, va, bytes, from: none, permission, area: none, lock: none, step: none }) as MachineEvent;

export const areaEvent = (kind: "alloc" | "free", cpu: number, area: Area, va: Va, bytes: number): MachineEvent =>
  ({ kind, cpu, va, bytes, from: none, permission: none, area, lock: none, step: none }) as MachineEvent;

export const lockEvent = (kind: "lock" | "unlock", cpu: number, lock: LockName): MachineEvent =>
  ({ kind, cpu, va: none, bytes: none, from: none, permission: none, area: none, lock, step: none }) as MachineEvent;

export const cpuEvent = (kind: "contextSync" | "ipi" | "stopped" | "resumed", cpu: number): MachineEvent =>
  ({
    kind,
    cpu,
    va: none,
    bytes: none,
    from: none,
    permission: none,
    area: none,
    lock: none,
    step: none,
  }) as MachineEvent;

export const refusedEvent = (cpu: number, step: FailingStep): MachineEvent =>
  ({
    kind: "refused",
    cpu,
    va: none,
    bytes: none,
    from: none,
    permission: none,
    area: none,
    lock: none,
    step,
  }) as MachineEvent;

/** Whether it is about a range of addresses. */
export const hasRange = <E extends { readonly cpu: number }>(event: E): event is Extract<E, { readonly va: Va }> =>
  "va" in event && event.va !== undefined;

/** A listener that keeps the last `capacity` events in order. */
export class EventLog {
  private readonly ring: MachineEvent[] = [];
  private next = 0;

  constructor(private readonly capacity = 65_536) {}

  readonly listener: EventListener = (event) => {
    this.ring[this.next % this.capacity] = event;
    this.next++;
  };

  /** Oldest first. */
  events(): readonly MachineEvent[] {
    const split = this.next % this.capacity;
    return this.next <= this.capacity ? this.ring.slice() : [...this.ring.slice(split), ...this.ring.slice(0, split)];
  }

  /** How many events were overwritten. An oracle that needs the whole story must see 0 here. */
  get lost(): number {
    return Math.max(0, this.next - this.capacity);
  }

  clear(): void {
    this.ring.length = 0;
    this.next = 0;
  }
}
