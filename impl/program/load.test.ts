import { describe, expect, test } from "vitest";
import { EventLog } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { DEFAULT_ENV, LINUX_6_12 } from "../jit/env.js";
import type { JitFunction } from "../jit/function.js";
import { headerOf } from "../pack/binary-pack.js";
import { PROFILES, type QuirkId } from "../quirks.js";
import { bpfIntJitCompile } from "./bpf-int-jit-compile.js";
import { bpfProg } from "./bpf-prog.js";
import { Kernel, type KernelOptions } from "./kernel.js";
import { freeProgram, type LoadedProgram, loadProgram } from "./load.js";

const BASE = 0x8000_8301_0000;
const BREAK = 0xd420_2000;
const NOTHING = { areas: 0, heapObjects: 0, frames: 0 };
/** Random start 8, so images begin 16 bytes into their first chunk. */
const setUp = (options: Partial<KernelOptions> = {}): Kernel =>
  new Kernel({ machine: new Machine(), random: () => 8, ...options });

const mov = (dst: number, imm: number): Insn => insn(rowById("mov imm"), { dst, imm });
const callLocal = (index: number): Insn => insn(rowById("call local"), { off: index });
const exit = insn(rowById("exit"));
const fn = (index: number, ...insns: Insn[]): JitFunction => ({ insns, index, stackDepth: 0 });
const single = [fn(0, mov(0, 42), exit)];
/** Function 0 calls 1 and 2, which return constants. */
const several = [fn(0, callLocal(1), callLocal(2), exit), fn(1, mov(0, 1), exit), fn(2, mov(0, 2), exit)];

function loaded(kernel: Kernel, functions: readonly JitFunction[]): LoadedProgram {
  const result = loadProgram(kernel, functions);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.program;
}
const words = ({ machine }: Kernel, va: number, count: number): string =>
  Array.from({ length: count }, (_, i) =>
    machine
      .peek32(va + 4 * i)
      .toString(16)
      .padStart(8, "0"),
  ).join(" ");

/** The environment with some defects switched on or off. */
const env = (change: Partial<Record<QuirkId, boolean>>) => ({
  ...DEFAULT_ENV,
  quirks: { ...PROFILES.fixed, ...change },
});

describe("one function", () => {
  test("the image, its literal and illegal instructions around it are in executable memory", () => {
    const kernel = setUp();
    const { bpfFunc, functions } = loaded(kernel, single);
    expect([bpfFunc, functions[0]!.jitedLen]).toEqual([BASE + 16, 64]);
    expect(words(kernel, BASE, 4)).toBe("00000080 d4202000 d4202000 d4202000");
    expect(words(kernel, bpfFunc, 20)).toBe(
      "910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa d2800547 a8c16bff a8c17bfd 910000e0 d50323bf " +
        "d65f03c0 d503201f 5800004a d61f0140 80040e10 ffff8000 d4202000 d4202000",
    );
    expect(headerOf(bpfFunc)).toBe(BASE);
    expect([0, 1].map((cpu) => kernel.machine.fetch(cpu, BASE, 128))).toEqual([undefined, undefined]);
  });

  test("load and free leave nothing", () => {
    const kernel = setUp();
    const program = loaded(kernel, single);
    expect([kernel.modmem.current, kernel.packs.packs.length]).toEqual([128, 1]);
    freeProgram(kernel, program);
    expect([kernel.machine.usage, kernel.modmem.current, kernel.packs.packs.length]).toEqual([NOTHING, 0, 0]);
  });

  test("freed text is illegal again while the pack lives on", () => {
    const kernel = setUp();
    const first = loaded(kernel, single);
    const second = loaded(kernel, single);
    freeProgram(kernel, first);
    expect(new Set(words(kernel, BASE, 32).split(" "))).toEqual(new Set(["d4202000"]));
    expect(kernel.machine.peek32(second.bpfFunc)).toBe(0x910003c9);
    expect(loaded(kernel, single).bpfFunc).toBe(first.bpfFunc);
  });

  test("is flushed once after the last byte, or once more as upstream does", () => {
    const flushes = (environment: typeof DEFAULT_ENV): number => {
      const kernel = setUp({ env: environment });
      const log = new EventLog();
      kernel.machine.onEvent = log.listener;
      loaded(kernel, single);
      return log.events().filter(({ kind }) => kind === "flush").length;
    };
    // One more, here and there, is for the pack that is new.
    expect([flushes(DEFAULT_ENV), flushes(env({ secondFlush: true }))]).toEqual([1 + 1, 2 + 1]);
  });

  test("is refused over the limit", () => {
    const kernel = setUp({ limit: 127 });
    expect(loadProgram(kernel, single)).toMatchObject({
      ok: false,
      index: 0,
      error: { kind: "noMemory", what: "image" },
    });
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([NOTHING, 0]);
  });
});

