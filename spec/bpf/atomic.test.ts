import { describe, expect, test } from "vitest";
import type { AtomicOp } from "./isa.js";
import { EXIT, op, r0, regionAfter, run, set } from "./testing.js";

const OLD = 0xf0f0_f0f0_8000_0001n;
const SRC = 0x0ff0_0ff0_8000_0003n;
const ONES = 0xffff_ffff_ffff_ffffn;

/** Memory after the operation of SRC on OLD, 64 and 32 bits wide; r0 is 0, so that `cmpxchg` does not match. */
const AFTER: Record<AtomicOp, readonly [wide: bigint, narrow: bigint]> = {
  add: [0x00e1_00e1_0000_0004n, 0xf0f0_f0f0_0000_0004n],
  or: [0xfff0_fff0_8000_0003n, 0xf0f0_f0f0_8000_0003n],
  and: [0x00f0_00f0_8000_0001n, 0xf0f0_f0f0_8000_0001n],
  xor: [0xff00_ff00_0000_0002n, 0xf0f0_f0f0_0000_0002n],
  xchg: [SRC, 0xf0f0_f0f0_8000_0003n],
  cmpxchg: [OLD, OLD],
};

const LAST = { dst: 10, off: -8 } as const;
/** OLD at r10 - 8, SRC in r6. */
const START = [...set(6, OLD), op("stxdw", { ...LAST, src: 6 }), ...set(6, SRC)];
const MEMORY = op("ldxdw", { dst: 0, src: 10, off: -8 });
const atomic = (id: string) => op(id, { ...LAST, src: 6 });

const isPlain = (name: string): boolean => name !== "xchg" && name !== "cmpxchg";
const operations = Object.entries(AFTER).map(([name, [wide, narrow]]) => ({ name, wide, narrow }));
const plain = operations.filter(({ name }) => isPlain(name));
const fetching = operations.map(({ name, ...after }) => ({ name: isPlain(name) ? `fetch ${name}` : name, ...after }));

test.each([...plain, ...fetching])("$name changes the memory", ({ name, wide, narrow }) => {
  expect(r0([...START, atomic(`lock ${name}`), MEMORY, EXIT])).toBe(wide);
  expect(r0([...START, atomic(`lock ${name}32`), MEMORY, EXIT])).toBe(narrow);
});

test.each(plain)("$name without fetch leaves src alone", ({ name }) => {
  for (const id of [`lock ${name}`, `lock ${name}32`]) {
    expect(r0([...START, atomic(id), op("mov reg", { dst: 0, src: 6 }), EXIT])).toBe(SRC);
  }
});

test.each(fetching.filter(({ name }) => name !== "cmpxchg"))(
  "$name gives src the old value, zero-extended",
  ({ name }) => {
    const src = op("mov reg", { dst: 0, src: 6 });
    expect(r0([...START, atomic(`lock ${name}`), src, EXIT])).toBe(OLD);
    expect(r0([...START, atomic(`lock ${name}32`), src, EXIT])).toBe(0x8000_0001n);
  },
);

describe("cmpxchg", () => {
  test("a match stores src", () => {
    expect(r0([...START, ...set(0, OLD), atomic("lock cmpxchg"), MEMORY, EXIT])).toBe(SRC);
    expect(r0([...START, ...set(0, 0x8000_0001n), atomic("lock cmpxchg32"), MEMORY, EXIT])).toBe(
      0xf0f0_f0f0_8000_0003n,
    );
  });

  test("64 bits wide it compares all of r0", () => {
    expect(r0([...START, ...set(0, 0x8000_0001n), atomic("lock cmpxchg"), MEMORY, EXIT])).toBe(OLD);
  });

  test("32 bits wide it compares the low half of r0 only", () => {
    const code = [...START, ...set(0, 0x1234_0000_8000_0001n), atomic("lock cmpxchg32"), MEMORY, EXIT];
    expect(r0(code)).toBe(0xf0f0_f0f0_8000_0003n);
  });

  test.each([
    ["a match", 0xffff_ffff_8000_0001n],
    ["no match", ONES],
  ])("on %s r0 becomes the old value, zero-extended", (_, expected) => {
    expect(r0([...START, ...set(0, expected), atomic("lock cmpxchg32"), EXIT])).toBe(0x8000_0001n);
  });

  test("src keeps its value", () => {
    expect(r0([...START, atomic("lock cmpxchg"), op("mov reg", { dst: 0, src: 6 }), EXIT])).toBe(SRC);
  });
});

test.each([
  ["lock add32", -6],
  ["lock fetch or", -12],
  ["lock xchg32", -7],
  ["lock cmpxchg", -9],
])("%s at r10 %i is misaligned", (id, off) => {
  const outcome = run([op(id, { dst: 10, src: 6, off }), EXIT]);
  expect(outcome).toEqual({ kind: "faulted", pc: 0, why: "badAccess", detail: "misaligned atomic" });
});

test("4-byte alignment is enough for 32 bits", () => {
  const code = [op("mov imm", { dst: 6, imm: 5 }), op("lock add32", { dst: 10, src: 6, off: -4 }), EXIT];
  expect([...regionAfter("stack", code).slice(-4)]).toEqual([5, 0, 0, 0]);
});

test("outside every region it is a bad access", () => {
  expect(run([op("lock add", { dst: 10, src: 6 }), EXIT])).toMatchObject({ kind: "faulted", pc: 0, why: "badAccess" });
});
