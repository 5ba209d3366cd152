// Atomic operations, accesses that may fault, and the defects of both.

import { describe, expect, test } from "vitest";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { PROFILES, QUIRKS } from "../quirks.js";
import { type CompiledImage, compileImages } from "./compile.js";
import { type JitEnv, LINUX_6_12 } from "./env.js";

const ADDRESS = 0x8000_82c2_5888;
const ARENA = { kernelBase: { high: 0xffff_8000, low: 0 }, userBase: { high: 0x7f, low: 0 } };
const LLSC: Partial<JitEnv> = { lse: false };
const FIXED: Partial<JitEnv> = { quirks: PROFILES.fixed };

function compile(text: string, env: Partial<JitEnv> = {}): CompiledImage {
  const insns = bpf(`${text}; exit`, { dialect: "kernel" });
  const fn = {
    insns,
    index: 0,
    stackDepth: 0,
    ...(text.includes("arena") || text.includes("cast") ? { arena: ARENA } : {}),
  };
  const compiled = compileImages([fn], { ...LINUX_6_12, ...env }, () => ADDRESS);
  if (!compiled.ok) throw new Error(compiled.error.kind);
  return compiled.images[0] as CompiledImage;
}
const hex = (bytes: Uint8Array): string =>
  [...new Uint32Array(bytes.slice().buffer)].map((word) => word.toString(16).padStart(8, "0")).join(" ");
function body(text: string, env: Partial<JitEnv> = {}): string {
  const { image, offsets } = compile(text, env);
  return hex(image.subarray((offsets[0] ?? 0) * 4, (offsets.at(-1) ?? 0) * 4));
}

describe("with LSE", () => {
  test.each([
    ["lock *(u64 *)(r1 + 0) += r2", "f821001f"],
    ["lock *(u32 *)(r1 + 8) |= r2", "d280010a 8b00014a b821315f"],
    ["lock *(u64 *)(r1 + 0) &= r2", "aa2103eb f82b101f"],
    ["r2 = atomic_fetch_xor((u64 *)(r1 + 0), r2)", "f8e12001"],
    ["w2 = atomic_fetch_and((u32 *)(r1 - 4), w2)", "9280006a 8b00014a 2a2103eb b8eb1141"],
    ["r2 = xchg_64(r1 + 0, r2)", "f8e18001"],
    ["w0 = cmpxchg32_32(r1 + 0, w0, w2)", "88e7fc01"],
  ])("%s", (text, words) => {
    expect(body(text)).toBe(words);
  });
});

describe("without LSE", () => {
  test.each([
    ["lock *(u64 *)(r1 + 0) += r2", "c85f7c0b 8b01016b c80c7c0b 35ffffac"],
    [
      "r2 = atomic_fetch_or((u64 *)(r1 + 8), r2)",
      "d280010a 8b00014a 91000029 c85f7d41 aa09002b c80cfd4b 35ffffac d5033bbf",
    ],
    ["w2 = xchg32_32(r1 + 0, w2)", "1100002b 885f7c01 880cfc0b 35ffffcc d5033bbf"],
    ["r0 = cmpxchg_64(r1 + 0, r0, r2)", "910000eb c85f7c07 ca0b00ec b500008c c80cfc01 35ffff8c d5033bbf"],
  ])("%s", (text, words) => {
    expect(body(text, LLSC)).toBe(words);
  });

  test("the loop must not load into the register that holds the address", () => {
    const text = "r1 = atomic_fetch_add((u64 *)(r1 + 0), r1)";
    expect(body(text, LLSC)).toBe("91000009 c85f7c00 8b09000b c80cfc0b 35ffffac d5033bbf");
    expect(body(text, { ...LLSC, ...FIXED })).toBe("9100000a 91000009 c85f7d40 8b09000b c80cfd4b 35ffffac d5033bbf");
    expect(body("r0 = cmpxchg_64(r0 + 0, r0, r2)", { ...LLSC, ...FIXED })).toMatch(/^910000ea 910000eb c85f7d47 /);
    // With an offset, or with LSE, the address is elsewhere or is read in time.
    const offset = text.replace("+ 0", "+ 8");
    expect(body(offset, { ...LLSC, ...FIXED })).toBe(body(offset, LLSC));
    expect(body(text, FIXED)).toBe(body(text));
  });
});

describe("arenas and the exception table", () => {
  test("each access adds the arena's base and has an entry", () => {
    const image = compile(
      "r2 = arena *(u32 *)(r1 + 4); arena *(u64 *)(r1 - 8) = r2; arena lock *(u64 *)(r1 + 8) += r2",
    );
    expect(hex(image.image.subarray(0, image.jitedBytes))).toContain(
      "8b1c000b b9400561 8b1c000b 928000ea f82a6961 d280010a 8b00014a 8b1c014a f821015f",
    );
    const first = (image.offsets[0] ?? 0) * 4;
    const words = new Int32Array(image.image.slice(image.tableBytes).buffer);
    // Register to clear, 5 for none, above the distance back from the entry's second word to behind the faulting one.
    const entries = [4, 16, 32].map((at, i) => [
      words[3 * i]!,
      words[3 * i + 1]!,
      first + at - image.tableBytes - 12 * i,
    ]);
    expect(entries.map(([insn, fixup, distance]) => [insn! - distance!, fixup! + distance!])).toEqual([
      [0, 1 << 27],
      [0, 5 << 27],
      [0, 5 << 27],
    ]);
  });

  test("the unused half-word of an entry keeps the fill", () => {
    const { image, tableBytes } = compile("r2 = probe *(u8 *)(r1 + 0)");
    expect(hex(image.subarray(tableBytes + 8))).toBe("d4200001");
    expect(image.length).toBe(tableBytes + 12);
  });

  test("a constant stored at an offset that needs a register: the defect overwrites the base", () => {
    const text = "arena *(u32 *)(r1 + 13) = 7";
    expect(body(text)).toBe("8b1c000b d28000ea d28001ab b82b696a");
    expect(body(text, FIXED)).toBe("8b1c000c d28000ea d28001ab b82b698a");
  });

  test("a pointer for user space", () => {
    expect(body("r2 = addr_space_cast(r1, 1, 0)")).toBe("1100000a 52800fe1 d3607c21 b400004a aa0a002a 91000141");
  });
});

test("every known defect that Linux 6.12 has is on in its profile and off in the other", () => {
  const isOfLater = (row: (typeof QUIRKS)[number]): boolean => "from" in row;
  const isOfEarlier = (row: (typeof QUIRKS)[number]): boolean => "until" in row && row.until === "6.12";
  const ids = QUIRKS.filter((row) => !isOfLater(row) && !isOfEarlier(row)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.map((id) => PROFILES["linux-6.12"][id])).toEqual(ids.map(() => true));
  expect(ids.map((id) => PROFILES.fixed[id])).toEqual(ids.map(() => false));
});