describe("blinding", () => {
  const add = insn(rowById("add imm"), { imm: 1 });
  const blinding = (): Kernel => {
    const kernel = setUp();
    kernel.blinding = () => 0x5a5a;
    return kernel;
  };

  test("happens once, before the first round", () => {
    const kernel = blinding();
    const { functions } = loaded(kernel, [fn(0, callLocal(1), add, exit), several[1]!, several[2]!]);
    expect(functions[0]!.fn.insns.map(({ row }) => row.id)).toEqual([
      "call local",
      "mov imm",
      "xor imm",
      "add reg",
      "exit",
    ]);
    expect(functions[0]!.origin).toEqual(Int32Array.of(0, 1, 1, 1, 2));
    freeProgram(kernel, { bpfFunc: functions[0]!.bpfFunc!, functions });
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([NOTHING, 0]);
  });

  test("without memory for the copy, or with a jump that gets too long, the program is interpreted", () => {
    const kernel = blinding();
    kernel.machine.failures.plan("kvmalloc", 1);
    expect(loadProgram(kernel, single)).toMatchObject({
      ok: false,
      index: 0,
      error: { kind: "noMemory", what: "clone" },
    });
    const far = fn(0, insn(rowById("ja"), { off: 11_000 }), ...Array.from({ length: 11_000 }, () => add), exit);
    expect(loadProgram(kernel, [far])).toMatchObject({
      ok: false,
      index: 0,
      error: { kind: "notBlinded", slot: 0, distance: 33_000 },
    });
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([NOTHING, 0]);
  });

  test.each(["vmalloc", "copy"] as const)("a load that fails (%s) leaves the program as it was", (step) => {
    const kernel = blinding();
    const prog = bpfProg(fn(0, add, exit), false);
    const { fn: before } = prog;
    kernel.machine.failures.plan(step, 1);
    expect(bpfIntJitCompile(kernel, prog, undefined)).toBeDefined();
    expect([prog.fn === before, prog.origin]).toEqual([true, undefined]);
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([NOTHING, 0]);
  });
});

test.each([16384, 65536] as const)("pages of %i bytes make no difference to what is loaded", (pageBytes) => {
  const images = ([4096, pageBytes] as const).map((size) => {
    const kernel = setUp({ machine: new Machine({ pageBytes: size }) });
    const { functions } = loaded(kernel, several);
    const memory = words(kernel, BASE, 96);
    freeProgram(kernel, { bpfFunc: functions[0]!.bpfFunc!, functions });
    expect(kernel.machine.usage).toEqual(NOTHING);
    return memory;
  });
  expect(images[1]).toBe(images[0]);
});

