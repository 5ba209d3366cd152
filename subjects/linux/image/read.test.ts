import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { pointer } from "../../../machine/address.js";
import {
  KERNEL_BASE,
  KERNEL_FUNCTIONS,
  KERNEL_LAYOUTS,
  KERNEL_WRAPPINGS,
  type KernelSpec,
  storedZstd,
  writeKernelImage,
  zboot,
} from "../../../testing/kernel-image.js";
import { checksOf } from "./checkable.js";
import { gunzip, unzstd } from "./decompress.js";
import { allocatorOf } from "./features.js";
import type { KernelImage } from "./image.js";
import { readKernelImage } from "./read.js";

function read(file: Uint8Array, symbols?: string): KernelImage {
  const options = symbols === undefined ? {} : { symbols: new Uint8Array(Buffer.from(symbols)) };
  const kernel = readKernelImage(file, options);
  if (!kernel.ok) throw new Error(`expected ${kernel.error.expected}, got ${kernel.error.got}`);
  return kernel.value.image;
}
const sentence = (file: Uint8Array, symbols?: string): string => {
  try {
    return `read ${read(file, symbols).release}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const IMAGE = writeKernelImage();
const at = (image: KernelImage, name: string): number | undefined => {
  const va = image.address(name);
  return va === undefined ? undefined : va - image.base;
};

const SPECS: readonly KernelSpec[] = KERNEL_LAYOUTS.flatMap((layout) =>
  (["rela", "in place"] as const).flatMap((relocations) => [
    ...[true, false].map((namesData) => ({ layout, relocations, namesData })),
    { layout, relocations, base: 0xffc0_8000_0000, pageBytes: 65536 as const, hasBtf: false },
  ]),
);

describe("a raw image", () => {
  test.each(SPECS)("%o", (spec) => {
    const image = read(writeKernelImage(spec));
    const { layout, base = KERNEL_BASE, pageBytes = 4096, hasBtf = true, namesData = true } = spec;
    expect(image).toMatchObject({ base, pageBytes, layout, release: "6.12.0-test" });
    for (const [i, name] of Object.keys(KERNEL_FUNCTIONS).entries()) expect(at(image, name)).toBe(0x10000 + 16 * i);
    expect(image.symbolAt(base + 0x10014)).toEqual({ name: "bpf_int_jit_compile", offset: 4 });
    expect(image.functions[0]).toBe(namesData ? base : base + 0x10000);
    expect(at(image, "init_task")).toBe(namesData ? 0x1f000 : undefined);
    // Its pointers are what they will be.
    const view = new DataView(image.bytes.buffer);
    const words = Array.from({ length: image.bytes.length / 8 }, (_, i) => view.getBigUint64(8 * i, true));
    expect(words).toContain(pointer(base + 0x10010));
    expect(image.types === undefined).toBe(!hasBtf);
  });

  test("as 6.2 and 6.3 wrote it, with the order of names between markers and tokens", () => {
    const image = read(writeKernelImage({ layout: "offsets before names", hasSequence: true }));
    expect(at(image, "bpf_prog_pack_free")).toBe(0x10050);
  });

  test("has the types of its BTF, bit fields and members of unions without names included", () => {
    const { types } = read(IMAGE);
    const prog = types?.struct("bpf_prog");
    expect(prog?.bytes).toBe(24);
    expect(prog?.member("jited")).toMatchObject({ bit: 32, bits: 1 });
    expect(prog?.member("bpf_func")).toMatchObject({ bit: 64, bits: 64 });
    expect(prog?.member("insnsi")).toMatchObject({ bit: 128, bits: 64 });
    expect(prog?.member("nothing")).toBeUndefined();
    expect(types?.parameters("bpf_int_jit_compile")).toEqual(["prog"]);
    expect(types?.struct("task_struct")).toBeUndefined();
  });
});

describe("what the JIT calls for memory", () => {
  const missing = (file: Uint8Array): readonly string[] | undefined =>
    checksOf(read(file)).find(({ name }) => name === "packs")?.missing;

  test("says whether it uses packs", () => {
    expect(allocatorOf(read(IMAGE))).toBe("packs");
    expect(missing(IMAGE)).not.toContain("packs in bpf_int_jit_compile()");
    // Its first call, made a NOP.
    const without = IMAGE.slice();
    without.set([0x1f, 0x20, 0x03, 0xd5], 0x10010);
    expect(allocatorOf(read(without))).toBe("unknown");
    expect(missing(without)).toContain("packs in bpf_int_jit_compile()");
  });
});

describe("a kernel's file", () => {
  test.each(Object.keys(KERNEL_WRAPPINGS))("as %s", (format) => {
    const kernel = readKernelImage(KERNEL_WRAPPINGS[format]!(IMAGE));
    expect(kernel.ok && kernel.value.format).toBe(format);
    expect(kernel.ok && Buffer.from(kernel.value.image.bytes).equals(read(IMAGE).bytes)).toBe(true);
  });

  const x86 = KERNEL_WRAPPINGS.vmlinux!(IMAGE);
  x86[18] = 62;
  const text = (head: string, place = 0): Uint8Array => {
    const bytes = new Uint8Array(4096).fill(0x20);
    bytes.set(Buffer.from(head, "latin1"), place);
    return bytes;
  };
  test.each([
    [x86, "expected an ELF file for AArch64, got one for x86-64"],
    [text("HdrS", 0x202), "got an x86 bzImage"],
    [text("ANDROID!"), "got an Android boot image"],
    [text("\x02\x21\x4c\x18"), "got LZ4"],
    [text("!<arch>\ndebian-binary"), "got a Debian package"],
    [text("hello"), "got bytes of no known sort"],
    [new Uint8Array(0), "expected an arm64 kernel"],
    [new Uint8Array(4096), "got nothing but zero bytes"],
    [zboot(IMAGE, "lzma"), 'expected an EFI zboot image packed with gzip or zstd, got one packed with "lzma"'],
    [zboot(gzipSync("no kernel"), "gzip"), "expected an arm64 Image in the EFI zboot image, got something else"],
    [zboot(gzipSync(IMAGE), "gzip").subarray(0, 200), "it is cut short"],
    [new Uint8Array(gzipSync(IMAGE)).subarray(0, 500), "expected whole gzip data"],
    [storedZstd(IMAGE).subarray(0, 500), "expected whole zstd data"],
    [IMAGE.subarray(0, 0x18000), "it is cut short"],
    [KERNEL_WRAPPINGS["Image.gz"]!(IMAGE.subarray(0, 0x18000)), "it is cut short"],
  ])("that is none is refused by its name (%#)", (file, expected) => {
    expect(sentence(file)).toContain(expected);
  });

  test("that unpacks to more than is allowed is refused before it has", () => {
    const most = 1 << 20;
    const large = new Uint8Array(2 * most);
    expect(() => gunzip(gzipSync(large), most)).toThrow("gzip data that unpacks to at most 1 MiB, got more");
    expect(() => unzstd(storedZstd(large), most)).toThrow("zstd data that unpacks to at most 1 MiB, got more");
    expect(unzstd(storedZstd(large))).toHaveLength(large.length);
  });

  test("with kallsyms that are damaged is refused", () => {
    const { bytes } = read(IMAGE);
    const tokens = Buffer.from(bytes).indexOf("0\x001\x002\x003\0");
    const names = Buffer.from(bytes).indexOf("T_text");
    const damaged = (place: number): Uint8Array => IMAGE.with(place, 0xff);
    expect(sentence(damaged(tokens + 1))).toContain("no token table");
    expect(sentence(damaged(names - 1))).toContain("expected the names of kallsyms before their tokens");
    const offsets = Buffer.from(IMAGE).indexOf(Buffer.of(0, 0, 1, 0, 0x10, 0, 1, 0), tokens);
    expect(sentence(damaged(offsets + 3))).toContain("in ascending order");
  });
});

describe("symbols that are given", () => {
  const FUNCTIONS_ONLY = writeKernelImage({ namesData: false });
  const lines = (shift: number): string =>
    [...Object.keys(KERNEL_FUNCTIONS).map((name, i) => [name, "T", 0x10000 + 16 * i]), ["init_task", "D", 0x1f000]]
      .map(([name, letter, place]) => `${pointer(KERNEL_BASE + Number(place) + shift).toString(16)} ${letter} ${name}`)
      .join("\n");

  test("name the data of an image that names functions only", () => {
    const image = read(FUNCTIONS_ONLY, lines(0));
    expect(at(image, "init_task")).toBe(0x1f000);
    expect(image.symbols.count).toBe(Object.keys(KERNEL_FUNCTIONS).length + 1);
  });

  test("of another build are refused", () => {
    const got = "got 0 of 6 names at the same address";
    expect(sentence(FUNCTIONS_ONLY, lines(64))).toBe(`expected symbols of the same build as the image, ${got}`);
  });

  test("that are none are refused", () => {
    expect(sentence(IMAGE, "ffffffffffffffff B The real System.map is elsewhere")).toContain("no line with an address");
  });
});
