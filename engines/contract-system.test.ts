// The contract of engines, continued: what a CPU for kernel code does beyond computing. Maintenance, system registers, landing
// pads, store-exclusives that fail for no reason.

import { describe, expect, test } from "vitest";
import type { MachineEvent } from "../machine/event.js";
import { encodedSystemRegister, SYSTEM_REGISTER_NAMES, SYSTEM_REGISTERS } from "../spec/a64/system-registers.js";
import { available } from "../testing/required.js";
import type { CpuOptions, EngineCpu } from "./engine.js";
import { ENGINES } from "./index.js";
import { failsSpuriously } from "./spurious.js";
import { Stops } from "./stops.js";
import { BRK, bytesOf, CODE, DATA, NOP, pointer, RET, subjects } from "./testing.js";

const usable = ENGINES.filter(
  (engine) => engine.cpu !== undefined && available(engine.name, () => engine.unavailable()),
);
const SUBJECTS = subjects(usable);

const CODE_PAGE = 0x7000_0000;
const FUEL = 1000;
const STR_W = 0xb900_0001; // str w1, [x0]
const CLEAN = 0xd50b_7b20; // dc cvau, x0
const INVALIDATE = 0xd50b_7520; // ic ivau, x0
const DSB = 0xd503_3b9f; // dsb ish
const ISB = 0xd503_3fdf;
const ADD_LINE = 0x9101_0000; // add x0, x0, #64
const ZERO = 0xd50b_7420; // dc zva, x0