describe("several functions", () => {
  test("call each other directly", () => {
    const kernel = setUp();
    const { functions } = loaded(kernel, several);
    const [main, one, two] = functions.map(({ bpfFunc }) => bpfFunc!);
    expect([main, one! - main!, two! - one!]).toEqual([BASE + 16, 128, 128]);
    const branch = (at: number, target: number): string => (0x94000000 + (target - at) / 4).toString(16);
    expect(words(kernel, main! + 28, 4)).toBe(
      `${branch(main! + 28, one!)} 91000007 ${branch(main! + 36, two!)} 91000007`,
    );
  });

  test("leave illegal instructions behind the shrunk image, or its old end as upstream does", () => {
    const tail = (environment: typeof DEFAULT_ENV): string => {
      const kernel = setUp({ env: environment });
      const [main] = loaded(kernel, several).functions;
      // Behind the literal, two words.
      return words(kernel, main!.bpfFunc! + main!.jitedLen + 8, 2);
    };
    expect(tail(DEFAULT_ENV)).toBe("d4202000 d4202000");
    expect(tail(LINUX_6_12)).toBe("d50323bf d65f03c0");
  });

  test("load and free leave nothing", () => {
    const kernel = setUp();
    freeProgram(kernel, loaded(kernel, several));
    expect([kernel.machine.usage, kernel.modmem.current, kernel.warnings]).toEqual([NOTHING, 0, []]);
  });
});

describe("whichever step fails, the program is refused and nothing is left", () => {
  const STEPS = ["kvmalloc", "vmalloc", "setPermission", "copy"] as const;
  const KINDS = STEPS.flatMap((step) => (["packs", "pages"] as const).map((images) => ({ step, images })));
  // Pages are written in place: there is no copy to fail.
  test.each(KINDS.filter(({ step, images }) => step !== "copy" || images === "packs"))("$step, $images", (kind) => {
    const { step, images } = kind;
    for (const functions of [single, several]) {
      let calls = 0;
      for (;;) {
        const kernel = setUp({ images });
        const nth = calls + 1;
        kernel.machine.failures.plan(step, nth);
        const result = loadProgram(kernel, functions);
        // That many calls it does not make.
        if (kernel.machine.failures.pending > 0) break;
        calls = nth;
        expect(result, `${step} ${nth}`).toMatchObject({ ok: false });
        expect([kernel.machine.usage, kernel.modmem.current, kernel.warnings], `${step} ${nth}`).toEqual([
          NOTHING,
          0,
          [],
        ]);
        expect(kernel.machine.staleTranslations).toEqual([]);
        freeProgram(kernel, loaded(kernel, functions));
      }
      expect(calls).toBeGreaterThan(0);
    }
  });

  // The third copy is that of the header, which the way back needs.
  test.each([undefined, 3])("the JIT itself, and on the way back copy %s", (nth) => {
    const kernel = setUp();
    if (nth !== undefined) kernel.machine.failures.plan("copy", nth);
    const bad = [several[0]!, several[1]!, fn(2, callLocal(3), exit)];
    expect(loadProgram(kernel, bad)).toMatchObject({
      ok: false,
      index: 2,
      error: { kind: "badCallee", pc: 0, index: 3 },
    });
    expect(kernel.machine.failures.pending).toBe(0);
    expect([kernel.machine.usage, kernel.modmem.current, kernel.warnings]).toEqual([NOTHING, 0, []]);
  });
});

describe("in pages of their own, as before the packs", () => {
  test("every function takes a page, executable once it is complete", () => {
    const kernel = setUp({ images: "pages" });
    const program = loaded(kernel, several);
    expect(program.functions.map(({ bpfFunc }) => bpfFunc)).toEqual([BASE + 16, BASE + 0x2010, BASE + 0x4010]);
    expect([kernel.modmem.current, kernel.machine.mapping(BASE)?.permission]).toEqual([3 * 4096, "rox"]);
    expect([0, 1].map((cpu) => kernel.machine.fetch(cpu, BASE, 4096))).toEqual([undefined, undefined]);
    expect(words(kernel, BASE, 4)).toBe("00001000 d4202000 d4202000 d4202000");
    freeProgram(kernel, program);
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([NOTHING, 0]);
  });

  test("the same words are emitted as into a pack", () => {
    const [inPack, inPages] = (["packs", "pages"] as const).map((images) => {
      const kernel = setUp({ images });
      const { bpfFunc, functions } = loaded(kernel, single);
      return words(kernel, bpfFunc, functions[0]!.jitedLen / 4 + 2);
    });
    expect(inPages).toBe(inPack);
  });
});

