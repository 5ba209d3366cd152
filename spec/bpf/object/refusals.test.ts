// Every reason for which an object file is refused, once, with its exact sentence, and what to do where that is not to
// compile it again; and that none in the sources is missing.

import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { ADDRESS, CALL, type ObjectSpec, writeObject } from "../../../testing/bpf-object.js";
import { BtfBuilder } from "../../../testing/btf.js";
import { type ElfSpec, writeElf } from "../../../testing/elf.js";
import { reasonsOf } from "../../../testing/reasons.js";
import { linkProgram } from "./link.js";
import { programsOf, readObject } from "./object.js";

/** What is said of a file, or of its first program. */
function sentenceOf(file: Uint8Array): string {
  const object = readObject(file);
  const read = object.ok ? linkProgram(object.value, programsOf(object.value)[0]!, "memory") : object;
  if (read.ok) return "read";
  const { expected, got, next } = read.error;
  return `expected ${expected}, got ${got}${next === undefined ? "" : `; ${next}`}`;
}

const RETURN = "r0 = 0\nexit\n";
const CODE_FLAGS = 6;
const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const main = (text = RETURN, relocations = {}) => ({
  section: "xdp",
  functions: [{ name: "main", text, relocations }],
});
const object = (spec: Partial<ObjectSpec>): Uint8Array => writeObject({ code: [main()], ...spec });
/** A program that names a symbol. */
const naming = (symbol: string, type = ADDRESS) => [main("r1 = 0 ll\nr0 = 0\nexit\n", { 0: { symbol, type } })];
const code = (bytes: number): ElfSpec["sections"][number] => ({
  ...{ name: "xdp", flags: CODE_FLAGS, bytes: new Uint8Array(bytes).fill(0x95, 0, 1) },
});
const elf = (spec: Partial<ElfSpec>): Uint8Array => writeElf({ sections: [code(16)], ...spec });
/** An object with one byte, or as many as are given, put at a place. */
function changed(file: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array {
  const copy = file.slice();
  copy.set(bytes, at < 0 ? copy.length + at : at);
  return copy;
}

const legacyMap = (...bytes: readonly number[]): Uint8Array =>
  object({
    code: naming("m"),
    data: [{ section: "maps", bytes: words(...bytes), symbols: { m: [0, 4 * bytes.length] } }],
  });
function mapOf(
  numbers: Readonly<Record<string, number>>,
  relocations: readonly string[] = [],
  variable?: (btf: BtfBuilder) => number,
) {
  const btf = new BtfBuilder();
  const type = variable?.(btf) ?? btf.map("m", numbers, relocations.length > 0 ? { values: btf.int("u64", 8) } : {});
  btf.section(".maps", [{ type, offset: 0, size: 32 }]);
  const values = 8 * Object.keys(numbers).length;
  return object({
    code: naming("m"),
    data: [
      {
        ...{ section: ".maps", bytes: new Uint8Array(64), symbols: { m: [0, 64] as const, other: [60, 4] as const } },
        relocations: relocations.map((symbol, i) => ({ offset: values + 8 * i, type: 2, symbol })),
      },
      { section: ".BTF", bytes: btf.bytes(), isDebug: true },
    ],
  });
}
/** An object with these bytes as its types, and as what it says of its lines. */
const withBtf = (types: Uint8Array, ext?: Uint8Array): Uint8Array =>
  object({
    data: [
      { section: ".BTF", bytes: types, isDebug: true },
      ...(ext === undefined ? [] : [{ section: ".BTF.ext", bytes: ext, isDebug: true as const }]),
    ],
  });
const types = (...all: readonly number[]): Uint8Array => {
  const bytes = 4 * all.length;
  return words(0x1eb9f, 24, 0, bytes, bytes, 1, ...all, 0);
};
const NO_TYPES = types();
const ext = (...lines: readonly number[]): Uint8Array => words(0x1eb9f, 24, 0, 0, 0, 4 * lines.length, ...lines);
const variable = (kind: "typedef" | "array") => (btf: BtfBuilder) => {
  const at = kind === "typedef" ? btf.add("typedef", "t", 1) : btf.add("array", "", 0, [1, 1, 2]);
  const member = btf.add("ptr", "", at);
  return btf.add("var", "m", btf.struct("", 8, [["value", member, 0]]), [1]);
};

/** Places in `object({})`: headers of its tables, from the end of the file. */
const [SYMTAB, STRTAB] = [-64 * 3, -64 * 2];
const fieldOf = (at: number, file = object({})): number =>
  new DataView(file.buffer).getUint32(file.length + at + 24, true);
const symbolAt = (index: number): number => fieldOf(SYMTAB) + 24 * index;
const STRTAB_END = fieldOf(STRTAB) + "\0main\0".length;
/** Symbols whose names begin everywhere in one long name. */
function sharedNames(): Uint8Array {
  const names = ["n".repeat(4000), ...new Array<string>(40).fill("")];
  const file = elf({ symbols: names.map((name) => ({ name, section: "xdp", size: 16 })) });
  const view = new DataView(file.buffer);
  const table = fieldOf(SYMTAB, file);
  names.forEach((_, i) => {
    view.setUint32(table + 24 * (i + 1), i + 1, true);
  });
  return file;
}
/** A program and its subprogram, each short enough. */
function tooMany(): Uint8Array {
  const HALF = 8 * 600_000;
  const bytes = new Uint8Array(HALF);
  const call = Uint8Array.of(0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff);
  bytes.set(call);
  return elf({
    sections: [
      { name: "xdp", flags: CODE_FLAGS, bytes },
      { name: ".text", flags: CODE_FLAGS, bytes: new Uint8Array(HALF) },
    ],
    symbols: [
      { name: "main", section: "xdp", size: HALF },
      { name: "sub", section: ".text", size: HALF },
    ],
    relocations: { xdp: [{ offset: 0, type: CALL, symbol: "sub" }] },
  });
}
/** A constant of 64 bits that ends in another function. */
const halves = (): Uint8Array => object({ code: [main("r1 = 0 ll\nexit\n")] }).with(64 + 8, 0xb7);
/** A program that jumps through a table of that many bytes. */
const jumps = (bytes: number): Uint8Array =>
  object({
    code: naming("table"),
    data: [{ section: ".jumptables", bytes: new Uint8Array(bytes).fill(0x77), symbols: { table: [0, bytes] } }],
  });
/** A program that accesses a member of a type of the kernel. */
function core(): Uint8Array {
  const btf = new BtfBuilder();
  const task = btf.struct("task_struct", 4, [["pid", btf.int("int", 4), 0]]);
  return withBtf(...atCore(btf, task));
}
function atCore(btf: BtfBuilder, task: number): [Uint8Array, Uint8Array] {
  const list = btf.ext({}, { xdp: [{ offset: 0, words: [task, "0:0", 0] }] });
  return [btf.bytes(), list];
}

/** A program that adds to the address of a symbol, which lies behind another one. */
const adding = (imm: number, section: string): Uint8Array =>
  object({
    code: [main(`r1 = ${imm} ll\nr0 = 0\nexit\n`, { 0: { symbol: "second", type: ADDRESS } })],
    data: [{ section, bytes: words(2, 4, 8, 1, 2, 4, 8, 1), symbols: { first: [0, 16], second: [16, 16] } }],
  });

const SENTENCES: readonly (readonly [string, Uint8Array])[] = [
  ["expected an ELF file, got other first bytes", Uint8Array.of(1, 2)],
  ["expected an ELF header of 64 bytes, got 6", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1)],
  ["expected a 64-bit ELF file, got a 32-bit one", changed(object({}), 4, 1)],
  ["expected a 64-bit ELF file, got class 9", changed(object({}), 4, 9)],
  ["expected a little-endian ELF file, got a big-endian one", changed(object({}), 5, 2)],
  ["expected a little-endian ELF file, got data 3", changed(object({}), 5, 3)],
  ["expected an ELF file for BPF, got one for x86-64; compile it with --target=bpf", object({ machine: 62 })],
  ["expected an ELF file for BPF, got one for machine 4000; compile it with --target=bpf", object({ machine: 4000 })],
  [
    "expected a relocatable ELF file, got an executable; name what the compiler made, before it was linked",
    elf({ type: 2 }),
  ],
  [
    "expected a relocatable ELF file, got one of type 9; name what the compiler made, before it was linked",
    elf({ type: 9 }),
  ],
  [
    "expected an address within the 32 bytes of .data, got byte 32, the place of second, 16, counted twice, in main, " +
      "slot 0; its assembler is at fault: use another one",
    adding(16, ".data"),
  ],
  [
    "expected an address within the 32 bytes of .data, got byte 33 in main, slot 0; correct the program",
    adding(17, ".data"),
  ],
  ["expected code in a BPF object, got no section with instructions; name another file", elf({ sections: [] })],
  ["expected the place of the section headers below 2^53, got 0x100000000000060", changed(elf({}), 47, 1)],
  [
    "expected the first section header within the file's 288 bytes, got bytes 65535 to 65599",
    changed(elf({}), 40, 0xff, 0xff),
  ],
  ["expected a section header of 64 bytes, got one of 40", changed(elf({}), 58, 40)],
  ["expected section names in one of 3 sections, got in section 9", changed(elf({}), 62, 9)],
  [
    "expected section 1 within the file's 288 bytes, got bytes 64 to 4160",
    elf({ sections: [{ ...code(16), size: 4096 }] }),
  ],
  [
    "expected sections apart in the file, got maps within xdp, at byte 64",
    elf({ sections: [code(16), { name: "maps", offset: 64, bytes: new Uint8Array(8) }] }),
  ],
  ["expected instructions of 8 bytes in section xdp, got 12 bytes", elf({ sections: [code(12)] })],
  [
    "expected at most 1000000 instructions in section xdp, got 1000001; make it smaller",
    elf({ sections: [code(8_000_008)] }),
  ],
  [
    "expected function f within the 16 bytes of section xdp, got bytes 0 to 24",
    elf({ symbols: [{ name: "f", section: "xdp", size: 24 }] }),
  ],
  [
    "expected function f at whole instructions, got bytes 4 to 4",
    elf({ symbols: [{ name: "f", section: "xdp", value: 4 }] }),
  ],
  [
    "expected functions apart in section xdp, got g within f",
    elf({
      symbols: [
        { name: "f", section: "xdp", size: 16 },
        { name: "g", section: "xdp", value: 8 },
      ],
    }),
  ],
  ["expected symbol names in a string table, got section 0", changed(object({}), SYMTAB + 40, 0)],
  ["expected entries of 24 bytes in .symtab, got entries of 23", changed(object({}), SYMTAB + 56, 23)],
  ["expected whole entries of 24 bytes in .symtab, got 47 bytes", changed(object({}), SYMTAB + 32, 47)],
  ["expected symbol main in one of 5 sections, got section 77", changed(object({}), symbolAt(1) + 6, 77)],
  ["expected a name within the symbol names, which have 6 bytes, got offset 99", changed(object({}), symbolAt(1), 99)],
  [
    "expected the symbol names to end with a zero byte, got a name without an end at offset 1",
    changed(object({}), STRTAB_END - 1, 65),
  ],
  [
    "expected a name of at most 4096 bytes, got 4097",
    object({ code: [{ section: "xdp", functions: [{ name: "n".repeat(4097), text: RETURN }] }] }),
  ],
  ["expected names that the symbol names have room for, got names that share their bytes", sharedNames()],
  [
    "expected a program header of 56 bytes, got one of 40",
    elf({ segments: [{ section: "xdp", address: 0n }], machine: 247 }).with(54, 40),
  ],
  [
    "expected a call to be relocated, got another instruction in main, slot 0",
    object({ code: [main("r0 = 0\nexit\n", { 0: { symbol: "main", type: CALL } })] }),
  ],
  [
    "expected a 64-bit immediate to be relocated, got another instruction in main, slot 0",
    object({ code: [main("r0 = 0\nexit\n", { 0: { symbol: "main", type: ADDRESS } })] }),
  ],
  [
    "expected relocations R_BPF_64_64 and R_BPF_64_32 in code, got R_BPF_64_ABS64 in main, slot 0",
    object({ code: [main("r0 = 0\nexit\n", { 0: { symbol: "main", type: 2 } })] }),
  ],
  [
    "expected a call of a function, got one of slot 8 of xdp in main, slot 0",
    object({ code: [main("call pc+7\nexit\n")] }),
  ],
  [
    "expected a program that needs nothing of a running kernel, got extern without a name in main, slot 0; name another function, or load the object where that kernel runs",
    object({ code: naming("nothing") }),
  ],
  [
    "expected a relocation with one of 2 symbols, got symbol 99",
    changed(object({ code: naming("main") }), fieldOf(-64 * 4, object({ code: naming("main") })) + 12, 99),
  ],
  ["expected at most 1000000 instructions, got more; make it smaller", tooMany()],
  [
    "expected relocations R_BPF_64_64 and R_BPF_64_32 in code, got one of type 77 in main, slot 0",
    object({ code: [main("r0 = 0\nexit\n", { 0: { symbol: "main", type: 77 } })] }),
  ],
  [
    "expected a variable with bytes, got an empty section empty",
    object({ code: naming("here"), data: [{ section: "empty", bytes: new Uint8Array(), symbols: { here: [0, 0] } }] }),
  ],
  [
    "expected an address of a map, a variable or a function, got here in main, slot 0",
    object({
      code: naming("here"),
      data: [{ section: "notes", bytes: new Uint8Array(8), symbols: { here: [0, 0] }, isDebug: true }],
    }),
  ],
  [
    "expected a program that needs nothing of a running kernel, got extern jiffies in main, slot 0; name another function, or load the object where that kernel runs",
    object({ code: naming("jiffies"), externs: ["jiffies"] }),
  ],
  [
    "expected a program that needs nothing of a running kernel, got extern bpf_obj_new in main, slot 0; with --unknown-calls it is one of which nothing is known",
    object({
      code: [main("call pc-1\nexit\n", { 0: { symbol: "bpf_obj_new", type: CALL } })],
      externs: ["bpf_obj_new"],
    }),
  ],
  [
    "expected BPF instructions, got opcode 0xff is not an instruction, in xdp, slot 0",
    elf({ sections: [{ ...code(16), bytes: Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0) }] }),
  ],
  ["expected BPF instructions, got the second slot of lddw must have opcode 0, in main, slot 1", halves()],
  ["expected map m of at least 16 bytes within section maps, got bytes 0 to 12 of 12", legacyMap(2, 4, 8)],
  ["expected map m of a known type, got type 99; name another function", legacyMap(99, 4, 8, 1)],
  ["expected map m of a type that is modelled, got queue; name another function", legacyMap(22, 0, 4, 8)],
  ["expected map m with keys of 4 bytes, as an array has, got 8; correct the program", legacyMap(2, 8, 8, 1)],
  [
    "expected map m with keys of 4 bytes, as a map of redirects has, got 8; correct the program",
    legacyMap(14, 8, 4, 1),
  ],
  [
    "expected map m with keys and values, got keys of 0 bytes and values of 8; correct the program",
    legacyMap(1, 0, 8, 1),
  ],
  [
    "expected map m of at most 33554432 bytes, got 1048576 values of 4096 bytes; make it smaller",
    legacyMap(2, 4, 4096, 1 << 20),
  ],
  ["expected map m with values of at most 33554432 bytes, got 67108864; make it smaller", legacyMap(1, 4, 1 << 26, 1)],
  ["expected map m of at most 65536 programs, got 65537; make it smaller", legacyMap(3, 4, 4, 65_537)],
  ["expected map m of at most 33554432 bytes, got 67108864; make it smaller", legacyMap(27, 0, 0, 1 << 26)],
  [
    "expected section .data of at most 33554432 bytes, got 33554433; make it smaller",
    object({ data: [{ section: ".data", bytes: new Uint8Array(32 * 1024 * 1024 + 1) }] }),
  ],
  [
    "expected the types of the maps in .BTF, got no section .BTF; compile it with -g, with gcc -gbtf",
    object({ data: [{ section: ".maps", bytes: new Uint8Array(32) }] }),
  ],
  [
    "expected the types of the maps in .BTF, got a section .BTF without them; compile it with -g, with gcc -gbtf",
    object({
      data: [
        { section: ".maps", bytes: new Uint8Array(32) },
        { section: ".BTF", bytes: NO_TYPES, isDebug: true },
      ],
    }),
  ],
  [
    "expected map m whose addresses the file says, got an instruction array that its loader fills in; name another function",
    mapOf({ type: 34, max_entries: 4 }),
  ],
  [
    "expected programs in map m, got other; correct the program",
    mapOf({ type: 3, max_entries: 4, key_size: 4, value_size: 4 }, ["other"]),
  ],
  [
    "expected maps in map m, got main; correct the program",
    mapOf({ type: 12, max_entries: 4, key_size: 4, value_size: 4 }, ["main"]),
  ],
  [
    "expected a symbol for map other_name, got none",
    mapOf({}, [], (btf) => btf.add("var", "other_name", btf.struct("", 8, []), [1])),
  ],
  ["expected map m to be a structure, got int", mapOf({}, [], (btf) => btf.add("var", "m", btf.int("int", 4), [1]))],
  [
    "expected type 1 to come to an end, got types that refer to each other in a circle",
    mapOf({}, [], variable("typedef")),
  ],
  [
    "expected type 1 of BTF to be array, got int int",
    mapOf({}, [], (btf) =>
      btf.add("var", "m", btf.struct("", 8, [["type", btf.add("ptr", "", btf.int("int", 4)), 0]]), [1]),
    ),
  ],
  [
    "expected a type of BTF from 1 to 4, got type 99",
    mapOf({}, [], (btf) => btf.add("var", "m", btf.struct("", 8, [["key", btf.add("ptr", "", 99), 0]]), [1])),
  ],
  [
    "expected a type with a size, got funcProto f",
    mapOf({}, [], (btf) =>
      btf.add("var", "m", btf.struct("", 8, [["key", btf.add("ptr", "", btf.add("funcProto", "f", 0)), 0]]), [1]),
    ),
  ],
  ["expected table table of 8 bytes for each target within .jumptables, got 12", jumps(12)],
  ["expected table table of at most 65536 targets, got 65537; make it smaller", jumps(8 * 65_537)],
  ["expected table table of instructions of main, got byte 8608480567731124087 of section xdp", jumps(8)],
  ["expected a BTF header of 24 bytes, got 8", withBtf(words(1, 2))],
  ["expected BTF, little endian, got magic 0x1234", withBtf(words(0x1234, 24, 0, 0, 0, 0))],
  ["expected BTF within its 24 bytes, got tables up to byte 4120", withBtf(words(0x1eb9f, 24, 0, 4096, 0, 0))],
  ["expected type 1 of BTF as a whole, got the end of the types", withBtf(types(0, 1))],
  ["expected a kind of type for type 1 of BTF, got kind 31", withBtf(types(0, 31 << 24, 0))],
  ["expected type 1 of BTF as a whole, got the end of the types", withBtf(types(0, 1 << 24, 4))],
  ["expected .BTF.ext with its header, got 8 bytes of another sort", withBtf(NO_TYPES, words(1, 2))],
  [
    "expected .BTF.ext within its 24 bytes, got a table up to byte 4120",
    withBtf(NO_TYPES, words(0x1eb9f, 24, 0, 0, 0, 4096)),
  ],
  ["expected records of .BTF.ext with at least 16 bytes, got 8", withBtf(NO_TYPES, ext(8))],
  ["expected a whole list of records in .BTF.ext, got the end of its table", withBtf(NO_TYPES, ext(16, 0))],
  ["expected a whole list of records in .BTF.ext, got the end of its table", withBtf(NO_TYPES, ext(16, 0, 7))],
  [
    "expected a program that needs nothing of a running kernel, got CO-RE relocation of task_struct.pid in main, slot 0; name another function, or load the object where that kernel runs",
    core(),
  ],
];

test("what an instruction adds to the symbol of a map does not count", () => {
  expect(sentenceOf(adding(16, "maps"))).toBe("read");
});

test.each(SENTENCES)("%s", (sentence, file) => {
  expect(sentenceOf(file)).toBe(sentence);
});

test("no reason is missing here", () => {
  const folders = [".", "../../elf", "../../btf"].map((name) => new URL(`${name}/`, import.meta.url));
  const reasons = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^[a-z-]+\.ts$/.test(name))
      .flatMap((name) => reasonsOf(new URL(name, folder)).map((reason) => ({ name, reason }))),
  );
  expect(reasons.length).toBeGreaterThan(60);
  const missing = reasons.filter(({ reason }) => !SENTENCES.some(([sentence]) => reason.test(sentence)));
  expect(missing.map(({ name, reason }) => `${name}: ${reason.source}`)).toEqual([]);
});
