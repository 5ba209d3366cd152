// A workload is run on a kernel that is up.

import assert from "node:assert/strict";
import type { RoAddr } from "../../machine/address.js";
import {
  describeLoadError,
  type LoadedProgram,
  type SubjectKernel,
  type SubjectTrampolines,
  type TrampLink,
  type TrampolineView,
  type TrampRequest,
  trampFlags,
} from "../../subjects/subject.js";
import { progObject, textOf } from "../../subjects/trampoline/kernel-text.js";
import { WORD } from "../../subjects/trampoline/setup.js";
import type { Counter } from "./counts.js";
import type { Programs } from "./programs.js";
import type { WorkStep } from "./workload.js";
import { WorkloadFault, type WorkloadTarget } from "./workload-run.js";

export class KernelTarget implements WorkloadTarget<LoadedProgram> {
  private readonly traced = new Map<RoAddr, TrampolineView>();
  private readonly trampolines: SubjectTrampolines;

  constructor(
    private readonly kernel: SubjectKernel,
    private readonly programs: Programs,
    private readonly counter?: Pick<Counter, "add">,
  ) {
    this.trampolines = kernel.trampolines(textOf(false));
  }

  load({ name, slots, contents }: Extract<WorkStep, { kind: "load" }>): LoadedProgram {
    const result = this.kernel.loadProgram([this.programs.make(slots, contents)]);
    if (!result.ok) throw new WorkloadFault(`${name} is not loaded: ${describeLoadError(result.error)}`);
    this.counter?.add("loads");
    this.counter?.add("instructions", slots);
    const { bpfFunc, functions } = result.program;
    this.trampolines.symbols.add({ start: bpfFunc, bytes: functions[0]!.jitedLen });
    return result.program;
  }

  free(program: LoadedProgram): void {
    this.trampolines.symbols.remove(program.bpfFunc);
    this.kernel.freeProgram(program);
  }

  attach({ bpfFunc: func }: LoadedProgram, programs: readonly LoadedProgram[]): void {
    const view = this.traced.get(func) ?? { func, curImage: undefined };
    const called = programs.map(({ bpfFunc }) => bpfFunc);
    const error = this.trampolines.bpfTrampolineUpdate(view, requestOf(func, called));
    if (error !== 0) throw new WorkloadFault(`a trampoline for ${programs.length} programs is refused: ${error}`);
    this.traced.set(func, view);
  }

  detach({ bpfFunc }: LoadedProgram): void {
    const error = this.trampolines.bpfTrampolineUpdate(this.traced.get(bpfFunc)!, undefined);
    assert(error === 0, `a trampoline is not detached: ${error}`);
    this.traced.delete(bpfFunc);
  }
}

/** A trampoline that calls these programs before it enters `func`, which has one argument. */
export function requestOf(func: RoAddr, programs: readonly RoAddr[]): TrampRequest {
  const links = { fentry: programs.map(linkOf), fmodRet: [], fexit: [], structOps: false };
  return { args: [WORD], flags: trampFlags(links), links, func };
}

const linkOf = (bpfFunc: RoAddr, position: number): TrampLink => ({
  prog: progObject(position),
  bpfFunc,
  insnsi: progObject(position),
  jited: true,
  cookie: { high: 0, low: 0 },
  ...{ sleepable: false, recursionChecked: true, lsmCgroup: false },
});
