// Programs loaded, refused and freed in any order: addresses as in the reference allocator, text memory as in the
// reference text, and at every single step other CPUs can go on running the programs that are live.

import fc from "fast-check";
import { expect, test } from "vitest";
import { compileImages } from "../impl/jit/compile.js";
import { DEFAULT_ENV } from "../impl/jit/env.js";
import type { JitFunction } from "../impl/jit/function.js";
import { Kernel } from "../impl/program/kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "../impl/program/load.js";
import { EventLog, type FailingStep, type MachineEvent } from "../machine/event.js";
import { Machine } from "../machine/machine.js";
import { insn } from "../spec/bpf/insn.js";
import { rowById } from "../spec/bpf/isa.js";
import { bpf } from "../spec/bpf/text/bpf.js";
import { ReferenceAllocator } from "../spec/pack/allocator.js";
import { ReferenceText } from "../spec/text/text.js";
import { lockBreaches } from "./oracles/locks.js";
import { textPokeBreaches } from "./oracles/text-poke.js";

const PACK_BYTES = 8192;
const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy"];

interface Live {
  readonly program: LoadedProgram;
  readonly regions: readonly { readonly at: number; readonly bytes: number }[];
}
interface World {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly allocator: ReferenceAllocator;
  readonly text: ReferenceText;
  readonly log: EventLog;
  readonly live: Live[];
}

/** `calls`: functions beside the main one, each called once. `length`: instructions of every function. */
function functionsOf(calls: number, length: number): JitFunction[] {
  const body = Array.from({ length }, (_, i) => bpf(`r0 += ${i}`)).flat();
  return Array.from({ length: calls + 1 }, (_, index) => {
    const local = Array.from({ length: index === 0 ? calls : 0 }, (_, i) =>
      insn(rowById("call local"), { off: i + 1 }),
    );
    return { insns: [...local, ...body, ...bpf("exit")], index, stackDepth: 0 };
  });
}

class Load implements fc.Command<World, World> {
  constructor(
    private readonly calls: number,
    private readonly length: number,
    private readonly failing: { readonly step: FailingStep; readonly nth: number } | undefined,
  ) {}

  check(): boolean {
    return true;
  }

  run(world: World): void {
    const { machine, kernel, allocator, text, live } = world;
    const functions = functionsOf(this.calls, this.length);
    if (this.failing !== undefined) machine.failures.plan(this.failing.step, this.failing.nth);
    const before = machine.usage;
    const charged = kernel.modmem.current;
    const loaded = loadProgram(kernel, functions);
    const struck = this.failing !== undefined && machine.failures.pending === 0;
    machine.failures.clear();
    expect(loaded.ok).toBe(!struck);
    if (!loaded.ok) {
      expect([machine.usage, kernel.modmem.current]).toEqual([before, charged]);
    } else {
      const { program } = loaded;
      const places = program.functions.map(({ bpfFunc }) => bpfFunc!);
      const compiled = compileImages(functions, DEFAULT_ENV, (index) => places[index]!);
      if (!compiled.ok) throw new Error("the JIT refuses what it has just taken");
      const regions = compiled.images.map(({ image, roImage }) => {
        const bytes = Math.ceil((image.length + 24) / 64) * 64;
        const at = allocator.alloc(bytes)!;
        expect(roImage - at).toBe(16);
        const size = new Uint8Array(new Uint32Array([bytes]).buffer);
        text.stored(at, size);
        text.stored(roImage, image);
        return { at, bytes };
      });
      live.push({ program, regions });
    }
    agree(world);
  }

  toString(): string {
    const failing = this.failing === undefined ? "" : `, ${this.failing.step} #${this.failing.nth} fails`;
    return `load ${1 + this.calls} functions of ${this.length} insns${failing}`;
  }
}

class Free implements fc.Command<World, World> {
  constructor(private readonly which: number) {}

  check({ live }: World): boolean {
    return live.length > 0;
  }

  run(world: World): void {
    const { kernel, allocator, text, live } = world;
    const [freed] = live.splice(this.which % live.length, 1);
    freeProgram(kernel, freed!.program);
    for (const { at } of freed!.regions) allocator.free(at);
    for (const { at, bytes } of freed!.regions) {
      const pack = allocator.packs.find(({ base }) => at >= base && at < base + PACK_BYTES);
      if (pack !== undefined) text.freed(at, bytes);
    }
    agree(world);
  }

  toString(): string {
    return `free #${this.which}`;
  }
}

function agree({ machine, kernel, allocator, text, log }: World): void {
  expect(kernel.packs.packs.map(({ base }) => base)).toEqual(allocator.packs.map(({ base }) => base));
  const bases = [...allocator.packs.map(({ base }) => base), ...allocator.large.map(({ start }) => start)];
  expect(new Set(text.bases)).toEqual(new Set(bases));
  expect(text.difference((address, bytes) => machine.peek(address, bytes))).toBeUndefined();
  expect([textPokeBreaches(log.events()), lockBreaches(log.events()), log.lost]).toEqual([[], [], 0]);
  expect([machine.staleTranslations, kernel.warnings]).toEqual([[], []]);
  log.clear();
}

function setUp(): World {
  const machine = new Machine({ cpus: 2 });
  const kernel = new Kernel({ machine, random: () => 8, packBytes: PACK_BYTES });
  const text = new ReferenceText();
  const mapped: number[] = [];
  const log = new EventLog();
  const live: Live[] = [];
  const allocator = new ReferenceAllocator(() => mapped.shift(), PACK_BYTES);
  machine.onEvent = (event: MachineEvent) => {
    if (event.kind === "fetch") return;
    log.listener(event);
    if (event.kind === "setPermission" && event.permission === "rox") {
      mapped.push(event.va);
      text.mapped(event.va, event.bytes);
    }
    if (event.kind === "free" && text.bases.includes(event.va)) {
      text.unmapped(event.va);
      // A load that was refused may have made a pack that nobody came to live in.
      if (mapped.includes(event.va)) mapped.splice(mapped.indexOf(event.va), 1);
    }
    // The other CPU may be anywhere in any live program.
    for (const { program } of live) {
      for (const { bpfFunc, jitedLen } of program.functions) {
        const problem = machine.fetch(1, bpfFunc!, jitedLen);
        if (problem !== undefined) throw new Error(`${problem.why} at ${problem.va} after ${JSON.stringify(event)}`);
      }
    }
  };
  return { machine, kernel, allocator, text, log, live };
}

test("whatever is loaded, refused and freed, live programs run on and text memory holds what it must", () => {
  const failing = fc.option(fc.record({ step: fc.constantFrom(...STEPS), nth: fc.integer({ min: 1, max: 6 }) }), {
    freq: 2,
    nil: undefined,
  });
  const load = fc.tuple(fc.nat(3), fc.oneof(fc.nat(60), fc.integer({ min: 500, max: 2500 })), failing);
  const commands = fc.commands(
    [load.map(([calls, length, step]) => new Load(calls, length, step)), fc.nat(1000).map((which) => new Free(which))],
    { maxCommands: 25, size: "max" },
  );
  fc.assert(
    fc.property(commands, (history) => {
      const world = setUp();
      fc.modelRun(() => ({ model: world, real: world }), history);
      while (world.live.length > 0) new Free(0).run(world);
      expect(world.machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
      expect(world.kernel.modmem.current).toBe(0);
    }),
    { seed: 20240124, numRuns: 40 },
  );
});