describe("known upstream defects", () => {
  test("copyFaultIgnored: the program counts as published and is illegal instructions", () => {
    const kernel = setUp({ env: env({ copyFaultIgnored: true }) });
    kernel.machine.failures.plan("copy", 1);
    const { bpfFunc } = loaded(kernel, single);
    expect(kernel.machine.peek32(bpfFunc)).toBe(BREAK);
  });

  test("finalizeFailureSize: the room of a program that failed to publish is lost", () => {
    const kernel = setUp({ env: env({ finalizeFailureSize: true }) });
    loaded(kernel, single);
    kernel.machine.failures.plan("copy", 1);
    expect(loadProgram(kernel, single).ok).toBe(false);
    expect(kernel.warnings).toEqual([`vfree of 0x${(BASE + 128).toString(16)}, where no area begins`]);
    expect(kernel.packs.packs[0]?.bitmap.count).toBe(4);
  });

  test("finalizeFailureSize: at the start of a pack, the pack is unmapped under its programs", () => {
    const kernel = setUp({ env: env({ finalizeFailureSize: true }) });
    kernel.machine.failures.plan("copy", 1);
    expect(loadProgram(kernel, single).ok).toBe(false);
    expect([kernel.packs.packs.length, kernel.machine.mapping(BASE)]).toEqual([1, undefined]);
    expect(() => loadProgram(kernel, single)).toThrow("badMapping");
  });

  test("finalizeFailureCharge: so is its charge", () => {
    const kernel = setUp({ env: env({ finalizeFailureCharge: true }) });
    kernel.machine.failures.plan("copy", 1);
    expect(loadProgram(kernel, single).ok).toBe(false);
    expect([kernel.modmem.current, kernel.machine.usage]).toEqual([128, NOTHING]);
  });

  test("extraPassFailureKeepsImage: a program whose last round failed is entered at freed memory", () => {
    const kernel = setUp({ env: env({ extraPassFailureKeepsImage: true }) });
    const anchor = loaded(kernel, single);
    const bad = [several[0]!, several[1]!, fn(2, callLocal(3), exit)];
    const { functions } = loaded(kernel, bad);
    expect(kernel.machine.peek32(functions[2]!.bpfFunc!)).toBe(BREAK);
    freeProgram(kernel, { bpfFunc: functions[0]!.bpfFunc!, functions });
    expect(kernel.warnings).toHaveLength(1);
    freeProgram(kernel, anchor);
    expect(kernel.modmem.current).toBe(-BREAK);
  });

  test("freeLeaksBuffer: the writable image of each function that was waiting for its last round", () => {
    const kernel = setUp({ env: env({ freeLeaksBuffer: true }) });
    const bad = [fn(0, callLocal(3), exit), several[1]!, several[2]!];
    expect(loadProgram(kernel, bad).ok).toBe(false);
    expect(kernel.machine.usage).toEqual({ areas: 0, heapObjects: 2, frames: 2 });
    expect(kernel.modmem.current).toBe(0);
  });

  test("freeLeaksOffsets: an offset table for each function that was waiting for its last round", () => {
    const kernel = setUp({ env: env({ freeLeaksOffsets: true }) });
    const bad = [fn(0, callLocal(3), exit), several[1]!, several[2]!];
    expect(loadProgram(kernel, bad).ok).toBe(false);
    expect(kernel.machine.usage).toEqual({ areas: 0, heapObjects: 2, frames: 2 });
  });
});
