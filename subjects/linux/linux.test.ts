import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { available } from "../../testing/required.js";
import { impl } from "../impl/index.js";
import { openSubject } from "../open.js";
import { isKernel } from "../program-subject.js";
import { LINUX_6_12, machineFor, type Subject } from "../subject.js";
import { readTypedImage } from "./open.js";

/** A file, or a folder below which boot files are. */
const PLACE = process.env.ROX_LINUX ?? "";
const images = PLACE === "" ? [] : imagesIn(PLACE);
const isThere = available("linux", () =>
  images.length > 0 ? undefined : "no kernel image: set ROX_LINUX to one, or to a folder with some",
);

function imagesIn(place: string): readonly string[] {
  if (!place.endsWith(path.sep) && /vmlinu|Image/.test(path.basename(place))) return [place];
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file).startsWith("vmlinuz-"))
    .map((file) => path.join(place, file));
}

function subjectOf(file: string): Subject | string {
  const opened = openSubject(`linux:${file}`);
  if (!opened.ok) return opened.got;
  return isKernel(opened.subject) ? opened.subject : "no kernel";
}

const EXIT = insn(rowById("exit"));
const FIVE = { insns: [insn(rowById("mov imm"), { dst: 0, imm: 5 }), EXIT], index: 0, stackDepth: 0 };

/** Milliseconds, on a machine that does other things as well: an image that nobody has read before is searched through. */
const READING = { timeout: 120_000 };

describe.runIf(isThere)("a kernel image", READING, () => {
  test.each(images)("%s loads a program into its own pack and takes it back", (file) => {
    const subject = subjectOf(file);
    if (typeof subject === "string")
      return expect(subject).toMatch(/which has none|without|with \d+ KiB|-rt|^\d+\.\d+/);
    const machine = machineFor(subject);
    const kernel = subject.boot({ machine, random: () => 0 });
    const before = machine.usage;
    const loaded = kernel.loadProgram([FIVE]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { bpfFunc, functions } = loaded.program;
    expect(kernel.modmem.current).toBeGreaterThan(0);
    if (subject.profile !== undefined && subject.build?.changes.r0InX8 === false) {
      // What versions before the listed ones emit is not ours.
      const env = { ...kernel.env, quirks: LINUX_6_12.quirks };
      const ours = impl.compile([FIVE], env, () => bpfFunc);
      if (!ours.ok) throw new Error("our own JIT refuses it");
      expect(machine.peek(bpfFunc, functions[0]!.jitedLen)).toEqual(
        ours.images[0]!.image.subarray(0, functions[0]!.jitedLen),
      );
    }
    kernel.freeProgram(loaded.program);
    expect(kernel.modmem.current).toBe(0);
    expect(machine.usage).toEqual(before);
    expect(kernel.warnings).toEqual([]);
  });
});

describe.runIf(isThere)("a kernel image, asked for places", READING, () => {
  const CALL = insn(rowById("call local"), { off: 1 });
  const main = { insns: [CALL, EXIT], index: 0, stackDepth: 0 };
  const callee = { ...FIVE, index: 1 };
  /** In one pack, the second below the first, and not at the start of their holes. */
  const PLACES = [0x8000_8400_1058, 0x8000_8400_00d0];

  test.each(images)("%s compiles a program of two functions as ours does there", (file) => {
    const subject = subjectOf(file);
    if (typeof subject === "string" || subject.build?.changes.orrMoves !== false) return;
    if (subject.fixed?.images !== "packs") return;
    const env = { ...LINUX_6_12, ...subject.build };
    const place = (index: number): number => PLACES[index]!;
    const theirs = subject.compile([main, callee], env, place);
    const ours = impl.compile([main, callee], env, place);
    if (!theirs.ok || !ours.ok) throw new Error("refused");
    for (const [i, { image, roImage, jitedBytes }] of theirs.images.entries()) {
      const expected = ours.images[i]!;
      expect([roImage, jitedBytes]).toEqual([expected.roImage, expected.jitedBytes]);
      expect(image.subarray(0, jitedBytes)).toEqual(expected.image.subarray(0, jitedBytes));
    }
  });
});

describe.runIf(isThere)("a kernel image, and a program of three functions", READING, () => {
  const call = (index: number) => insn(rowById("call local"), { off: index });
  const THREE = [
    { insns: [call(1), call(2), EXIT], index: 0, stackDepth: 0 },
    { ...FIVE, index: 1 },
    { ...FIVE, index: 2 },
  ];
  /** Two for the list and the environment, some for each function, and none without an end. */
  const MOST = 40;

  test.each(images)("%s loads it by jit_subprogs(), and takes back what it has made when memory is short", (file) => {
    const subject = subjectOf(file);
    if (typeof subject === "string") return;
    const machine = machineFor(subject);
    const boot = () => subject.boot({ machine, random: () => 0 });
    const kernel = boot();
    const before = machine.usage;
    const loaded = kernel.loadProgram(THREE);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    expect(loaded.program.functions.map(({ jited, offsets }) => [jited, offsets.length])).toEqual([
      [true, 4],
      [true, 3],
      [true, 3],
    ]);
    kernel.freeProgram(loaded.program);
    expect([kernel.modmem.current, machine.usage, kernel.warnings]).toEqual([0, before, []]);
    const words = subject.executed!().find(({ name }) => name === "jit_subprogs")!.words;
    // Where a compiler has left no function of it, it is done in our words.
    if (words.length === 0) return;
    expect(words.reduce((sum, is) => sum + is, 0)).toBeGreaterThan(200);
    let points = 0;
    for (; points < MOST; points++) {
      const short = boot();
      machine.failures.plan("progAlloc", points + 1);
      const { ok } = short.loadProgram(THREE);
      const isReached = machine.failures.pending === 0;
      machine.failures.clear();
      if (!isReached) break;
      expect([points, ok, short.modmem.current, short.warnings]).toEqual([points, false, 0, []]);
    }
    expect(points).toBeGreaterThan(6);
    expect(points).toBeLessThan(MOST);
  });
});

test.runIf(isThere)("at least one of the kernels is run", () => {
  expect(images.some((file) => typeof subjectOf(file) !== "string")).toBe(true);
});

test.runIf(isThere)("symbols of the same build are read beside an image, and others are refused", READING, () => {
  const [file = ""] = images.filter((one) => typeof subjectOf(one) !== "string");
  const read = readTypedImage(file);
  if (!read.ok) throw new Error(read.error.got);
  const { symbols } = read.value;
  const lines = (shift: number): string =>
    [...new Set(symbols.names)]
      .flatMap((name) => symbols.addressesOf(name).map((va) => ({ name, va: va + shift })))
      .toSorted((a, b) => a.va - b.va)
      .map(({ name, va }) => `ffff${va.toString(16).padStart(12, "0")} T ${name}\n`)
      .join("");
  const map = path.join(mkdtempSync(path.join(tmpdir(), "symbols-")), "System.map");
  writeFileSync(map, lines(0));
  const again = readTypedImage(`${file}?symbols=${map}`);
  expect(again.ok && again.value.address("bpf_int_jit_compile")).toBe(read.value.address("bpf_int_jit_compile"));
  writeFileSync(map, lines(0x1000));
  expect(readTypedImage(`${file}?symbols=${map}`)).toMatchObject({ ok: false });
  expect(readTypedImage(`${file}?symbols=/nonexistent/System.map`)).toMatchObject({
    ok: false,
    error: { got: "no such file" },
  });
});

test("what is no kernel is refused in one line", () => {
  expect(openSubject("linux:/nonexistent/vmlinuz")).toMatchObject({ ok: false, got: "no such file" });
});
