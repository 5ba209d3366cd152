import { expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import type { TypedImage } from "./kernel-image.js";
import { PlacedImage } from "./placed-image.js";
import { Struct } from "./structs.js";

const BASE = 0x8000_8000_0000;
const PAGE = 4096;
const MEMBERS: Readonly<Record<string, readonly [bit: number, bits: number]>> = {
  ...{ flag: [13, 1], field: [14, 3], byte: [24, 8], half: [32, 16], word: [64, 32], long: [128, 64] },
  ...{ odd: [196, 50], beyond: [1016, 32] },
};

/** An image of two pages of text and data, and a structure in it. */
function placed() {
  const machine = new Machine();
  const image = { base: BASE, imageBytes: 2 * PAGE, address: () => undefined } as unknown as TypedImage;
  const memory = new PlacedImage(machine, image, new Uint8Array(PAGE + 100).fill(0xff));
  const member = (path: string) => {
    const [bit = 0, bits = 0] = MEMBERS[path] ?? [];
    return MEMBERS[path] && { bit, bits, type: 0 };
  };
  return { machine, memory, struct: new Struct(memory, "toy", { bytes: 128, member }) };
}

// The second lies in two pages; the last in memory that is no image.
test.each([BASE + 64, BASE + PAGE - 9, BASE + 4 * PAGE])(
  "members are set and read, and nothing beside them: %i",
  (va) => {
    const { machine, memory, struct } = placed();
    machine.map(BASE + 4 * PAGE, PAGE, "rw");
    const before = memory.read(va, 128);
    const values = {
      flag: 0n,
      field: 5n,
      byte: 0x81n,
      half: 0xfffen,
      word: 0x8000_0001n,
      long: 0xffff_8000_1234_5678n,
    };
    for (const [name, value] of Object.entries(values)) {
      struct.set(va, name, value);
      expect(struct.get(va, name)).toBe(value);
      expect(struct.number(va, name)).toBe(Number(value));
    }
    expect(struct.pointer(va, "long")).toBe(0x8000_1234_5678);
    struct.set(va, "long", 0);
    expect(struct.pointer(va, "long")).toBeUndefined();
    struct.set(va, "long", -1);
    expect(struct.get(va, "long")).toBe(0xffff_ffff_ffff_ffffn);
    const after = memory.read(va, 128);
    const bits = (bytes: Uint8Array): string =>
      [...bytes].map((byte) => [...byte.toString(2).padStart(8, "0")].reverse().join("")).join("");
    const [was, is] = [bits(before), bits(after)];
    const isSet = (bit: number): boolean =>
      Object.keys(values).some((name) => bit >= MEMBERS[name]![0] && bit < MEMBERS[name]![0] + MEMBERS[name]![1]);
    for (let bit = 0; bit < 1024; bit++) if (!isSet(bit)) expect([bit, is[bit]]).toEqual([bit, was[bit]]);
  },
);

test("what was stored into the image is taken back", () => {
  const { memory, struct } = placed();
  const before = memory.read(BASE, 2 * PAGE);
  expect(before.subarray(PAGE + 100)).toEqual(new Uint8Array(PAGE - 100));
  struct.set(BASE + PAGE - 9, "word", 1);
  memory.writeNumber(BASE + 2 * PAGE - 4, 4, 7);
  expect(memory.read(BASE, 2 * PAGE)).not.toEqual(before);
  memory.restore();
  expect(memory.read(BASE, 2 * PAGE)).toEqual(before);
});

test("what is no number is named", () => {
  const { struct } = placed();
  expect(() => struct.get(BASE, "odd")).toThrow("odd in struct toy to be a number or a pointer");
  expect(() => struct.get(BASE, "beyond")).toThrow("beyond within the 128 bytes of struct toy");
  expect(() => struct.get(BASE, "nothing")).toThrow("struct toy of this kernel has no member nothing");
});
