// The stage on which generated programs of a history run: the regions around one run, put in place before it and read
// after it. What the stage takes of the machine's memory is not the history's.

import type { Trap } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { u64 } from "../../spec/bits.js";
import { type HelperWorld, initialWorld } from "../../spec/bpf/helpers.js";
import { MapStates } from "../../spec/bpf/maps.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Layout } from "../../spec/bpf/program.js";
import { dumpMaps } from "../impl/jit-subject.js";
import { helperTraps } from "../run/helper-traps.js";
import { MachineMemory } from "../run/machine-memory.js";
import type { BuiltCase } from "./built-case.js";
import { stageOf } from "./machines.js";

export class CaseStage {
  readonly traps: ReadonlyMap<Va, Trap> = helperTraps(() => this.world!);
  /** Pages that the stage has taken since the history began. */
  pages = 0;
  private world: HelperWorld | undefined;
  private maps: MapStates | undefined;
  private readonly memory: MachineMemory;

  constructor(private readonly machine: Machine) {
    this.memory = new MachineMemory(machine);
  }

  /** @param entries by code */
  set({ value: { program }, input }: BuiltCase, layout: Layout, entries: readonly Va[]): void {
    const { machine, memory } = this;
    const before = machine.usage.frames;
    stageOf(machine).set(program, layout, input, entries);
    this.pages += machine.usage.frames - before;
    this.maps = new MapStates(program.maps, layout, memory);
    this.world = initialWorld(memory, this.maps);
  }

  /** What a run that returned has left. @param code that ran last */
  outcome({ value: { program } }: BuiltCase, layout: Layout, code: number, x0: bigint): Outcome {
    const stage = stageOf(this.machine);
    const detail = stage.trespass();
    if (detail !== undefined) return { kind: "faulted", pc: undefined, why: "machine", detail };
    const regions = [...stage.regions(program, layout.frames[code]!), ...dumpMaps(program, this.maps!)];
    return { kind: "returned", r0: u64(x0), code, regions };
  }
}
