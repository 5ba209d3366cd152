// What every engine must do, whatever it is made of: calls, returns, faults and traps. Memory, atomics and code have
// their own files beside this one.

import { describe, expect, test } from "vitest";
import { available } from "../testing/required.js";
import { type EngineRun, type Trap, TrapFault } from "./engine.js";
import { ENGINES } from "./index.js";
import { BRK, CODE, DATA, LDR, NOP, pointer, RET, STACK, STACK_BYTES, STR, subjects } from "./testing.js";

const HELPER = 0x8000_0000_1000;
const PACIASP = 0xd503233f;
const AUTIASP = 0xd50323bf;
const PUSH_LR = 0xa9bf7bfd; // stp x29, x30, [sp, #-16]!
const POP_LR = 0xa8c17bfd; // ldp x29, x30, [sp], #16
const BLR_X10 = 0xd63f0140;
/** x10 = HELPER as its three instructions. */
const X10_HELPER = [0x929dffea, 0xf2a0000a, 0xf2d0000a];
const SUBJECTS = subjects(ENGINES.filter((engine) => available(engine.name, () => engine.unavailable())));

describe.each(SUBJECTS)("%s", (_name, { run, machineWith }) => {
  describe("returning", () => {
    test("x0 is the result, and every instruction counts", () => {
      expect(run([0x8b010000, RET], { args: [40n, 2n] })).toEqual({ kind: "returned", x0: 42n, executed: 2 });
    });
    test("a frame is pushed, used and popped", () => {
      const words = [PACIASP, PUSH_LR, 0xd10043ff, 0xf90003e0, 0xf94003e0, 0x910043ff, POP_LR, AUTIASP, RET];
      expect(run(words, { args: [7n] })).toEqual({ kind: "returned", x0: 7n, executed: 9 });
    });
    test("system registers are the run's", () => {
      const system = { spEl0: 5n, tpidrEl1: 6n, tpidrEl2: 7n };
      expect(run([0xd5384100, RET], { system })).toMatchObject({ x0: 5n });
      expect(run([0xd538d080, RET], { system })).toMatchObject({ x0: 6n });
      expect(run([0xd53cd040, RET])).toMatchObject({ x0: 0n });
    });
    const saved = [19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
    test.each(saved)("a changed x%i is a violation", (reg) => {
      expect(run([0xd2800020 | reg, RET])).toEqual({
        kind: "violated",
        rule: `AAPCS64: x${reg} must be preserved: expected 0xca11ee5afe0000${reg.toString(16)}, got 0x0000000000000001`,
        executed: 2,
      });
    });
    test("a changed sp is a violation", () => {
      expect(run([0xd10043ff, RET])).toEqual({
        kind: "violated",
        rule: "AAPCS64: sp must be restored on return: expected 0xffff000040000800, got 0xffff0000400007f0",
        executed: 2,
      });
    });
    test("x0..x18 may hold anything", () => {
      for (let reg = 0; reg <= 18; reg++) expect(run([0xd2800020 | reg, RET])).toMatchObject({ kind: "returned" });
    });
  });

  describe("faults", () => {
    const why = (words: readonly number[], options: Partial<EngineRun> = {}) => {
      const outcome = run(words, options);
      return outcome.kind === "faulted" ? [outcome.why, outcome.pc - CODE, outcome.detail] : outcome;
    };
    const at = (va: number) => ({ args: [pointer(va), 1n] });
    test.each([
      ["unknown word", [0xffffffff], {}, ["unknownWord", 0, expect.stringContaining("ffffffff")]],
      ["breakpoint", [BRK], {}, ["breakpoint", 0, "brk #0x100"]],
      ["running off the page", [], { entry: CODE + 8192 }, ["notExecutable", 8192, "fetch from an unmapped page"]],
      ["data", [0xd61f0000], at(DATA), ["notExecutable", DATA - CODE, "fetch from a page that is rw"]],
      ["odd target", [0xd61f0000], at(CODE + 6), ["misalignedFetch", 6, "pc is not a multiple of 4"]],
      ["no AUTIASP", [PACIASP, RET], {}, ["notExecutable", 4, expect.stringContaining("no kernel address")]],
      ["user load", [LDR], { args: [8n] }, ["badRead", 0, "load of 8 bytes at 0x0000000000000008: not mapped"]],
      ["unmapped store", [STR], at(DATA - 8), ["badWrite", 0, "store of 8 bytes at 0xffff00004ffffff8: not mapped"]],
      [
        "read-only store",
        [STR],
        at(DATA + 8192),
        ["badWrite", 0, "store of 8 bytes at 0xffff000050002000: not writable"],
      ],
      [
        "half of it read-only",
        [STR],
        at(DATA + 8188),
        ["badWrite", 0, "store of 1 bytes at 0xffff000050002003: not writable"],
      ],
      ["store to code", [STR], at(CODE), ["badWrite", 0, expect.stringContaining("not writable")]],
      ["misaligned sp", [0xd10023ff, 0xf94003e0], {}, ["misalignedStack", 4, "sp is 0xffff0000400007f8 in an access"]],
    ])("%s", (_name, words, options, expected) => {
      expect(why(words, options)).toEqual(expected);
    });

    test("the stack is touched only from sp up to its top", () => {
      const below = expect.stringContaining("below sp");
      expect(why([0xd10043ff, 0xf9000be0, 0x910043ff, RET])).toEqual([
        "outsideFrame",
        4,
        expect.stringContaining("caller's"),
      ]);
      expect(why([STR], at(STACK + STACK_BYTES - 8))).toEqual(["outsideFrame", 0, below]);
      expect(why([LDR], at(STACK + STACK_BYTES - 8))).toEqual(["outsideFrame", 0, below]);
      expect(why([STR], at(STACK + STACK_BYTES))).toEqual([
        "outsideFrame",
        0,
        expect.stringContaining("caller's frame"),
      ]);
      expect(why([LDR, RET], at(STACK + STACK_BYTES))).toMatchObject({ kind: "returned" });
      // A pair whose base is written back is judged by the frame that results.
      expect(why([0xa93f7bfd])).toEqual(["outsideFrame", 0, below]);
      expect(why([0xa9bf7fff, 0xa8c10fe2, RET])).toMatchObject({ kind: "returned" });
    });

    test("an entry of the exception table clears the register and goes on", () => {
      const fixup = (pc: number) => (pc === CODE + 4 ? { resume: CODE + 8, clear: 0 } : undefined);
      expect(run([NOP, LDR, RET], { args: [8n], fixup })).toEqual({ kind: "returned", x0: 0n, executed: 3 });
      expect(run([LDR, RET], { args: [8n], fixup })).toMatchObject({ why: "badRead", pc: CODE });
      const keep = () => ({ resume: CODE + 4, clear: undefined });
      expect(run([LDR, RET], { args: [8n], fixup: keep })).toEqual({ kind: "returned", x0: 8n, executed: 2 });
    });

    test("a loop runs out of fuel", () => {
      expect(run([0x14000000], { fuel: 77 })).toEqual({ kind: "outOfFuel", executed: 77 });
    });
  });

  describe("traps", () => {
    const call = (after: readonly number[]): readonly number[] => [
      PUSH_LR,
      ...X10_HELPER,
      BLR_X10,
      ...after,
      POP_LR,
      RET,
    ];
    const traps = (trap: Trap) => new Map([[HELPER, trap]]);

    test("a call gets x0..x7 and answers x0", () => {
      const sum = traps((args) => args.reduce((a, b) => a + b));
      expect(run(call([]), { args: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], traps: sum })).toEqual({
        kind: "returned",
        x0: 36n,
        executed: 7,
      });
    });
    test("a call gets x29 as it is then", () => {
      const frame = traps((_, framePointer) => framePointer);
      const words = [PUSH_LR, 0x910003fd, ...X10_HELPER, BLR_X10, POP_LR, RET]; // mov x29, sp
      const top = pointer(STACK + STACK_BYTES);
      expect(run(words, { traps: frame })).toMatchObject({ kind: "returned", x0: top - 16n });
    });
    test("a call destroys x1..x18 and lr, and turns the flags over", () => {
      const zero = traps(() => 0n);
      for (let reg = 1; reg <= 18; reg++) {
        const outcome = run(call([0x91000000 | (reg << 5)]), { traps: zero }); // mov x0, reg
        expect(outcome).toMatchObject({ kind: "returned", x0: 0xbad0_ca11_0000_0000n + BigInt(reg) });
      }
      const equal = [PUSH_LR, ...X10_HELPER, 0xeb1f03ff, BLR_X10, 0x54000061, 0xd2800020, 0x14000001, POP_LR, RET];
      expect(run(equal, { traps: zero })).toMatchObject({ kind: "returned", x0: 0n });
    });
    // No arithmetic sets N and Z together, but a call can leave them so.
    test.each([
      ["cmn x9, xzr", 0xab1f013f, "eq cs mi vc ls lt le al nv"],
      ["cmp x9, xzr", 0xeb1f013f, "eq cc mi vc ls lt le al nv"],
      ["cmp xzr, xzr", 0xeb1f03ff, "ne cc mi vc ls lt le al nv"],
    ])("conditions after %s and a call", (_text, setter, expected) => {
      const names = "eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv".split(" ");
      const holding = names.filter((_name, condition) => {
        // b.cond over: movz x0, #0 and the return behind it.
        const branch = [0x54000080 | condition, 0xd2800000, POP_LR, RET, 0xd2800020, POP_LR, RET];
        const words = [PUSH_LR, ...X10_HELPER, 0xd2800029, setter, BLR_X10, ...branch];
        const outcome = run(words, { traps: traps(() => 0n) });
        return outcome.kind === "returned" && outcome.x0 === 1n;
      });
      expect(holding.join(" ")).toBe(expected);
    });
    test("a jump to a trap returns to the caller", () => {
      expect(run([...X10_HELPER, 0xd61f0140], { traps: traps(() => 9n) })).toMatchObject({ kind: "returned", x0: 9n });
    });
    test("a trap that faults ends the run at the call", () => {
      const fails = traps(() => {
        throw new TrapFault("no such map");
      });
      expect(run(call([]), { traps: fails })).toEqual({
        kind: "faulted",
        pc: CODE + 16,
        why: "trap",
        detail: "no such map",
        executed: 5,
      });
    });
    test("a trap on a page of code is found even when code runs into it", () => {
      const here = new Map([[CODE + 4, () => 3n]]);
      expect(run([NOP, BRK], { traps: here })).toMatchObject({ kind: "returned", x0: 3n });
    });
    test("a trap may run other code on the same machine", () => {
      const machine = machineWith(call([0x910003e0, 0xcb000060 | (19 << 16)]));
      const inner = (): bigint => {
        machine.poke(CODE + 0x800, new Uint8Array(Uint32Array.of(0xd2800ff3, RET).buffer));
        const outcome = run([], { machine, entry: CODE + 0x800, stackTop: STACK + 0x400 });
        expect(outcome).toMatchObject({ kind: "violated", executed: 2 });
        return 0n;
      };
      const seen: bigint[] = [];
      const outcome = run([], {
        machine,
        traps: traps(inner),
        trace: ({ pc, x, sp }) => {
          if (pc === CODE + 20) seen.push(x[0]!, x[1]!, x[19]!, sp);
        },
      });
      expect(outcome).toMatchObject({ kind: "returned" });
      expect(seen).toEqual([0n, 0xbad0_ca11_0000_0001n, 0xca11_ee5a_fe00_0013n, pointer(STACK + STACK_BYTES - 16)]);
    });
    test("a trap may change what is mapped", () => {
      const machine = machineWith(call([0xf9400000]));
      const unmaps = traps(() => {
        machine.setPermission(CODE, 4096, "ro");
        return 0n;
      });
      expect(run([], { machine, traps: unmaps })).toMatchObject({ why: "notExecutable", pc: CODE + 20 });
    });
  });

  test("a trace may run other code, and so may whoever looks for a fixup", () => {
    const machine = machineWith([0xf9400001, 0xf90003e0, 0xf94003e0, RET]);
    machine.poke(CODE + 0x800, new Uint8Array(Uint32Array.of(0xd2800ff3, RET).buffer));
    const inner = () => run([], { machine, entry: CODE + 0x800, stackTop: STACK + 0x400, args: [1n] });
    const fixup = () => {
      inner();
      return { resume: CODE + 8, clear: undefined };
    };
    const outcome = run([], { machine, args: [8n], trace: () => void inner(), fixup });
    expect(outcome).toMatchObject({ kind: "returned", executed: 3 });
  });

  test("the trace sees each instruction before it runs", () => {
    const seen: string[] = [];
    run([0xd2800020, 0x91000400, RET], {
      trace: ({ pc, word, x, sp }) => seen.push(`${pc - CODE} ${word.toString(16)} ${x[0]} ${sp.toString(16)}`),
      args: [9n],
    });
    expect(seen).toEqual([
      "0 d2800020 9 ffff000040000800",
      "4 91000400 1 ffff000040000800",
      "8 d65f03c0 2 ffff000040000800",
    ]);
  });
});
