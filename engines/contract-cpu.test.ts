// The contract of engines, continued: a CPU that stops and goes on.

import { describe, expect, test } from "vitest";
import type { MachineEvent } from "../machine/event.js";
import { available } from "../testing/required.js";
import type { CpuOptions, EngineCpu } from "./engine.js";
import { ENGINES } from "./index.js";
import { Stops } from "./stops.js";
import { BRK, bytesOf, CODE, DATA, LDR, NOP, pointer, RET, STR, subjects } from "./testing.js";

const usable = ENGINES.filter(
  (engine) => engine.cpu !== undefined && available(engine.name, () => engine.unavailable()),
);
const SUBJECTS = subjects(usable);

const ADD1 = 0x9100_0400; // add x0, x0, #1
const B = (words: number): number => 0x1400_0000 | (words & 0x3ff_ffff);
/** Executable, and followed by the machine. */
const TRACKED = 0x7000_0000;
const FUEL = 1000;

describe.each(SUBJECTS)("a CPU of %s", (_name, { engine, machineWith }) => {
  function cpuWith(words: readonly number[], options: Partial<CpuOptions> = {}): EngineCpu {
    const machine = options.machine ?? machineWith(words);
    const cpu = engine.cpu!({ machine, cpu: 0, stops: new Stops(), ...options });
    cpu.state.pc = CODE;
    return cpu;
  }

  test("stops before an address, and then executes it", () => {
    const stops = new Stops([CODE + 4]);
    const cpu = cpuWith([ADD1, ADD1, B(-1)], { stops });
    for (let round = 1n; round < 4n; round++) {
      expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "trap", pc: CODE + 4 });
      expect(cpu.state).toMatchObject({ pc: CODE + 4 });
      expect(cpu.state.x[0]).toBe(round);
    }
    expect(cpu.executed).toBe(5);
  });

  test("stops where it is told to go, wherever that is", () => {
    const stops = new Stops([0x1234_5678, DATA]);
    const cpu = cpuWith([0xd61f_0020], { stops }); // br x1
    for (const to of [0x1234_5678, DATA]) {
      cpu.state.x[1] = pointer(to);
      cpu.state.pc = CODE;
      expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "trap", pc: to });
    }
  });

  test("stops may come and go between two stretches", () => {
    const stops = new Stops();
    const cpu = cpuWith([ADD1, NOP, B(-2)], { stops });
    expect(cpu.resume({ fuel: 30 })).toMatchObject({ kind: "outOfFuel" });
    stops.add(CODE + 4);
    expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "trap", pc: CODE + 4 });
    stops.delete(CODE + 4);
    expect(cpu.resume({ fuel: 31 })).toEqual({ kind: "outOfFuel", pc: CODE + 8 });
    expect(cpu.executed).toBe(62);
  });

  test("a stop at a word that is none, and one that is rewritten", () => {
    const stops = new Stops([CODE + 4]);
    const machine = machineWith([NOP, 0]);
    const cpu = cpuWith([], { stops, machine });
    expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "trap", pc: CODE + 4 });
    machine.poke(CODE + 4, bytesOf([BRK]));
    cpu.state.pc = CODE;
    expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "trap", pc: CODE + 4 });
    expect(cpu.resume({ fuel: FUEL })).toEqual({ kind: "break", pc: CODE + 4, imm: 0x100 });
  });

  test("which words were executed is known, passed stops included", () => {
    const stops = new Stops([CODE + 4, CODE + 12]);
    const cpu = cpuWith([NOP, NOP, B(2), NOP, BRK, NOP], { stops });
    for (let i = 0; i < 3; i++) cpu.resume({ fuel: FUEL });
    expect([...cpu.executedWords(CODE, 7)]).toEqual([1, 1, 1, 0, 1, 0, 0]);
    expect([...cpu.executedWords(CODE - 4, 2)]).toEqual([0, 1]);
  });

  test("what does not complete leaves registers as they were, and may be gone on from", () => {
    const cpu = cpuWith([LDR, ADD1, 0xffff_ffff]);
    cpu.state.x[0] = 8n;
    const fault = { kind: "fault", why: "badRead", pc: CODE, address: 8n };
    expect(cpu.resume({ fuel: FUEL })).toMatchObject(fault);
    expect(cpu.resume({ fuel: FUEL })).toMatchObject(fault);
    cpu.state.pc += 4;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "unknown", pc: CODE + 8, word: 0xffff_ffff });
    expect(cpu.state.x[0]).toBe(9n);
  });

  test("a fetch that is not allowed", () => {
    const cpu = cpuWith([]);
    cpu.state.pc = DATA;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "fault", why: "notExecutable", pc: DATA });
    cpu.state.pc = 0x1234_5000;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ why: "notExecutable", address: pointer(0x1234_5000) });
    cpu.state.pc = CODE + 2;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ why: "misalignedFetch" });
  });

  test("registers are those of the CPU: all of them, flags, and the system's", () => {
    const cpu = cpuWith([0xd538_4100, 0x9100_03e1, RET]); // mrs x0, sp_el0; mov x1, sp
    cpu.state.system.sp_el0 = 5n;
    cpu.state.sp = pointer(0x1000);
    cpu.state.x[30] = pointer(CODE + 4096);
    cpu.state.nzcv = 0b1010;
    cpu.resume({ fuel: 3 });
    expect(cpu.state.x[0]).toBe(5n);
    expect(cpu.state.x[1]).toBe(pointer(0x1000));
    expect(cpu.state).toMatchObject({ pc: CODE + 4096, nzcv: 0b1010 });
  });

  test("pauses after each instruction that stores", () => {
    // ldr x2, [x0]; str x1, [x0]; add x0, x0, #1; stp x1, x1, [x0, #-16]!; b .
    const machine = machineWith([0xf940_0002, STR, ADD1, 0xa9bf_0401, B(0)]);
    const cpu = cpuWith([], { machine });
    cpu.state.x[0] = pointer(DATA + 64);
    cpu.state.x[1] = 7n;
    const pause = { fuel: FUEL, pauseAfter: "store" } as const;
    expect(cpu.resume(pause)).toEqual({ kind: "paused", pc: CODE + 8 });
    expect(machine.peek(DATA + 64, 1)).toEqual(Uint8Array.of(7));
    expect(cpu.resume(pause)).toEqual({ kind: "paused", pc: CODE + 16 });
    expect(cpu.state.x[0]).toBe(pointer(DATA + 49));
    expect(cpu.resume(pause)).toMatchObject({ kind: "outOfFuel" });
    expect(cpu.executed).toBe(FUEL + 4);
  });

  test("a reservation lasts from pause to pause, but not through a trap or another's run", () => {
    const LDXR = 0xc85f_7c02; // ldxr x2, [x0]
    const STXR = 0xc803_7c01; // stxr w3, x1, [x0]
    const status = (between: (cpu: EngineCpu) => void, stops = new Stops()): bigint => {
      const cpu = cpuWith([LDXR, STXR, BRK], { stops });
      cpu.state.x[0] = pointer(DATA);
      cpu.resume({ fuel: 1 });
      between(cpu);
      cpu.resume({ fuel: FUEL });
      return cpu.state.x[3]!;
    };
    expect(status(() => undefined)).toBe(0n);
    expect(status(() => void cpuWith([NOP, BRK]).resume({ fuel: FUEL }))).toBe(1n);
    expect(status((cpu) => void cpu.resume({ fuel: 1 }), new Stops([CODE + 4]))).toBe(1n);
  });

  test("code that is rewritten through an alias, by this CPU or another, is seen where fetches are not followed", () => {
    // str w1, [x0]; then what is rewritten
    const machine = machineWith([0xb900_0001, ADD1, ADD1, BRK]);
    const cpu = cpuWith([], { machine });
    const alias = machine.mapFixmap(machine.mapping(CODE)!.frame);
    cpu.state.x[0] = pointer(alias + 8);
    cpu.state.x[1] = BigInt(NOP);
    cpu.state.pc = CODE + 4;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
    cpu.state.pc = CODE;
    cpu.state.x[0]! -= 2n;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
    expect(cpu.state.x[0]).toBe(pointer(alias + 9));
    machine.write32(alias + 4, BRK);
    cpu.state.pc = CODE + 4;
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break", pc: CODE + 4 });
  });

  test("a store-exclusive that is paused after has made its store, and a spurious failure is counted once", () => {
    // ldxr x2, [x0]; stxr w3, x1, [x0]; add x4, x4, x3; b -3
    const loop = [0xc85f_7c02, 0xc803_7c01, 0x8b03_0084, B(-3)];
    const statuses = (pauseAfter: "store" | undefined, spuriousFailures?: number): bigint => {
      const cpu = cpuWith(loop, { spuriousFailures });
      cpu.state.x[0] = pointer(DATA);
      while (cpu.executed < 400) cpu.resume({ fuel: 400 - cpu.executed, pauseAfter });
      return cpu.state.x[4]!;
    };
    expect(statuses("store")).toBe(0n);
    expect(statuses("store", 5)).toBe(statuses(undefined, 5));
    expect(statuses(undefined, 5)).toBeGreaterThan(0n);
  });

  describe("memory that code may come to lie in", () => {
    const STR_W = 0xb900_0001; // str w1, [x0]
    /** A tracked page that is written as data and then made executable. */
    function tracked(words: readonly number[]) {
      const machine = machineWith(words);
      machine.map(TRACKED, 4096, "rw", true);
      const events: MachineEvent[] = [];
      machine.onEvent = (event) => void events.push(event);
      const cpu = cpuWith([], { machine });
      cpu.state.x[0] = pointer(TRACKED);
      return { machine, events, cpu };
    }

    test("stores to it are events, one for those that follow each other", () => {
      // str w1, [x0]; str w1, [x0, #4]; str w1, [x0, #16]; brk
      const { events, cpu } = tracked([STR_W, 0xb900_0401, 0xb900_1001, BRK]);
      expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
      expect(events).toEqual([
        { kind: "write", cpu: 0, va: TRACKED, bytes: 8 },
        { kind: "write", cpu: 0, va: TRACKED + 16, bytes: 4 },
      ]);
      expect(cpu.executed).toBe(4);
    });

    // str w1, [x0], #4; cmp x0, x2; b.ne -2; brk
    const FILL = [0xb800_4401, 0xeb02_001f, 0x54ff_ffc1, BRK];
    const TURNS = 6;
    test.each([TRACKED, DATA])("a loop that fills it, and what is beside, is left where the fuel ends: %i", (base) => {
      const from = base + 4096 - 12;
      for (let fuel = 1; fuel <= 3 * TURNS; fuel++) {
        const { machine, events, cpu } = tracked(FILL);
        machine.map(TRACKED + 4096, 4096, "rw", true);
        events.length = 0;
        cpu.state.x.set([pointer(from), 0x1122_3344n, pointer(from + 4 * TURNS)]);
        expect(cpu.resume({ fuel })).toEqual({ kind: "outOfFuel", pc: CODE + 4 * (fuel === 3 * TURNS ? 3 : fuel % 3) });
        const [stored, compared] = [Math.ceil(fuel / 3), Math.floor((fuel + 1) / 3)];
        expect(cpu.state).toMatchObject({ nzcv: compared === 0 ? 0 : compared === TURNS ? 0b0110 : 0b1000 });
        expect(cpu.state.x[0]).toBe(pointer(from + 4 * stored));
        expect(machine.peek(from, 4 * stored)).toEqual(bytesOf(new Array<number>(stored).fill(0x1122_3344)));
        expect(machine.peek32(from + 4 * stored)).not.toBe(0x1122_3344);
        expect(events).toEqual(base === DATA ? [] : [{ kind: "write", cpu: 0, va: from, bytes: 4 * stored }]);
        expect(cpu.executed).toBe(fuel);
      }
    });

    test("a loop that fills it stops where nothing may be stored", () => {
      const { machine, cpu } = tracked(FILL);
      cpu.state.x.set([pointer(TRACKED + 4000), 5n, pointer(TRACKED + 8192)]);
      const fault = { kind: "fault", why: "badWrite", pc: CODE, address: pointer(TRACKED + 4096) };
      expect(cpu.resume({ fuel: FUEL })).toMatchObject(fault);
      expect(machine.peek(TRACKED + 4000, 96)).toEqual(bytesOf(new Array<number>(24).fill(5)));
      expect(cpu.executed).toBe(3 * 24 + 1);
      expect(cpu.resume({ fuel: FUEL })).toMatchObject(fault);
    });

    test("is not executed before it was cleaned, invalidated and synchronized with", () => {
      const { machine, cpu } = tracked([STR_W, 0xd61f_0000]); // str; br x0
      cpu.state.x[1] = BigInt(BRK);
      cpu.resume({ fuel: 1 });
      machine.setPermission(TRACKED, 4096, "rox");
      const detail = (): unknown => {
        cpu.state.pc = CODE + 4;
        return cpu.resume({ fuel: FUEL });
      };
      const stale = { kind: "fault", why: "staleFetch", pc: TRACKED };
      expect(detail()).toMatchObject({ ...stale, detail: expect.stringContaining("staleTranslation") });
      machine.invalidateTlb(TRACKED, 4096);
      expect(detail()).toMatchObject({ ...stale, detail: expect.stringContaining("notCleaned") });
      machine.cleanDcache(TRACKED, 64);
      expect(detail()).toMatchObject({ ...stale, detail: expect.stringContaining("notInvalidated") });
      machine.invalidateIcache(TRACKED, 64);
      expect(detail()).toMatchObject({ ...stale, detail: expect.stringContaining("notSynchronized") });
      machine.contextSync(0);
      expect(detail()).toEqual({ kind: "break", pc: TRACKED, imm: 0x100 });
    });

    test("that it rewrites under its own feet is stale at once", () => {
      const { machine, cpu } = tracked([]);
      machine.poke(TRACKED, bytesOf([STR_W, NOP, NOP]));
      const alias = machine.mapFixmap(machine.mapping(TRACKED)!.frame);
      machine.unmapFixmap();
      machine.setPermission(TRACKED, 4096, "rox");
      machine.invalidateTlb(TRACKED, 4096);
      machine.mapFixmap(machine.mapping(TRACKED)!.frame);
      cpu.state.x[0] = pointer(alias + 8);
      cpu.state.pc = TRACKED;
      expect(cpu.resume({ fuel: FUEL })).toMatchObject({ why: "staleFetch", pc: TRACKED + 4 });
      expect(cpu.executed).toBe(1);
    });

    test("whoever listens may run another CPU there and then", () => {
      const { machine, cpu } = tracked([STR_W, 0xb900_1001, ADD1, BRK]);
      const other = cpuWith([], { machine, cpu: 1 });
      other.state.pc = CODE + 8;
      let heard = 0;
      machine.onEvent = () => {
        if (heard++ === 0) expect(other.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
      };
      expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break", pc: CODE + 12 });
      expect(heard).toBe(2);
      expect(other.state.x[0]).toBe(1n);
      expect(cpu.state.x[0]).toBe(pointer(TRACKED) + 1n);
    });
  });

  test("is not disturbed by a program that runs between, nor disturbs it", () => {
    const machine = machineWith([ADD1, ADD1, BRK]);
    const cpu = cpuWith([], { machine });
    cpu.resume({ fuel: 1 });
    const run = {
      machine,
      cpu: 0,
      entry: CODE,
      args: [],
      stackTop: DATA + 4096,
      stackLow: DATA,
      fuel: 2,
      traps: new Map(),
    };
    expect(engine.run(run)).toEqual({ kind: "outOfFuel", executed: 2 });
    expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
    expect(cpu.state.x[0]).toBe(2n);
  });
});
