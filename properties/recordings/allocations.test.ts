import { expect, test } from "vitest";
import { compareTrace, isTrace, readTraceOp, type TraceOp } from "./allocations.js";

/** As recorded, shortened: `+ID LENGTH ADDRESS`, `-ID`, `.` for settled. */
function trace(text: string): readonly TraceOp[] {
  return text.split("; ").map((line) => {
    const [what = "", length, image] = line.split(" ");
    if (what === ".") return { op: "settled" };
    const id = Number(what.slice(1));
    if (what.startsWith("-")) return { op: "free", id };
    return { op: "load", id, jitedLen: Number(length), image: Number(`0x${image}`) };
  });
}

test("recorded loads and frees are where both allocators put them", () => {
  const ops = trace(
    "+0 4104 800082c258a0; +1 11072 800082c268d0; +2 1816 800082c29448; -1; .; +3 80 800082c268d8; +4 1816 800082c26948",
  );
  expect(compareTrace("t", ops)).toEqual({
    loads: 5,
    equal: 5,
    packsMade: 0,
    packsReturned: 0,
    large: 0,
    failures: [],
  });
});

test("frees that have not settled may have come before the next load or not", () => {
  const before = "+0 4104 800082c258a0; +1 11072 800082c268d0; +2 1816 800082c29448; -1; ";
  expect(compareTrace("t", trace(`${before}+3 80 800082c268d8`)).equal).toBe(4);
  expect(compareTrace("t", trace(`${before}+3 80 800082c29ba0`)).equal).toBe(4);
});

test("an image that no first fit puts there is a failure", () => {
  const { equal, failures } = compareTrace("t", trace("+0 4104 800082c258a0; +1 80 800082c269d8"));
  expect(equal).toBe(1);
  expect(failures).toEqual([
    {
      ...{ name: "t:2", where: "where an image goes", expected: "0xffff800082c269c0" },
      got: "0xffff800082c268c0 by the reference, 0xffff800082c268c0 by the implementation",
    },
  ]);
});

test("a full pack, another one, one that goes back, and more than a pack", () => {
  const whole = 2 * 1024 * 1024 - 32;
  const ops = trace(
    `+0 ${whole} 800084000008; +1 80 800086000010; +2 ${whole + 64} 800088000008; -1; .; +3 80 80008a000010`,
  );
  expect(compareTrace("t", ops)).toMatchObject({ loads: 4, equal: 4, packsReturned: 1, large: 1, packsMade: 3 });
});

test("lines are told from other recordings and checked", () => {
  expect(isTrace({ op: "free", id: 1 })).toBe(true);
  expect(isTrace({ family: "alu" })).toBe(false);
  const load = { op: "load", id: 1, jitedLen: 80, image: "0xffff800082c258a0" };
  expect(readTraceOp(load)).toEqual({ op: "load", id: 1, jitedLen: 80, image: 0x8000_82c2_58a0 });
  expect(readTraceOp({ ...load, jitedLen: 81 })).toBe("a length 81");
  expect(readTraceOp({ op: "move", id: 1 })).toBe('an operation "move"');
});
