import { describe, expect, test } from "vitest";
import { type ImageEdit, placeEdit, withEdit } from "./edit.js";
import { symbolsOfList } from "./image/symbol-file.js";
import type { TypedImage } from "./kernel-image.js";

const BASE = 0x8000_8000_0000;
const [OUTER, CALLED] = [BASE, BASE + 0x40];
/** bl called; cbnz x0, +8; mov w2, #2; bl called; b.hi -4; cmp x1, #1; ret. */
const WORDS = [0x9400_0010, 0xb500_0040, 0x5280_0042, 0x9400_000d, 0x54ff_ffe8, 0xf100_043f, 0xd65f_03c0];

function image(words = WORDS): TypedImage {
  const bytes = new Uint8Array(0x80);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  const symbols = symbolsOfList([
    { name: "outer", va: OUTER, letter: "T" },
    { name: "called.constprop.0", va: CALLED, letter: "t" },
  ]);
  const symbolAt: TypedImage["symbolAt"] = (va) => symbols.at(va);
  const address = (name: string): number | undefined => symbols.addressesOf(name)[0];
  const types = { struct: () => undefined };
  return {
    base: BASE,
    bytes,
    symbols,
    symbolAt,
    address,
    types,
    functions: symbols.functions(),
  } as unknown as TypedImage;
}

const CALL = { kind: "call", of: "other|called", nth: 2 } as const;
const made = (where: ImageEdit["where"], change: ImageEdit["change"], name = "outer") => {
  const result = placeEdit(image(), { id: "X1", title: "", in: ["absent", name], where, change });
  return typeof result === "string" ? result : { at: result.va - BASE, word: result.after, place: result.place };
};

describe("an edit of machine code", () => {
  test("finds a call by the name of what is called, and skips it or makes it fail", () => {
    expect(made(CALL, "nop")).toEqual({ at: 12, word: 0xd503_201f, place: "outer+0xc" });
    expect(made(CALL, "null")).toMatchObject({ at: 12, word: 0xd280_0000 });
    expect(made(CALL, "error")).toMatchObject({ word: 0x9280_0160 });
  });

  test("finds what belongs to a call", () => {
    expect(made({ kind: "after", of: "called", nth: 1 }, "flip")).toMatchObject({ at: 4, word: 0xb400_0040 });
    expect(made({ kind: "after", of: "called", nth: 1 }, "always")).toMatchObject({ at: 4, word: 0x1400_0002 });
    expect(made({ kind: "after", of: "called", nth: 2 }, "flip")).toMatchObject({ at: 16, word: 0x54ff_ffe9 });
    expect(made({ kind: "argument", of: "called", nth: 2, register: 2 }, "more")).toMatchObject({ word: 0x5280_0062 });
  });

  test("finds an instruction by its text", () => {
    expect(made({ kind: "text", like: /^cmp x1/, nth: 1 }, "more")).toMatchObject({ at: 20, word: 0xf100_003f });
  });

  test("finds a call by the constants that it is given", () => {
    const withConstants = (constants: Record<number, number>) => ({ kind: "with", of: "called", constants }) as const;
    expect(made(withConstants({ 2: 2 }), "absent")).toMatchObject({ at: 12, word: 0x52b2_2000 });
    expect(made(withConstants({ 2: 3 }), "absent")).toBe("absent and outer have no such instruction");
  });

  test("lets a branch go as it does for zero", () => {
    const behind = { kind: "after", of: "called", nth: 1 } as const;
    expect(made(behind, "zero")).toMatchObject({ at: 4, word: 0xd503_201f });
  });

  test("is not made where nothing comes to", () => {
    // b +8; bl called; bl called; ret: the first call stands there for other CPUs.
    const one = image([0x1400_0002, 0x9400_000f, 0x9400_000e, 0xd65f_03c0]);
    const edit = { id: "X1", title: "", in: ["outer"], where: { ...CALL, nth: 1 }, change: "nop" } as const;
    expect(placeEdit(one, edit)).toMatchObject({ place: "outer+0x8" });
    expect(placeEdit(one, { ...edit, in: ["bpf_prog_pack_free"] })).toMatch(/own pages/);
    expect(placeEdit(one, { ...edit, in: ["prepare_trampoline"] })).toMatch(/makes none/);
  });

  test("says why there is no place for it", () => {
    expect(made({ ...CALL, nth: 3 }, "nop")).toBe("absent and outer have no such instruction");
    expect(made({ kind: "text", like: /^ret/, nth: 1 }, "flip")).toBe("ret at outer+0x18 cannot be changed so");
    expect(made(CALL, "nop", "nowhere")).toBe("the image has no function absent or nowhere");
  });

  test("leaves the image as it is", () => {
    const one = image();
    const place = placeEdit(one, { id: "X1", title: "", in: ["outer"], where: CALL, change: "nop" });
    if (typeof place === "string") throw new Error(place);
    const { bytes } = withEdit(one, place);
    expect(one.bytes).toEqual(image().bytes);
    expect(new DataView(bytes.buffer).getUint32(12, true)).toBe(place.after);
  });
});
