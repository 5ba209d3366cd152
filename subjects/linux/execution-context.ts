// What a CPU runs in: with interrupts masked, preemption off, inside an RCU read section or not. A function that is called from
// outside leaves all of it as it was, and nothing sleeps in any of it.

import type { CpuState } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { BootedKernel } from "./booted-kernel.js";

/** PSTATE.I, as MRS DAIF shows it. */
const IRQS_MASKED = 0x80n;

/** What a task counts, by member of its structure; kernels count some of them only. */
const COUNTS = [
  { name: "preemption off", members: ["thread_info.preempt.count"] },
  { name: "an RCU read section open", members: ["rcu_read_lock_nesting"] },
];

interface Context {
  readonly isMasked: boolean;
  readonly counts: readonly number[];
}

export class ExecutionContext {
  private readonly counted: readonly { readonly name: string; readonly va: Va }[];
  /** Of the call from outside that is in progress. */
  private outside: Context;

  constructor(
    private readonly kernel: BootedKernel,
    private readonly state: Pick<CpuState, "system">,
  ) {
    const task = kernel.image.types.struct("task_struct");
    this.counted = COUNTS.flatMap(({ name, members }) => {
      const member = members.flatMap((path) => task?.member(path) ?? [])[0];
      return member === undefined ? [] : [{ name, va: kernel.task + member.bit / 8 }];
    });
    this.outside = this.read();
  }

  /** A function is called. @returns what was outside until then, for `leave` */
  enter(): Context {
    const before = this.outside;
    this.outside = this.read();
    return before;
  }

  leave(before: Context): void {
    this.outside = before;
  }

  /** What is not as it was when the function was called that returns now. */
  changed(): string | undefined {
    const { outside } = this;
    const now = this.read();
    if (now.isMasked !== outside.isMasked) return `interrupts ${now.isMasked ? "masked" : "let through"}`;
    const index = now.counts.findIndex((count, i) => count !== outside.counts[i]);
    if (index < 0) return undefined;
    return `${this.counted[index]!.name}: ${now.counts[index]}, and ${outside.counts[index]} when it was called`;
  }

  /** Why nothing may sleep here; undefined where it may. */
  whyNoSleep(): string | undefined {
    const { outside } = this;
    const { isMasked, counts } = this.read();
    if (isMasked && !outside.isMasked) return "interrupts are off";
    const { locks, machine } = this.kernel;
    const spinlock = locks.spinning(machine.cpu);
    if (spinlock !== undefined) return `under ${spinlock}`;
    const index = counts.findIndex((count, i) => count > outside.counts[i]!);
    return index < 0 ? undefined : `with ${this.counted[index]!.name}`;
  }

  private read(): Context {
    const { kernel, state } = this;
    const counts = this.counted.map(({ va }) => kernel.machine.peek32(va) | 0);
    return { isMasked: (state.system.daif & IRQS_MASKED) !== 0n, counts };
  }
}

/** Registers that a nested call leaves as it found them. */
type Saved = Pick<CpuState, "sp" | "pc" | "nzcv" | "btype"> & { readonly x: BigUint64Array };

export const saved = ({ x, sp, pc, nzcv, btype }: CpuState): Saved => ({ x: x.slice(), sp, pc, nzcv, btype });

export function restore(state: CpuState, { x, sp, pc, nzcv, btype }: Saved): void {
  state.x.set(x);
  Object.assign(state, { sp, pc, nzcv, btype });
}
