// A history on one kernel: its actions, resolved against the programs that live, with failures and with runs of other CPUs
// between two events of a step.

import type { Action, ConcurrentRun, Disturbance } from "../action.js";
import type { Step, StepResult } from "../step.js";
import { prepared } from "./prepared.js";
import { Session } from "./session.js";

/** What is drawn for where an image starts, at most as much as there is room for. */
const HOLES = [0, 8, 16, 24, 32, 40, Number.POSITIVE_INFINITY];

/** Actions that are steps. */
type StepAction = Exclude<Action, { kind: "cpu" }>;
const UNDISTURBED: Disturbance = { fails: [], others: [] };

export class HistorySession extends Session {
  /** Perform an action; undefined if it is a no-op: it names no live program. */
  step(action: Action): Step | undefined {
    if (action.kind === "cpu") {
      this.machine.cpu = action.cpu % this.machine.cpus;
      return undefined;
    }
    const perform = this.resolve(action);
    if (perform === undefined) return undefined;
    const { fails, others } = action.kind === "run" ? UNDISTURBED : action;
    const isBusy = action.kind === "load" || action.kind === "free";
    const isRun = action.kind === "run";
    return this.record(perform, { isRun, fails, between: this.concurrent(others, isBusy ? action.id : undefined) });
  }

  /** Resolve an action against the live programs; undefined if it is a no-op. */
  private resolve(action: StepAction): (() => StepResult) | undefined {
    const target = this.live.get(action.id);
    if (action.kind === "load") {
      if (target !== undefined) return undefined;
      const hole = HOLES[action.id % HOLES.length]!;
      return () => this.load(action.id, prepared(this.subject, action.program), { hole, blind: false });
    }
    if (target === undefined) return undefined;
    switch (action.kind) {
      case "free":
        return () => this.free(target);
      case "run":
        return () => this.run(1, () => this.executor.run(target, action.cpu % this.machine.cpus, undefined));
      case "attach": {
        const plan = this.attachments.plan(target, action.programs, this.live);
        return plan && (() => this.attach(target, plan));
      }
      case "detach":
        return this.tramps.has(target.id) ? () => this.detach(target) : undefined;
      default:
        return action satisfies never;
    }
  }

  /** Other CPUs run what lives, but never what is just being loaded or freed. */
  private concurrent(others: readonly ConcurrentRun[], busy: number | undefined): ((at: number) => void) | undefined {
    const runs = others.filter(({ id }) => id !== busy && this.live.has(id));
    if (runs.length === 0) return undefined;
    return (at) => {
      for (const run of runs) {
        if (run.at !== undefined && run.at !== at) continue;
        const live = this.live.get(run.id)!;
        const { cpu, cpus } = this.machine;
        const other = run.cpu % cpus;
        this.ran(this.executor.run(live, other === cpu ? (other + 1) % cpus : other, at));
      }
    };
  }
}
