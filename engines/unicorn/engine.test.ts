// What only this engine could get wrong: finding its library, and what it keeps from run to run. The rest is the contract
// of all engines, `../contract.test.ts`.

import { describe, expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import { available } from "../../testing/required.js";
import { bytesOf, CODE, DATA, LDR, NOP, pointer, RET, STACK, STR, subjects } from "../testing.js";
import { unicornEngine } from "./engine.js";
import { openUnicorn } from "./library.js";

const HVC = 0xd4000002;
const SMC = 0xd4000003;

test("a library that is not there is a sentence that says what to do", () => {
  const how = "install it with `apt-get install libunicorn2`, or name a library file in ROX_UNICORN";
  const missing = openUnicorn("/nowhere/libunicorn.so.2");
  expect(missing).toEqual({ ok: false, why: `the library /nowhere/libunicorn.so.2 was not found; ${how}` });
  const other = openUnicorn("libc.so.6");
  expect(other).toMatchObject({ ok: false, why: expect.stringContaining(how) });
});

const usable = available("unicorn", () => unicornEngine.unavailable()) ? subjects([unicornEngine]) : [];

describe.each(usable)("%s", (_name, { run, machineWith }) => {
  test("calls of firmware change nothing, and a call of the supervisor is no instruction of kernel code", () => {
    expect(run([NOP, HVC, SMC, RET], { args: [5n] })).toEqual({ kind: "returned", x0: 5n, executed: 4 });
    expect(run([NOP, 0xd4000001, RET])).toMatchObject({ why: "unknownWord", executed: 1 });
  });
  test("waiting for an interrupt that never comes is a fault", () => {
    expect(run([NOP, 0xd503207f, RET])).toMatchObject({ why: "unknownWord", executed: 1 });
  });
  test("a register of the hypervisor is read although it is emulated below it", () => {
    const system = { spEl0: 5n, tpidrEl1: 6n, tpidrEl2: 7n };
    expect(run([NOP, 0xd53cd040, RET], { system })).toEqual({ kind: "returned", x0: 7n, executed: 3 });
    expect(run([0xd53cd040, RET], { fuel: 1 })).toEqual({ kind: "outOfFuel", executed: 1 });
  });
  test("fuel ends in the middle of a block, at a call and at the return", () => {
    const words = [NOP, NOP, NOP, RET];
    expect(run(words, { fuel: 2 })).toEqual({ kind: "outOfFuel", executed: 2 });
    expect(run(words, { fuel: 4 })).toMatchObject({ kind: "returned", executed: 4 });
    const traps = new Map([[0x8000_0000_1000, () => 1n]]);
    const jump = [0x929dffea, 0xf2a0000a, 0xf2d0000a, 0xd61f0140];
    expect(run(jump, { fuel: 4, traps })).toEqual({ kind: "outOfFuel", executed: 4 });
    expect(run(jump, { fuel: 5, traps })).toMatchObject({ kind: "returned", executed: 4 });
  });
  test("a trace begins and ends between runs of code that is translated already", () => {
    const machine = machineWith([NOP, RET]);
    const seen: number[] = [];
    for (const trace of [undefined, ({ word }: { word: number }) => seen.push(word), undefined]) {
      expect(run([], { machine, trace })).toMatchObject({ executed: 2 });
    }
    expect(seen).toEqual([NOP, RET]);
  });
  test("what a trace or a trap throws is thrown, and the next run is as any other", () => {
    const machine = machineWith([NOP, RET]);
    const fails = (): never => {
      throw new RangeError("no");
    };
    expect(() => run([], { machine, trace: fails })).toThrow(RangeError);
    expect(() => run([], { machine, traps: new Map([[0x8000_8300_0000, fails]]) })).toThrow(RangeError);
    expect(run([], { machine, args: [3n] })).toMatchObject({ x0: 3n, executed: 2 });
  });
  test("a load that moves sp down first is judged by the new sp, and a store-exclusive that fails by sp too", () => {
    expect(run([0xa9ff0be0, 0x910043ff, RET])).toMatchObject({ kind: "returned", executed: 3 }); // ldp x0, x2, [sp, #-16]!
    expect(run([0xd10023ff, 0xc8087feb])).toMatchObject({ why: "misalignedStack", executed: 2 }); // stxr w8, x11, [sp]
  });
  test("a refused pair of stores leaves memory as it was", () => {
    const machine = machineWith([0xa93f0be0]); // stp x0, x2, [sp, #-16]
    machine.poke(STACK, new Uint8Array(4096));
    expect(run([], { machine, args: [-1n, 0n, -1n] })).toMatchObject({ why: "outsideFrame", executed: 1 });
    expect(machine.peek(STACK, 4096).every((byte) => byte === 0)).toBe(true);
  });
  test("more machines than are kept open take turns", () => {
    const machines = Array.from({ length: 9 }, (_, i) => machineWith([0xd2800000 | (i << 5), RET]));
    for (let round = 0; round < 2; round++) {
      machines.forEach((machine, i) => {
        expect(run([], { machine })).toMatchObject({ x0: BigInt(i) });
      });
    }
  });
  test("larger pages are mapped whole", () => {
    const machine = new Machine({ pageBytes: 65536 });
    machine.map(CODE, 65536, "rox");
    machine.map(STACK, 65536, "rw");
    machine.map(DATA, 65536, "rw");
    machine.poke(CODE, bytesOf([STR, LDR, RET]));
    const args = [pointer(STACK + 0xfff8), 9n];
    expect(run([], { machine, args, stackTop: STACK + 0x8000, entry: CODE + 4 })).toMatchObject({ kind: "returned" });
    expect(run([], { machine, args, stackTop: STACK + 0x8000 })).toMatchObject({ why: "outsideFrame" });
    expect(run([], { machine, args: [pointer(DATA + 0xfffc), 9n] })).toMatchObject({ why: "badWrite" });
  });
});
