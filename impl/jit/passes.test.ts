// What must hold for every program: branches land where the offset table says, calls reach their targets, every word is
// an instruction, and the image is as large as the first pass said.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDisassembler } from "../../engines/capstone/disassembler.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { ROWS, type Row, rowById } from "../../spec/bpf/isa.js";
import { assertLaw } from "../../testing/law.js";
import { type Compiled, type CompiledImage, compileImages } from "./compile.js";
import { CONDITION_REACH } from "./emitter.js";
import { DEFAULT_ENV, type JitEnv, LINUX_6_12 } from "./env.js";
import { slotOfWord } from "./passes.js";

const ADDRESS = 0x8000_82c2_5888;
const CALL_BASE = 0x8000_8026_9000;
const ARENA = { kernelBase: { high: 0xffff_8000, low: 0x1234_0000 }, userBase: { high: 0x7f, low: 0 } };

const compile = (insns: readonly Insn[], env: Partial<JitEnv> = {}): Compiled =>
  compileImages(
    [{ insns, index: 0, stackDepth: 64, arena: ARENA }],
    { ...DEFAULT_ENV, callBase: CALL_BASE, ...env },
    () => ADDRESS,
  );
const wordsOf = ({ image }: CompiledImage): Uint32Array => new Uint32Array(image.slice().buffer);
const EXIT = insn(rowById("exit"));

const IMM = fc.oneof(
  fc.constantFrom(0, 1, -1, 4095, 4096, -4096, 0xff_f000, 0x7fff_ffff, -0x8000_0000, 0xff00, 31, 63),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
);
const OFF = fc.oneof(fc.constantFrom(0, 1, 8, -8, 4095, 32_760, -32_768), fc.integer({ min: -0x8000, max: 0x7fff }));

/** One instruction of a row with any fields that it can have, and its second slot if it has two. */
const slotsOf = (row: Row): fc.Arbitrary<readonly Insn[]> =>
  fc.record({ dst: fc.nat(11), src: fc.nat(11), off: OFF, imm: IMM, high: IMM }).map(({ high, imm, off, dst, src }) => {
    const isBranch = row.off === "branch" || row.imm === "branch";
    const fields = {
      dst,
      src,
      off: row.off === "branch" || row.imm === "func" ? 0 : off,
      imm:
        isBranch && row.imm === "branch" ? 0 : row.imm === "helper" ? imm & ~3 : row.imm === "shift" ? imm & 31 : imm,
    };
    const first = insn(row, fields);
    return row.kind === "lddw" ? [first, insn(rowById("lddw high"), { imm: high })] : [first];
  });

const isPutInPlace = ({ kind, id }: Row): boolean =>
  kind === "mayGoto" || kind === "legacyLoad" || kind === "stackArgument" || id === "cast kernel";

describe("every word is an instruction", () => {
  const rows = ROWS.filter(({ kind }) => kind !== "lddwHigh");
  test.each(rows.map((row) => [row.id, row] as const))("%s", async (_id, row) => {
    const disassemble = await openDisassembler();
    assertLaw(
      fc.property(slotsOf(row), fc.boolean(), fc.boolean(), (slots, lse, fixed) => {
        const compiled = compile([...slots, EXIT], { lse, quirks: (fixed ? DEFAULT_ENV : LINUX_6_12).quirks });
        if (isPutInPlace(row)) {
          // A verifier puts something else in its place.
          expect(compiled).toMatchObject({ ok: false, error: { kind: "unknownOpcode" } });
          return;
        }
        if (!compiled.ok) {
          expect(compiled.error.kind).toBe("unsupportedAtomic");
          expect(row.kind === "atomic" && row.mode === "arena" && !lse).toBe(true);
          return;
        }
        const [image] = compiled.images as [CompiledImage];
        const unknown = [...wordsOf(image).subarray(0, image.jitedBytes / 4)].filter(
          (word) => disassemble(word, 0n) === undefined,
        );
        expect(unknown.map((word) => word.toString(16))).toEqual([]);
      }),
      { seed: 2, numRuns: 40 },
    );
  });
});

