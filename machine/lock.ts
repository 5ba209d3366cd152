// The three locks of the text-poke and pack code. One thread simulates all CPUs, so a lock that is not free can only be a
// mistake; what the machine checks is the discipline around it.

import { type LockName, lockEvent, type MachineEvent } from "./event.js";
import { KernelFault } from "./fault.js";

/** `spinIrq`: taken with interrupts off, nothing may sleep under it. `mutex`: taken where sleeping is allowed. */
type LockKind = "spinIrq" | "mutex";

/** What a lock needs of the machine that it belongs to. */
interface Processors {
  readonly cpu: number;
  readonly onEvent: ((event: MachineEvent) => void) | undefined;
  mightSleep(what: string): void;
  disableIrqs(): void;
  enableIrqs(): void;
}

export class Lock {
  /** The CPU that holds it. */
  holder: number | undefined;

  constructor(
    private readonly machine: Processors,
    readonly name: LockName,
    readonly kind: LockKind,
  ) {}

  /** Do something under the lock; released however it ends. */
  hold<T>(action: () => T): T {
    this.acquire();
    try {
      return action();
    } finally {
      this.release();
    }
  }

  /** For code that relies on its caller's lock. */
  assertHeld(): void {
    const { cpu } = this.machine;
    if (this.holder !== cpu) throw new KernelFault("badLock", 0, `CPU ${cpu} must hold ${this.name} here`);
  }

  acquire(): void {
    const { machine, name } = this;
    if (this.holder !== undefined) {
      throw new KernelFault("badLock", 0, `CPU ${machine.cpu} takes ${name}, which CPU ${this.holder} holds`);
    }
    if (this.kind === "mutex") machine.mightSleep(name);
    else machine.disableIrqs();
    this.holder = machine.cpu;
    machine.onEvent?.(lockEvent("lock", machine.cpu, name));
  }

  release(): void {
    const { machine, name } = this;
    if (this.holder !== machine.cpu) {
      throw new KernelFault("badLock", 0, `CPU ${machine.cpu} releases ${name}, held by ${this.holder ?? "nobody"}`);
    }
    this.holder = undefined;
    if (this.kind === "spinIrq") machine.enableIrqs();
    machine.onEvent?.(lockEvent("unlock", machine.cpu, name));
  }
}
