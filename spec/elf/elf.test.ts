import { describe, expect, test } from "vitest";
import { type ElfSpec, writeElf } from "../../testing/elf.js";
import { readElf } from "./elf.js";
import { symbolsOf } from "./symbols.js";

const CODE = new Uint8Array(16).fill(0x95);
const SPEC: ElfSpec = {
  sections: [
    { name: ".text", flags: 6, bytes: CODE },
    { name: ".bss", type: 8, size: 4096 },
  ],
  symbols: [{ name: "main", section: ".text", size: 16 }, { name: "extern" }],
  relocations: { ".text": [{ offset: 8, type: 10, symbol: "extern" }] },
};
const FILE = writeElf(SPEC);

const changed = (at: number, ...bytes: readonly number[]): Uint8Array => {
  const file = FILE.slice();
  file.set(bytes, at);
  return file;
};
const sentence = (file: Uint8Array): string => {
  const elf = readElf(file);
  return elf.ok ? "ok" : `expected ${elf.error.expected}, got ${elf.error.got}`;
};
function read(file: Uint8Array) {
  const elf = readElf(file);
  if (!elf.ok) throw new Error(elf.error.got);
  return elf.value;
}

describe("an ELF file", () => {
  test("is its sections, symbols and relocations", () => {
    const elf = read(FILE);
    expect(elf.sections.map(({ name }) => name)).toEqual([
      ...["", ".text", ".bss", ".rel.text", ".symtab", ".strtab", ".shstrtab"],
    ]);
    expect(elf.sections[1]).toMatchObject({ type: 1, flags: 6, offset: 64, size: 16, bytes: CODE });
    expect(elf.sections[2]).toMatchObject({ size: 4096, bytes: new Uint8Array() });
    const symbols = symbolsOf(elf);
    expect(symbols[1]).toEqual({ ...{ index: 1, name: "main", value: 0n, size: 16 }, type: 2, binding: 1, section: 1 });
    expect(symbols[2]).toMatchObject({ name: "extern", section: 0 });
  });

  test.each([
    [Uint8Array.of(1, 2, 3, 4), "expected an ELF file, got other first bytes"],
    [FILE.slice(0, 60), "expected an ELF header of 64 bytes, got 60"],
    [changed(4, 1), "expected a 64-bit ELF file, got a 32-bit one"],
    [changed(5, 2), "expected a little-endian ELF file, got a big-endian one"],
    [changed(58, 40), "expected a section header of 64 bytes, got one of 40"],
    [changed(62, 200, 0), "expected section names in one of 7 sections, got in section 200"],
    [changed(47, 0xff), "expected the place of the section headers below 2^53, got 0xff000000000000e8"],
    [
      FILE.slice(0, FILE.length - 1),
      "expected the 7 section headers within the file's 679 bytes, got bytes 232 to 680",
    ],
    [
      writeElf({ sections: [{ name: ".text", bytes: CODE, size: 1 << 20 }] }),
      "expected section 1 within the file's 296 bytes, got bytes 64 to 1048640",
    ],
    [
      writeElf({
        sections: [
          { name: ".text", bytes: CODE },
          { name: "xdp", bytes: CODE, offset: 72 },
        ],
      }),
      "expected sections apart in the file, got xdp within .text, at byte 72",
    ],
    [
      writeElf({ sections: [{ name: ".text", bytes: CODE, offset: 0 }] }),
      "expected sections apart in the file, got .text within the ELF header, at byte 0",
    ],
  ])("that is damaged is refused in one sentence (%#)", (file, expected) => {
    expect(sentence(file)).toBe(expected);
  });

  test("with any one byte changed is read or refused, and costs nothing", () => {
    for (let at = 0; at < FILE.length; at++) {
      for (const byte of [0, 1, 0x7f, 0xff]) {
        const elf = readElf(changed(at, byte));
        if (!elf.ok) continue;
        try {
          symbolsOf(elf.value);
        } catch (error) {
          expect(error).toMatchObject({ expected: expect.any(String), got: expect.any(String) });
        }
      }
    }
  });

  test("whose names share their bytes without end is refused", () => {
    const names = Uint8Array.from({ length: 4000 }, (_, i) => (i === 3999 ? 0 : 0x61));
    const entries = new Uint8Array(24 * 4000);
    const view = new DataView(entries.buffer);
    for (let i = 0; i < 4000; i++) view.setUint32(24 * i, i % 3000, true);
    const elf = read(
      writeElf({
        sections: [
          { name: ".symtab", type: 2, bytes: entries, link: ".strtab" },
          { name: ".strtab", type: 3, bytes: names },
        ],
      }),
    );
    expect(() => symbolsOf(elf)).toThrow(
      "expected names that the symbol names have room for, got names that share their bytes",
    );
  });
});
