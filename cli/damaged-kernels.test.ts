// Every command that takes a kernel image, and every sort of file that is none or is damaged: one line, exit code 2.

import { execFileSync } from "node:child_process";
import { openSync, truncateSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { capture } from "../testing/capture.js";
import { writeElf } from "../testing/elf.js";
import { makeFiles } from "../testing/files.js";
import { KERNEL_WRAPPINGS, writeKernelImage, zboot } from "../testing/kernel-image.js";
import { COMMANDS } from "./commands/index.js";

const IMAGE = writeKernelImage();

const bytes = (text: string, length = 4096): Uint8Array => {
  const buffer = Buffer.alloc(length);
  buffer.write(text, "latin1");
  return new Uint8Array(buffer);
};
function changed(file: Uint8Array, at: number, value: number): Uint8Array {
  const copy = file.slice();
  copy[at] = value;
  return copy;
}
const wrapped = (format: string, image = IMAGE): Uint8Array => KERNEL_WRAPPINGS[format]!(image);
const half = (file: Uint8Array): Uint8Array => file.subarray(0, file.length >> 1);
const elf = (machine: number, type: number): Uint8Array =>
  writeElf({ machine, type, sections: [{ name: ".text", flags: 6, bytes: new Uint8Array(64) }] });

/** The image with the bytes that say where tokens begin, behind the digits of kallsyms, all zero. */
function withoutTokens(): Uint8Array {
  const copy = IMAGE.slice();
  copy.fill(0, Buffer.from(copy.buffer).indexOf("0\x001\x002\x003\0"));
  return copy;
}

/** Everything that loading a program needs by name, and nothing that works. */
const NEEDED = [
  ...["_stext", "bpf_int_jit_compile", "__bpf_call_base", "bpf_jit_current", "bpf_jit_limit"],
  ...["aarch64_insn_patch_text_nosync", "aarch64_insn_copy"],
];
const named = (...names: readonly string[]): Uint8Array =>
  writeKernelImage({
    functions: Object.fromEntries([...NEEDED, ...names, "_etext", "last"].map((name) => [name, []])),
  });

/** `rox diff` says that nothing is compared, and why, with exit code 2. */
const UNTYPED = "a kernel whose types are not there";
const codeBackwards = (): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(["_etext", ...NEEDED.toReversed(), "last"].map((name) => [name, []]));

/** By what the file is, what is said of it. */
const DAMAGED: Readonly<Record<string, readonly [file: Uint8Array, said: RegExp]>> = {
  empty: [new Uint8Array(0), /an arm64 kernel/],
  text: [bytes("no kernel\n", 20), /an arm64 kernel/],
  zeros: [new Uint8Array(4096), /nothing but zero bytes/],
  "an Android boot image": [bytes("ANDROID!"), /Android boot image/],
  LZ4: [bytes("\x02\x21\x4c\x18"), /LZ4/],
  XZ: [bytes("\xfd7zXZ\0"), /XZ/],
  "a Debian package": [bytes("!<arch>\ndebian-binary"), /Debian package/],
  "a vmlinux of x86": [elf(62, 2), /machine|arm64|AArch64/i],
  "a relocatable file": [elf(183, 1), /vmlinux|relocatable|executable|segment/i],
  "a vmlinux without symbols": [wrapped("vmlinux", withoutTokens()), /symbol table/],
  "half an Image": [half(IMAGE), /cut short/],
  "an Image of big-endian code": [changed(IMAGE, 0x18, IMAGE[0x18]! | 1), /little-endian/],
  "an Image without a size": [IMAGE.map((byte, i) => (i >= 0x10 && i < 0x18 ? 0 : byte)), /image of 1 to/],
  "an Image of 900 MiB by its header": [changed(named(), 0x13, 0x38), /at most 268435456 bytes in memory/],
  "an Image without tokens": [withoutTokens(), /symbol table/],
  "an Image without BTF": [writeKernelImage({ hasBtf: false }), /BTF/],
  "an Image without what is needed": [IMAGE, /without __bpf_call_base/],
  "a table that ends before it begins": [named("__stop___ex_table", "__start___ex_table"), /__start___ex_table within/],
  "code that begins behind its end": [writeKernelImage({ functions: codeBackwards() }), /code within/],
  [UNTYPED]: [named(), /./],
  "half a gzip file": [half(wrapped("Image.gz")), /gzip/],
  "a gzip file with a bit changed": [changed(wrapped("Image.gz"), 100, 0xff ^ wrapped("Image.gz")[100]!), /gzip/],
  "half a zstd file": [half(wrapped("Image.zst")), /zstd/],
  "a gzip file of a gzip file": [new Uint8Array(wrapped("Image.gz", wrapped("Image.gz"))), /Image in the gzip data/],
  "half a zboot image": [half(wrapped("EFI zboot (gzip)")), /cut short/],
  "a zboot image of LZMA": [zboot(new Uint8Array(64), "lzma"), /lzma/],
};

const DIRECTORY = makeFiles({
  ...Object.fromEntries(Object.entries(DAMAGED).map(([name, [file]]) => [name, file])),
  "42.bpf": "# title: returns 42\nr0 = 42\nexit\n",
});
const file = (name: string): string => path.join(DIRECTORY, name);
const HISTORY = path.resolve("corpus/a-function-that-is-not-published-does-not-point-to-its-image.history");
const PROGRAM = file("42.bpf");

/** What each command is asked, by its name, about a kernel. */
const ASKED: Readonly<Record<string, (image: string) => readonly string[]>> = {
  run: (image) => ["run", PROGRAM, "--subject", `linux:${image}`],
  jit: (image) => ["jit", PROGRAM, "--subject", `linux:${image}`],
  history: (image) => ["history", HISTORY, "--subject", `linux:${image}`],
  pack: (image) => ["pack", HISTORY, "--subject", `linux:${image}`],
  conform: (image) => ["conform", PROGRAM, "--subject", `linux:${image}`],
  golden: (image) => ["golden", PROGRAM, "--subject", `linux:${image}`],
  gate: (image) => ["gate", "--programs", "1", "--jobs", "1", "--subject", `linux:${image}`],
  fuzz: (image) => ["fuzz", "--time", "1s", "--out", file("campaign"), "--subject", `linux:${image}`],
  replay: (image) => ["replay", PROGRAM, "--subject", `linux:${image}`],
  mutants: (image) => ["mutants", "--budget", "1s", "--subject", `linux:${image}`],
  linux: (image) => ["linux", image],
  diff: (image) => ["diff", "impl", `linux:${image}`, PROGRAM],
  cost: (image) => ["cost", "--subject", `linux:${image}`],
  tlb: (image) => ["tlb", "--subject", `linux:${image}`],
};
/** What `history` was called before, which says that beside what it is asked. */
const OLDER = "sequence";
/** `rox linux` says what a kernel is, also of one that cannot be run. */
const ARE_DESCRIBED = /without (BTF|what is needed)|900 MiB|that ends before|behind its end|types/;

async function refused(argv: readonly string[]): Promise<string> {
  const { code, out, err } = await capture(argv);
  expect([argv[0], code, out, err.match(/\n/g)?.length, err.includes("internal")]).toEqual([argv[0], 2, "", 1, false]);
  return err;
}

test("every command that takes a subject is asked", async () => {
  const program = new Command();
  const io = { out() {}, err() {}, columns: 80, isTerminal: false, stop: new AbortController().signal };
  for (const { load } of COMMANDS) (await load())(program, io, () => {});
  const taking = program.commands.filter(({ options }) => options.some(({ long }) => long === "--subject"));
  expect(taking.map((command) => command.name()).filter((name) => name !== OLDER && !(name in ASKED))).toEqual([]);
});

describe.each(Object.keys(ASKED))("rox %s", (command) => {
  const isAnswered = (name: string): boolean =>
    (command === "linux" && ARE_DESCRIBED.test(name)) || (command === "diff" && name === UNTYPED);
  const names = Object.keys(DAMAGED).filter((name) => !isAnswered(name));

  test.each(names)("refuses %s in one line", async (name) => {
    expect(await refused(ASKED[command]!(file(name)))).toMatch(DAMAGED[name]![1]);
  });

  beforeAll(() => {
    if (command !== "run") return;
    execFileSync("mkfifo", [file("fifo")]);
    openSync(file("sparse"), "w");
    truncateSync(file("sparse"), 2 ** 32);
  });

  test.each([
    ["nowhere", /no such file/],
    [".", /no file|a directory|something else/],
    ["fifo", /no file|something else/],
    ["sparse", /4294967296 bytes/],
  ])("refuses what is no file to read: %s", async (name, said) => {
    expect(await refused(ASKED[command]!(file(name)))).toMatch(said);
  });
});
