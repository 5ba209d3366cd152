// The contract of engines, continued: what memory, atomics and rewritten code must do.

import { describe, expect, test } from "vitest";
import { Machine } from "../machine/machine.js";
import { available } from "../testing/required.js";
import { ENGINES } from "./index.js";
import { BRK, bytesOf, CODE, DATA, LDR, NOP, pointer, RET, STACK, STR, subjects } from "./testing.js";

const SUBJECTS = subjects(ENGINES.filter((engine) => available(engine.name, () => engine.unavailable())));

describe.each(SUBJECTS)("%s", (_name, { run, machineWith }) => {
  describe("accesses", () => {
    const value = 0x1122_3344_5566_7788n;

    test("one that crosses pages takes both", () => {
      const machine = machineWith([STR, LDR, RET]);
      expect(run([], { machine, args: [pointer(DATA + 4093), value] })).toMatchObject({ x0: value });
      expect([...machine.peek(DATA + 4092, 5)]).toEqual([0, 0x88, 0x77, 0x66, 0x55]);
    });
    test.each([4096, 16384, 65536] as const)("every part of a page of %i bytes is its own", (pageBytes) => {
      const machine = new Machine({ pageBytes });
      machine.map(CODE, pageBytes, "rox");
      machine.map(STACK, pageBytes, "rw");
      machine.map(DATA, pageBytes, "rw");
      machine.poke(CODE, bytesOf([STR, LDR, RET]));
      for (let at = 8; at < pageBytes; at += 4096) {
        const word = BigInt(at) + 0x1122_3344_5566_0000n;
        expect(run([], { machine, args: [pointer(DATA + at), word] })).toMatchObject({ x0: word });
        expect(machine.peek32(DATA + at)).toBe(at + 0x5566_0000);
      }
      for (let at = 8; at < pageBytes; at += 4096) expect(machine.peek32(DATA + at)).toBe(at + 0x5566_0000);
    });
    test("a store of which half is refused stores nothing", () => {
      const machine = machineWith([STR, RET]);
      run([], { machine, args: [pointer(DATA + 8188), value] });
      expect([...machine.peek(DATA + 8184, 12)]).toEqual(new Array(12).fill(0));
    });
    test("the upper bits of an address are part of it", () => {
      for (const upper of [0n, 1n << 48n, 0x7fff_0000_0000_0000n, 0xfffe_0000_0000_0000n]) {
        const args = [upper + BigInt(DATA), value];
        expect(run([LDR, RET], { args })).toMatchObject({ why: "badRead", pc: CODE });
        expect(run([STR, RET], { args })).toMatchObject({ why: "badWrite", pc: CODE });
      }
    });
    test("a stack that begins within a page begins there", () => {
      const stackLow = STACK + 0x204;
      const at = (offset: number) => ({ args: [pointer(STACK + offset)], stackLow });
      // The first access makes the page known.
      expect(run([LDR, RET], at(0x1fc))).toMatchObject({ kind: "returned" });
      expect(run([0xf9400c03, LDR, RET], at(0x1e0))).toMatchObject({ kind: "returned" }); // ldr x3, [x0, #24]
      expect(run([0xf9400003, 0xf9400403, RET], at(0x1f8))).toMatchObject({ why: "outsideFrame", pc: CODE + 4 });
    });
    test("what the run before left is seen, and what others write between runs", () => {
      const machine = machineWith([STR, RET, LDR, RET]);
      const at = pointer(DATA);
      run([], { machine, args: [at, value] });
      expect(run([], { machine, args: [at], entry: CODE + 8 })).toMatchObject({ x0: value });
      machine.write(DATA, Uint8Array.of(0x99));
      expect(run([], { machine, args: [at], entry: CODE + 8 })).toMatchObject({ x0: value + 0x11n });
    });
    test("a page that is unmapped or protected between runs is refused in the next", () => {
      const machine = machineWith([STR, LDR, RET]);
      const args = [pointer(DATA), value];
      expect(run([], { machine, args })).toMatchObject({ kind: "returned" });
      machine.setPermission(DATA, 4096, "ro");
      expect(run([], { machine, args })).toMatchObject({ why: "badWrite", pc: CODE });
      expect(run([], { machine, args, entry: CODE + 4 })).toMatchObject({ x0: value });
      machine.unmap(DATA, 4096);
      expect(run([], { machine, args, entry: CODE + 4 })).toMatchObject({ why: "badRead", pc: CODE + 4 });
    });
    test("many pages, more than translations are kept for", () => {
      // str x1, [x0]; add x0, x0, x2; subs x3, x3, #1; b.ne -12; ret
      const machine = machineWith([STR, 0x8b020000, 0xf1000463, 0x54ffffa1, RET]);
      const pages = [0, 1, 64, 65, 128, 129].map((page) => 0x6000_0000 + page * 4096);
      for (const page of pages) machine.map(page, 4096, "rw");
      for (const stride of [4096n, 64n * 4096n]) {
        const last = stride === 4096n ? 2n : 3n;
        const args = [pointer(pages[0]!), 7n, stride, last];
        expect(run([], { machine, args })).toMatchObject({ kind: "returned" });
      }
      const first = pages.map((page) => machine.peek(page, 1)[0]);
      expect(first).toEqual([7, 7, 7, 0xa5, 7, 0xa5]);
    });
    test.each([16384, 65536] as const)("every part of a page of %i bytes is its own", (pageBytes) => {
      const machine = new Machine({ pageBytes });
      for (const [at, permission] of [
        [CODE, "rox"],
        [STACK, "rw"],
        [DATA, "rw"],
      ] as const) {
        machine.map(Math.floor(at / pageBytes) * pageBytes, pageBytes, permission);
      }
      // add x2, x2, x1 after each load of [x0]; add x0, x0, #1, lsl #12; subs x3, x3, #1; b.ne -16; mov x0, x2; ret
      machine.poke(CODE, bytesOf([0xf940_0001, 0x8b01_0042, 0x9140_0400, 0xf100_0463, 0x54ff_ff81, 0xaa02_03e0, RET]));
      const base = Math.floor(DATA / pageBytes) * pageBytes;
      const parts = pageBytes / 4096;
      for (let part = 0; part < parts; part++)
        machine.poke(base + 4096 * part, Uint8Array.of(1 + part, 0, 0, 0, 0, 0, 0, 0));
      const stack = Math.floor(STACK / pageBytes) * pageBytes;
      const options = {
        machine,
        args: [pointer(base), 0n, 0n, BigInt(parts)],
        stackLow: stack,
        stackTop: stack + pageBytes,
      };
      expect(run([], options)).toMatchObject({ x0: BigInt((parts * (parts + 1)) / 2) });
      // str x1, [x0]; ldr x0, [x0]; ret, at the last part
      machine.poke(CODE, bytesOf([STR, LDR, RET]));
      const last = base + pageBytes - 8;
      expect(run([], { ...options, args: [pointer(last), 77n] })).toMatchObject({ x0: 77n });
      expect(machine.peek(last, 1)).toEqual(Uint8Array.of(77));
      machine.unmap(base, pageBytes);
      expect(run([], { ...options, args: [pointer(last), 77n] })).toMatchObject({ why: "badWrite" });
    });
    test("a literal is loaded from beside the code", () => {
      expect(run([0x58000040, RET, 0x55667788, 0x11223344])).toMatchObject({ x0: value }); // ldr x0, +8
      expect(run([0x18000040, RET, 0xfedcba98])).toMatchObject({ x0: 0xfedc_ba98n }); // ldr w0, +8
    });
    test("a pair that faults leaves its base and, of a load, both registers", () => {
      const fixup = () => ({ resume: CODE + 4, clear: undefined });
      const at = pointer(DATA + 3 * 4096 - 8);
      expect(run([0xa8c10803, RET], { args: [at], fixup })).toMatchObject({ x0: at }); // ldp x3, x2, [x0], #16
      expect(run([0xa8c10803, 0xaa0203e0, RET], { args: [at, 1n, 2n], fixup })).toMatchObject({ x0: 2n });
      expect(run([0xa9810803, RET], { args: [at], fixup })).toMatchObject({ x0: at }); // stp x3, x2, [x0, #16]!
    });
  });

  describe("exclusives and atomics", () => {
    const LDXR = 0xc85f7c02; // ldxr x2, [x0]
    const STXR = 0xc8037c01; // stxr w3, x1, [x0]
    const STATUS = [0xaa0303e0, RET]; // mov x0, x3
    const at = { args: [pointer(DATA), 5n] };

    test("a store-exclusive succeeds once after its load", () => {
      expect(run([LDXR, STXR, ...STATUS], at)).toMatchObject({ x0: 0n });
      expect(run([LDXR, STXR, STXR, ...STATUS], at)).toMatchObject({ x0: 1n });
      expect(run([STXR, ...STATUS], at)).toMatchObject({ x0: 1n });
    });
    test("a reservation is of one block and does not outlive a store of one's own to it", () => {
      expect(run([LDXR, 0x91002000, STXR, ...STATUS], at)).toMatchObject({ x0: 1n }); // add x0, x0, #8
      expect(run([LDXR, 0x88037c01, ...STATUS], at)).toMatchObject({ x0: 1n }); // stxr w3, w1, [x0]
      expect(run([LDXR, STR, STXR, ...STATUS], at)).toMatchObject({ x0: 1n });
      expect(run([LDXR, 0x39001c01, STXR, ...STATUS], at)).toMatchObject({ x0: 1n }); // strb w1, [x0, #7]
      expect(run([LDXR, 0x39002001, STXR, ...STATUS], at)).toMatchObject({ x0: 0n }); // strb w1, [x0, #8]
    });
    test("a call and an exception end a reservation, and so does the end of the run", () => {
      const helper = CODE + 0x100;
      const traps = new Map([[helper, (args: BigUint64Array) => args[0]!]]);
      const pushed = [0xa9bf7bfd, LDXR, 0x9400003e, 0xd28000a1, STXR, 0xaa0303e0, 0xa8c17bfd, RET];
      expect(run(pushed, { ...at, traps })).toMatchObject({ x0: 1n });
      const fixup = (pc: number) => (pc === CODE + 4 ? { resume: CODE + 8, clear: undefined } : undefined);
      expect(run([LDXR, 0xf94000a5, STXR, ...STATUS], { args: [pointer(DATA), 5n], fixup })).toMatchObject({ x0: 1n });
      const machine = machineWith([LDXR, RET, STXR, ...STATUS]);
      run([], { machine, ...at });
      expect(run([], { machine, ...at, entry: CODE + 8 })).toMatchObject({ x0: 1n });
    });
    test("misaligned ones fault, loads as reads and all others as writes", () => {
      const args = [pointer(DATA + 4), 5n];
      const detail = "misaligned atomic: 8 bytes at 0xffff000050000004";
      expect(run([LDXR], { args })).toMatchObject({ why: "badRead", detail });
      expect(run([STXR], { args })).toMatchObject({ why: "badWrite", detail });
      expect(run([0xf8210002], { args })).toMatchObject({ why: "badWrite", detail }); // ldadd x1, x2, [x0]
      expect(run([0xc8a17c02], { args })).toMatchObject({ why: "badWrite", detail }); // cas x1, x2, [x0]
      expect(run([0xb8210002, RET], { args })).toMatchObject({ kind: "returned" }); // ldadd w1, w2, [x0]
    });
    test("a comparison that fails still needs memory that may be written", () => {
      const args = [pointer(DATA + 8192), 5n];
      expect(run([0xc8a17c02], { args })).toMatchObject({ why: "badWrite" });
    });
  });

  describe("code", () => {
    test("runs on from page to page, and back", () => {
      const machine = machineWith([]);
      machine.poke(CODE + 4088, bytesOf([NOP, NOP, 0xd2800020, 0x14000002, BRK, 0x17fffffa]));
      machine.poke(CODE + 4084, bytesOf([RET]));
      // The branch at 4096 + 4 skips the BRK to one that goes back to the RET.
      machine.poke(CODE + 4096 + 12, bytesOf([0x17fffffa]));
      expect(run([], { machine, entry: CODE + 4088 })).toEqual({ kind: "returned", x0: 1n, executed: 6 });
    });
    test("that is rewritten between runs is seen", () => {
      const machine = machineWith([0xd2800020, RET]);
      expect(run([], { machine })).toMatchObject({ x0: 1n });
      machine.poke(CODE, bytesOf([0xd2800040]));
      expect(run([], { machine })).toMatchObject({ x0: 2n });
      machine.poke(CODE, bytesOf([BRK]));
      expect(run([], { machine })).toMatchObject({ why: "breakpoint" });
    });
    test("that a trap rewrites is seen when the call returns", () => {
      const machine = machineWith([0xa9bf7bfd, 0x9400003f, 0xd2800020, 0xa8c17bfd, RET]);
      const rewrites = (): bigint => {
        machine.poke(CODE + 8, bytesOf([0xd2800040]));
        return 0n;
      };
      expect(run([], { machine, traps: new Map([[CODE + 0x100, rewrites]]) })).toMatchObject({ x0: 2n });
    });
    test("on another frame at the same address is seen", () => {
      const machine = machineWith([0xd2800020, RET]);
      expect(run([], { machine })).toMatchObject({ x0: 1n });
      machine.unmap(CODE, 8192);
      machine.map(STACK + 4096, 4096, "rw"); // takes a frame that the code lay in
      machine.map(CODE, 8192, "rox");
      machine.poke(CODE, bytesOf([0xd2800060, RET]));
      expect(run([], { machine })).toMatchObject({ x0: 3n });
    });
    test("of two machines in turn does not mix", () => {
      const [one, two] = [machineWith([0xd2800020, RET]), machineWith([0xd2800040, RET])];
      for (let i = 0; i < 3; i++) {
        expect(run([], { machine: one })).toMatchObject({ x0: 1n });
        expect(run([], { machine: two })).toMatchObject({ x0: 2n });
      }
    });
    test("runs for long", () => {
      // subs x0, x0, #1; b.ne -4; ret
      const words = [0xf1000400, 0x54ffffe1, RET];
      expect(run(words, { args: [100_000n], fuel: 1e9 })).toEqual({ kind: "returned", x0: 0n, executed: 200_001 });
      expect(run(words, { args: [100_000n], fuel: 150_001 })).toEqual({ kind: "outOfFuel", executed: 150_001 });
    });
  });
});