describe.each(SUBJECTS)("a CPU of %s", (_name, { engine, machineWith }) => {
  function cpuWith(words: readonly number[], options: Partial<CpuOptions> = {}): EngineCpu {
    const machine = options.machine ?? machineWith(words);
    const cpu = engine.cpu!({ machine, cpu: 0, stops: new Stops(), ...options });
    cpu.state.pc = CODE;
    return cpu;
  }

  describe("maintenance", () => {
    /** What happens when X0 points to a page of code to be and X1 holds BRK. */
    function eventsOf(words: readonly number[], pauseAfter?: "store") {
      const machine = machineWith([...words, BRK]);
      machine.map(CODE_PAGE, 4096, "rw", true);
      const events: MachineEvent[] = [];
      machine.onEvent = (event) => void events.push(event);
      const cpu = cpuWith([], { machine });
      cpu.state.x[0] = pointer(CODE_PAGE);
      cpu.state.x[1] = BigInt(BRK);
      const stop = cpu.resume({ fuel: FUEL, pauseAfter });
      return { stop, events, machine, cpu };
    }
    const whole = [STR_W, CLEAN, ADD_LINE, CLEAN, DSB, INVALIDATE, DSB, ISB];

    test("becomes events when a barrier completes it, one for lines that follow each other", () => {
      expect(eventsOf(whole).events).toEqual([
        { kind: "write", cpu: 0, va: CODE_PAGE, bytes: 4 },
        { kind: "clean", cpu: 0, va: CODE_PAGE, bytes: 128 },
        { kind: "invalidate", cpu: 0, va: CODE_PAGE + 64, bytes: 64 },
        { kind: "contextSync", cpu: 0 },
      ]);
    });

    const STAY = [STR_W, CLEAN, DSB, INVALIDATE, DSB, ISB];
    test.each([
      ["all of it", STAY, undefined],
      ["no DC", STAY.filter((word) => word !== CLEAN), "notCleaned"],
      ["no DSB between", STAY.filter((_, i) => i !== 2), "notInvalidated"],
      ["no IC", STAY.filter((word) => word !== INVALIDATE), "notInvalidated"],
      ["no DSB at the end", STAY.filter((_, i) => i !== 4), "notInvalidated"],
      ["no ISB", STAY.filter((word) => word !== ISB), "notSynchronized"],
      ["IC IALLUIS", STAY.map((word) => (word === INVALIDATE ? 0xd508_711f : word)), undefined],
    ])("makes stored code current if nothing is missing: %s", (_what, words, problem) => {
      const { machine } = eventsOf(words);
      machine.setPermission(CODE_PAGE, 4096, "rox");
      machine.invalidateTlb(CODE_PAGE, 4096);
      expect(machine.fetch(0, CODE_PAGE, 4)?.why).toBe(problem);
    });

    test("of translations", () => {
      const stale = (word: number): number => {
        const machine = machineWith([word, DSB, BRK]);
        machine.unmap(DATA, 8192);
        const cpu = cpuWith([], { machine });
        cpu.state.x[2] = BigInt.asUintN(44, pointer(DATA + 4096) >> 12n);
        cpu.resume({ fuel: FUEL });
        return machine.staleTranslations.reduce((sum, { bytes }) => sum + bytes, 0);
      };
      expect(stale(NOP)).toBe(8192);
      expect(stale(0xd508_83e2)).toBe(4096); // tlbi vaale1is, x2
      expect(stale(0xd508_831f)).toBe(0); // tlbi vmalle1is
      expect(stale(0xd508_8342)).toBe(8192); // tlbi aside1is, x2
    });

    test("DC ZVA stores a line of zeroes", () => {
      const { machine, events } = eventsOf([0x9100_4c00, ZERO]); // add x0, x0, #19
      expect(machine.peek(CODE_PAGE, 65)).toEqual(Uint8Array.of(...new Array(64).fill(0), 0xa5));
      expect(events).toEqual([{ kind: "write", cpu: 0, va: CODE_PAGE, bytes: 64 }]);
    });

    test("of what is not mapped faults, and leaves the CPU as it was", () => {
      const cpu = cpuWith([CLEAN]);
      cpu.state.x[0] = 0x100n;
      expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "fault", pc: CODE });
    });

    test("is where a CPU pauses", () => {
      const { stop, cpu } = eventsOf(whole, "store");
      const at = [stop];
      while (at.at(-1)!.kind === "paused") at.push(cpu.resume({ fuel: FUEL, pauseAfter: "store" }));
      expect(at.map(({ pc }) => (pc - CODE) / 4)).toEqual([1, 5, 7, 8, 8]);
    });
  });

  describe("system registers", () => {
    const result = (words: readonly number[], set: (cpu: EngineCpu) => void = () => undefined): bigint => {
      const cpu = cpuWith([...words, BRK]);
      set(cpu);
      expect(cpu.resume({ fuel: FUEL })).toMatchObject({ kind: "break" });
      return cpu.state.x[1]!;
    };
    test("interrupts are masked and unmasked", () => {
      expect(result([0xd503_43df, 0xd503_42ff, 0xd53b_4221])).toBe(0x40n); // daifset #3; daifclr #2; mrs x1, daif
      expect(result([0xd51b_4221, 0xd53b_4221], (cpu) => cpu.state.x.fill(0xffffn))).toBe(0x3c0n);
    });
    test("what caches need is said as the machine has it", () => {
      expect(result([0xd53b_0021])).toBe(0x8444_c004n); // mrs x1, ctr_el0
    });
    test.each(SYSTEM_REGISTER_NAMES)("%s holds what it does after reset, and the bits that are written", (name) => {
      const { reset, mask, encoding } = SYSTEM_REGISTERS[name];
      const word = (0xd510_0001 | (encodedSystemRegister(encoding) << 5)) >>> 0; // msr name, x1
      const MRS = 0x20_0000;
      expect(result([word | MRS])).toBe(reset);
      const ones = (cpu: EngineCpu): unknown => cpu.state.x.fill(0xffff_ffff_ffff_ffffn);
      if (mask !== 0n) expect(result([word, word | MRS], ones)).toBe(mask);
      else expect(cpuWith([word]).resume({ fuel: FUEL })).toMatchObject({ kind: "unknown", word });
    });
    test("flags", () => {
      expect(result([0xd53b_4201], (cpu) => (cpu.state.nzcv = 0b1001))).toBe(0x9000_0000n); // mrs x1, nzcv
      expect(result([0xd51b_4201, 0x1a9f_17e1], (cpu) => cpu.state.x.fill(0x4000_0000n))).toBe(1n); // msr; cset w1, eq
    });
    test("one that is written is the caller's to read", () => {
      const cpu = cpuWith([0xd518_4101]); // msr sp_el0, x1
      cpu.state.x[1] = 77n;
      cpu.resume({ fuel: 1 });
      expect(cpu.state.system.sp_el0).toBe(77n);
    });
    test("an unknown one is named", () => {
      expect(cpuWith([0xd538_f141]).resume({ fuel: FUEL })).toMatchObject({
        kind: "unknown",
        detail: expect.stringContaining("S3_0_C15_C1_2"),
      });
      expect(cpuWith([0xd51b_0021]).resume({ fuel: FUEL })).toMatchObject({ kind: "unknown" }); // msr ctr_el0, x1
    });
    test("keys are off: return addresses stay as they are", () => {
      const cpu = cpuWith([0xd503_233f, 0xd503_20ff, 0xd503_23bf, 0xd65f_0bff]); // paciasp; xpaclri; autiasp; retaa
      cpu.state.x[30] = pointer(CODE + 64);
      expect(cpu.resume({ fuel: 4 })).toEqual({ kind: "outOfFuel", pc: CODE + 64 });
    });
  });

  describe("landing pads", () => {
    const [BTI, BTI_C, BTI_J, BTI_JC, PACIASP] = [0xd503_241f, 0xd503_245f, 0xd503_249f, 0xd503_24df, 0xd503_233f];
    const [BR_X1, BR_X16, BLR_X1, RET_X1] = [0xd61f_0020, 0xd61f_0200, 0xd63f_0020, 0xd65f_0020];
    const ALL = [NOP, BTI, BTI_C, BTI_J, BTI_JC, PACIASP, BRK];

    /** Which of `ALL` the branch may land on, on its own page or another. */
    function landings(branch: number, to: number, bti = true): readonly number[] {
      return ALL.filter((pad) => {
        const machine = machineWith([branch]);
        machine.poke(to, bytesOf([pad, NOP]));
        const cpu = cpuWith([], { machine, bti });
        cpu.state.x[1] = cpu.state.x[16] = pointer(to);
        const stop = cpu.resume({ fuel: 2 });
        if (stop.kind === "fault") expect(stop).toMatchObject({ why: "branchTarget", pc: to, address: pointer(to) });
        return stop.kind !== "fault";
      });
    }
    test.each([
      ["on the same page", CODE + 64],
      ["on another", CODE + 4096 + 64],
    ])("%s", (_where, to) => {
      expect(landings(BR_X1, to)).toEqual([BTI_J, BTI_JC, BRK]);
      expect(landings(BR_X16, to)).toEqual([BTI_C, BTI_J, BTI_JC, PACIASP, BRK]);
      expect(landings(BLR_X1, to)).toEqual([BTI_C, BTI_JC, PACIASP, BRK]);
      expect(landings(RET_X1, to)).toEqual(ALL);
      expect(landings(BR_X1, to, false)).toEqual(ALL);
    });
    test("a branch lands even if the CPU stops in the middle of it", () => {
      const cpu = cpuWith([BLR_X1, NOP, BTI_C, NOP], { bti: true });
      cpu.state.x[1] = pointer(CODE + 4);
      expect(cpu.resume({ fuel: 1 })).toMatchObject({ kind: "outOfFuel" });
      expect(cpu.state.btype).toBe(2);
      expect(cpu.resume({ fuel: 1 })).toMatchObject({ why: "branchTarget" });
      cpu.state.pc = CODE + 8;
      expect(cpu.resume({ fuel: 2 })).toMatchObject({ kind: "outOfFuel" });
      expect(cpu.state.btype).toBe(0);
    });
    test("a program is entered as by a call", () => {
      const run = (word: number) => {
        const machine = machineWith([word, RET]);
        const options = { entry: CODE, args: [], stackTop: DATA + 4096, stackLow: DATA, fuel: 9, traps: new Map() };
        return engine.run({ machine, cpu: 0, bti: true, ...options });
      };
      expect(run(BTI_C)).toMatchObject({ kind: "returned" });
      expect(run(BTI_J)).toMatchObject({ kind: "faulted", why: "branchTarget", pc: CODE });
    });
  });

  describe("store-exclusives", () => {
    // 100 times: ldxr x2, [x0]; stxr w3, x1, [x0]; add x4, x4, x3; sub x5, #1; cbnz x5
    const LOOP = [0xc85f_7c02, 0xc803_7c01, 0x8b03_0084, 0xd100_04a5, 0xb5ff_ff85, BRK];
    const failures = (spuriousFailures?: number, fuel = FUEL): number => {
      const cpu = cpuWith(LOOP, { spuriousFailures });
      cpu.state.x[0] = pointer(DATA);
      cpu.state.x[5] = 100n;
      while (cpu.resume({ fuel }).kind !== "break");
      return Number(cpu.state.x[4]);
    };
    const expected = (seed: number): number => {
      return Array.from({ length: 100 }, (_, i) => failsSpuriously(seed, i)).filter(Boolean).length;
    };
    test("fail for no reason as often as was asked, and in the same way however often the CPU stops", () => {
      expect(failures()).toBe(0);
      for (const seed of [0, 1, 12345]) {
        expect(failures(seed)).toBe(expected(seed));
        expect(failures(seed, 1)).toBe(expected(seed));
      }
    });
    test("one in four fails", () => {
      const rates = Array.from({ length: 20 }, (_, seed) => expected(seed));
      expect(Math.min(...rates)).toBeGreaterThan(5);
      expect(Math.max(...rates)).toBeLessThan(50);
    });
  });
});
