import { describe, expect, test } from "vitest";
import { u64 } from "../bits.js";
import { interpret } from "./interpret.js";
import { pointerTo, RegionMemory, regionOf, unwrittenRegion, zeroRegion } from "./memory.js";
import { CONTEXT, EXIT, FRAME_TOP, LAYOUT, op, r0, regionAfter, run, set } from "./testing.js";

describe("regions", () => {
  const memory = new RegionMemory();
  memory.add(regionOf("b", 0x2000, Uint8Array.of(1, 2, 3, 4, 0x85, 6, 7, 0x88)));
  memory.add(zeroRegion("a", 0x1000, 16));
  memory.add(unwrittenRegion("c", 0x2008, 8));
  const at = (low: number) => pointerTo(low);

  test("loads are little-endian and zero-extended", () => {
    expect([1, 2, 4, 8].map((size) => memory.load(at(0x2000), size as 1))).toEqual([
      1n,
      0x0201n,
      0x0403_0201n,
      0x8807_0685_0403_0201n,
    ]);
  });

  test.each([
    ["below every region", 0xffff_0000_0000_0fffn, "outside every region"],
    ["above every region", 0xffff_0000_0000_2010n, "outside every region"],
    ["in a hole", 0xffff_0000_0000_1800n, "outside every region"],
    ["over the end of a region", 0xffff_0000_0000_100fn, "crosses the end of a"],
    ["from one region into the next", 0xffff_0000_0000_2007n, "crosses the end of b"],
    ["without the top bits", 0x2000n, "outside every region"],
    ["with some of the top bits", 0xfffe_0000_0000_2000n, "outside every region"],
    ["at the last byte of all", 0xffff_ffff_ffff_ffffn, "outside every region"],
  ])("an access %s is bad", (_, address, reason) => {
    expect(memory.load(u64(address), 2)).toBeUndefined();
    expect(memory.fault).toEqual({ why: "badAccess", detail: expect.stringContaining(reason) });
    expect(memory.store(u64(address), 2, u64(0n))).toBe(false);
    expect(memory.read(address, new Uint8Array(2))).toBe(false);
    expect(memory.write(address, new Uint8Array(2))).toBe(false);
  });

  test("a byte may be read once it was written, and not before", () => {
    expect(memory.load(at(0x2008), 1)).toBeUndefined();
    expect(memory.fault).toMatchObject({ why: "uninitialisedStack" });
    expect(memory.store(at(0x2008), 4, u64(5n))).toBe(true);
    expect(memory.load(at(0x2008), 4)).toBe(5n);
    expect(memory.load(at(0x2008), 8)).toBeUndefined();
    expect(memory.read(at(0x2008), new Uint8Array(5))).toBe(false);
    expect(memory.write(at(0x200c), Uint8Array.of(9, 0, 0, 0))).toBe(true);
    expect(memory.load(at(0x2008), 8)).toBe(0x9_0000_0005n);
  });

  test("a region that was removed is gone", () => {
    const region = zeroRegion("d", 0x3000, 8);
    memory.add(region);
    expect(memory.load(at(0x3000), 8)).toBe(0n);
    memory.remove(region);
    expect(memory.load(at(0x3000), 8)).toBeUndefined();
  });

  test("an empty region takes no place", () => {
    memory.add(zeroRegion("f", 0x1004, 0));
    expect(memory.load(at(0x1004), 4)).toBe(0n);
    memory.remove(zeroRegion("f", 0x1004, 0));
  });

  test("regions that overlap are a slip", () => {
    expect(() => memory.add(zeroRegion("e", 0x100f, 4))).toThrow("e overlaps a");
    expect(() => memory.add(zeroRegion("e", 0x0ff0, 17))).toThrow("e overlaps a");
  });
});

