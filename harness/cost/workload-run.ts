// A workload step by step on whatever it runs on: which programs live, which of them are traced, and what is wrong with a
// step that does not fit.

import type { Draw } from "../../subjects/random/draw.js";
import { type BadInput, refuse } from "../bad-input.js";
import type { Workload, WorkStep } from "./workload.js";

/** The workload is at fault: it frees or attaches what is not there, or a program is refused. */
export class WorkloadFault extends Error {}

/** A fault as what is said of bad input; anything else that was thrown is thrown on. */
export function refuseFault({ name }: Workload, error: unknown): { readonly ok: false; readonly error: BadInput } {
  if (!(error instanceof WorkloadFault)) throw error;
  const expected = "loads, frees and attaches that fit together";
  return refuse({ subject: name, expected, got: error.message, next: "correct the workload" });
}

type LoadStep = Extract<WorkStep, { kind: "load" }>;

/** What a workload runs on. */
export interface WorkloadTarget<Program> {
  /** @throws WorkloadFault if it is not loaded. */
  load(step: LoadStep): Program;
  free(program: Program): void;
  /** In place of what is attached already. @throws WorkloadFault if that is refused. */
  attach(target: Program, programs: readonly Program[]): void;
  detach(target: Program): void;
}

export class WorkloadRun<Program> {
  readonly live = new Map<string, Program>();
  private readonly traced = new Set<string>();

  constructor(
    private readonly target: WorkloadTarget<Program>,
    private readonly draw: Draw,
  ) {}

  /** @throws WorkloadFault */
  step(step: WorkStep): void {
    const { target, live, traced } = this;
    switch (step.kind) {
      case "load":
        if (live.has(step.name)) throw new WorkloadFault(`${step.name} is loaded, but it is there already`);
        live.set(step.name, target.load(step));
        break;
      case "free":
        this.free(step.name ?? this.anyName());
        break;
      case "attach":
        target.attach(
          this.program(step.name),
          step.programs.map((name) => this.program(name)),
        );
        traced.add(step.name);
        break;
      case "detach": {
        const program = this.program(step.name);
        if (!traced.delete(step.name)) {
          throw new WorkloadFault(`${step.name} is detached, but nothing is attached to it`);
        }
        target.detach(program);
        break;
      }
      default:
        step satisfies never;
    }
  }

  private free(name: string): void {
    const program = this.program(name);
    if (this.traced.has(name)) throw new WorkloadFault(`${name} is freed, but something is attached to it`);
    this.live.delete(name);
    this.target.free(program);
  }

  private program(name: string): Program {
    const program = this.live.get(name);
    if (program === undefined) throw new WorkloadFault(`${name} is used, but it is not there`);
    return program;
  }

  private anyName(): string {
    const names = [...this.live.keys()].filter((name) => !this.traced.has(name));
    if (names.length === 0) throw new WorkloadFault("`free any`, but there is no program that could be freed");
    return this.draw.pick(names);
  }
}