describe("branches and calls", () => {
  const JUMPS = ROWS.filter(({ kind }) => kind === "jump" || kind === "ja");
  const FILLERS = ROWS.filter(({ kind }) => kind === "alu" || kind === "lddw" || kind === "load" || kind === "exit");
  /** A program of one-slot jumps to any slot, and other instructions between them. */
  const program = fc
    .array(fc.oneof(fc.constantFrom(...JUMPS), fc.constantFrom(...FILLERS)).chain(slotsOf), {
      minLength: 1,
      maxLength: 60,
    })
    .chain((list) => {
      const slots = [...list.flat(), EXIT];
      const starts = slots.flatMap(({ row }, pc) => (row.kind === "lddwHigh" ? [] : [pc]));
      const targets = fc.array(fc.constantFrom(...starts), { minLength: slots.length, maxLength: slots.length });
      return targets.map((to) => slots.map((slot, pc) => aimed(slot, (to[pc] ?? 0) - pc - 1)));
    });
  const aimed = (slot: Insn, distance: number): Insn =>
    slot.row.off === "branch"
      ? { ...slot, off: distance }
      : slot.row.imm === "branch"
        ? { ...slot, imm: distance }
        : slot;
  /** Words that a B or B.cond goes. */
  const distanceOf = (word: number): number => (word >>> 26 === 0b000101 ? (word << 6) >> 6 : ((word << 8) >> 13) | 0);

  test("land at the first word of the slot that they name", () => {
    assertLaw(
      fc.property(program, (slots) => {
        const compiled = compile(slots);
        if (!compiled.ok) throw new Error(compiled.error.kind);
        const [image] = compiled.images as [CompiledImage];
        const words = wordsOf(image);
        slots.forEach(({ row, off, imm }, pc) => {
          const last = (image.offsets[pc + 1] ?? 0) - 1;
          const isBranch = row.kind === "jump" || row.kind === "ja";
          if (isBranch || (row.kind === "exit" && pc < slots.length - 1)) {
            const target = isBranch ? pc + 1 + (row.off === "branch" ? off : imm) : slots.length;
            expect(last + distanceOf(words[last] ?? 0), `pc ${pc}`).toBe(image.offsets[target]);
          }
        });
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  test("a direct call reaches the helper from every place", () => {
    assertLaw(
      fc.property(fc.nat(100), fc.integer({ min: 0, max: 2 ** 24 }), (before, helper) => {
        const imm = helper * 4 + 4096;
        const slots = [
          ...Array.from({ length: before }, () => insn(rowById("mov imm"))),
          insn(rowById("call helper"), { imm }),
        ];
        const compiled = compile([...slots, EXIT]);
        if (!compiled.ok) throw new Error(compiled.error.kind);
        const [image] = compiled.images as [CompiledImage];
        const at = image.offsets[before] ?? 0;
        const word = wordsOf(image)[at] ?? 0;
        expect(word >>> 26).toBe(0b100101);
        expect(ADDRESS + at * 4 + ((word << 6) >> 6) * 4).toBe(CALL_BASE + imm);
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});

describe("each access that may fault has one exception entry, however often it is lowered", () => {
  const PROBE = insn(rowById("probe ldxdw"), { dst: 2, src: 1 });

  test("in code so long that all of it is lowered again when its place is known", () => {
    const long = new Array<Insn>(CONDITION_REACH).fill(insn(rowById("mov reg"), { dst: 3, src: 4 }));
    const compiled = compile([PROBE, ...long, insn(rowById("call helper"), { imm: 4096 }), EXIT]);
    expect(compiled).toMatchObject({ ok: true, images: [{ entries: 1 }] });
  });

  test("in a function that is emitted again because it names another", () => {
    const address = [insn(rowById("lddw code"), { dst: 1, src: 4, imm: 2 }), insn(rowById("lddw high"), {})];
    const functions = [[PROBE, ...address, EXIT], [EXIT]].map((insns, index) => ({ insns, index, stackDepth: 0 }));
    const places = compileImages(functions, { ...DEFAULT_ENV, callBase: CALL_BASE }, (index) => ADDRESS + 4096 * index);
    expect(places).toMatchObject({ ok: true, images: [{ entries: 1 }, { entries: 0 }] });
  });
});

test("the slot of a word", () => {
  // Slots of 2, 1, 0 and 3 words behind a prologue of 7.
  const offsets = Int32Array.from([7, 9, 10, 10, 13]);
  const slots = [6, 7, 8, 9, 10, 12, 13].map((word) => slotOfWord(offsets, word));
  expect(slots).toEqual([undefined, 0, 0, 1, 3, 3, undefined]);
});