describe("loads and stores", () => {
  const input = [0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88];

  test.each([
    ["ldxb", 0x81n],
    ["ldxh", 0x8281n],
    ["ldxw", 0x8483_8281n],
    ["ldxdw", 0x8887_8685_8483_8281n],
    ["ldxsb", 0xffff_ffff_ffff_ff81n],
    ["ldxsh", 0xffff_ffff_ffff_8281n],
    ["ldxsw", 0xffff_ffff_8483_8281n],
  ])("%s", (id, value) => {
    expect(r0([op(id, { dst: 0, src: 1 }), EXIT], { input })).toBe(value);
  });

  test("signed loads of positive values", () => {
    expect(r0([op("ldxsh", { dst: 0, src: 1 }), EXIT], { input: [0xff, 0x7f] })).toBe(0x7fffn);
  });

  test.each([
    ["stb", [0xfe, 0, 0, 0, 0, 0, 0, 0]],
    ["sth", [0xfe, 0xff, 0, 0, 0, 0, 0, 0]],
    ["stw", [0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
    ["stdw", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])("%s of -2", (id, bytes) => {
    expect([...regionAfter("stack", [op(id, { dst: 10, off: -8, imm: -2 }), EXIT]).slice(-8)]).toEqual(bytes);
  });

  test.each([
    ["stxb", [0x88, 0, 0, 0, 0, 0, 0, 0]],
    ["stxh", [0x88, 0x77, 0, 0, 0, 0, 0, 0]],
    ["stxw", [0x88, 0x77, 0x66, 0x55, 0, 0, 0, 0]],
    ["stxdw", [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]],
  ])("%s", (id, bytes) => {
    const code = [...set(0, 0x1122_3344_5566_7788n), op(id, { dst: 10, src: 0, off: -8 }), EXIT];
    expect([...regionAfter("stack", code).slice(-8)]).toEqual(bytes);
  });

  test("misaligned accesses are as good as any", () => {
    expect(r0([op("ldxw", { dst: 0, src: 1, off: 1 }), EXIT], { input })).toBe(0x8584_8382n);
  });

  test("an address wraps to 64 bits", () => {
    const code = [...set(2, 4n), op("ldxb", { dst: 0, src: 2, off: -8 }), EXIT];
    expect(run(code)).toMatchObject({ why: "badAccess", detail: expect.stringContaining("0xfffffffffffffffc") });
  });

  test.each([
    ["above the frame", op("ldxb", { dst: 0, src: 10 })],
    ["below the frame", op("stb", { dst: 10, off: -513 })],
    ["over the top of the frame", op("stxdw", { dst: 10, src: 0, off: -4 })],
    ["behind the context", op("ldxb", { dst: 0, src: 1, off: 8 })],
    ["at a number", op("ldxb", { dst: 0, src: 3 })],
  ])("%s is a bad access", (_, insn) => {
    expect(run([insn, EXIT], { input })).toMatchObject({ kind: "faulted", pc: 0, why: "badAccess" });
  });
});

describe("the context", () => {
  test("r1 points to it and r10 to the top of the frame, the rest is zero", () => {
    expect(r0([op("mov reg", { dst: 0, src: 1 }), EXIT])).toBe(CONTEXT);
    expect(r0([op("mov reg", { dst: 0, src: 10 }), EXIT])).toBe(FRAME_TOP);
    expect(r0([op("mov reg", { dst: 0, src: 9 }), EXIT])).toBe(0n);
  });

  test("the frame reads as zero", () => {
    expect(r0([op("ldxdw", { dst: 0, src: 10, off: -512 }), EXIT])).toBe(0n);
  });

  test("a store changes what is reported", () => {
    const input = [1, 2, 3];
    expect([...regionAfter("context", [op("stb", { dst: 1, off: 1, imm: 9 }), EXIT], { input })]).toEqual([1, 9, 3]);
  });

  test.each([
    ["memory", [op("stb", { dst: 1, imm: 9 }), EXIT]],
    ["xdp", [op("ldxw", { dst: 2, src: 1 }), op("stb", { dst: 2, imm: 9 }), EXIT]],
  ] as const)("of kind %s: a store leaves the input alone", (context, code) => {
    const input = Uint8Array.of(1, 2, 3);
    const program = { code: [code], maps: [], context };
    expect(interpret({ program, input, layout: LAYOUT, fuel: 10 }).kind).toBe("returned");
    expect([...input]).toEqual([1, 2, 3]);
  });

  describe("of XDP", () => {
    const setting = { context: "xdp", input: [10, 11, 12] } as const;
    const load = (off: number) => op("ldxw", { dst: 0, src: 1, off });

    test.each([
      ["data", 0, 0xffff_0000_0004_0000n],
      ["data_end", 4, 0xffff_0000_0004_0003n],
      ["data_meta", 8, 0xffff_0000_0004_0000n],
    ])("%s is a whole pointer", (_, off, pointer) => {
      expect(r0([load(off), EXIT], setting)).toBe(pointer);
    });

    test("data points to the packet, which may be written", () => {
      const code = [
        op("ldxw", { dst: 2, src: 1 }),
        op("ldxb", { dst: 0, src: 2, off: 2 }),
        op("stb", { dst: 2, imm: 7 }),
        EXIT,
      ];
      expect(r0(code, setting)).toBe(12n);
      expect([...regionAfter("packet", code, setting)]).toEqual([7, 11, 12]);
    });

    test.each([
      ["no field", load(24)],
      ["between two fields", load(2)],
      ["8 bytes", op("ldxdw", { dst: 0, src: 1 })],
      ["2 bytes", op("ldxh", { dst: 0, src: 1 })],
      ["a store", op("stw", { dst: 1 })],
      ["an atomic", op("lock add", { dst: 1 })],
    ])("%s is a bad access", (_, insn) => {
      expect(run([insn, EXIT], setting)).toMatchObject({ kind: "faulted", pc: 0, why: "badAccess" });
    });

    test("behind the packet is a bad access", () => {
      const code = [op("ldxw", { dst: 2, src: 1 }), op("ldxb", { dst: 0, src: 2, off: 3 }), EXIT];
      expect(run(code, setting)).toMatchObject({ kind: "faulted", pc: 1, why: "badAccess" });
    });
  });
});
