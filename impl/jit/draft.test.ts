// What the pass that writes takes from the first one is what it would have made itself.

import { expect, test } from "vitest";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { FILL } from "../a64/word.js";
import { DEFAULT_ENV } from "./env.js";
import { emit, measure, type Sized } from "./passes.js";

const ADDRESS = 0x8000_82c2_5888;
const EXIT = insn(rowById("exit"));
const ADD = insn(rowById("add imm"), { dst: 0, imm: 5 });
const HELPER = insn(rowById("call helper"), { imm: 0x100 });
/** To the end, by an exit in the middle and by a branch. */
const BRANCHING: readonly Insn[] = [
  insn(rowById("mov imm"), { dst: 0, imm: 0x1234_5678 }),
  HELPER,
  insn(rowById("jeq imm"), { dst: 0, imm: 1, off: 1 }),
  EXIT,
  insn(rowById("lddw imm64"), { dst: 6, imm: 0x1111 }),
  insn(rowById("lddw high"), { imm: 0x2222 }),
  EXIT,
];
const ADDING: readonly Insn[] = [ADD, ADD, ADD, EXIT];

const sizedOf = (insns: readonly Insn[]): Sized => {
  const measured = measure({ insns, index: 0, stackDepth: 0 }, DEFAULT_ENV);
  if (!measured.ok) throw new Error(measured.error.kind);
  return measured.sized;
};

function written(sized: Sized): Uint32Array {
  const words = new Uint32Array(sized.imageBytes / 4).fill(FILL);
  const emitted = emit(sized, new Uint8Array(words.buffer), ADDRESS, undefined);
  if (!emitted.ok) throw new Error(emitted.error.kind);
  return words;
}

test("a function that another was measured after is lowered again, and comes out the same", () => {
  const alone = written(sizedOf(BRANCHING));
  const first = sizedOf(BRANCHING);
  const second = sizedOf(ADDING);
  expect(written(first)).toEqual(alone);
  expect(written(second)).toEqual(written(sizedOf(ADDING)));
});

test.each([1000, 16_000, 16_383, 16_384, 20_000, 70_000])("%d additions, as many words", (additions) => {
  const sized = sizedOf([...new Array<Insn>(additions).fill(ADD), EXIT]);
  const words = written(sized);
  const start = sized.emitter.offsets[0]!;
  const [one] = written(sizedOf(ADDING)).slice(start);
  expect(words.subarray(start, start + additions).every((word) => word === one)).toBe(true);
  expect(sized.emitter.offsets.at(-1)).toBe(start + additions);
});

test("a word that has no encoding is refused where it is, though pass 1 has met it already", () => {
  const shift = insn(rowById("lsh imm"), { dst: 0, imm: 70 });
  const sized = sizedOf([ADD, shift, EXIT]);
  const words = new Uint32Array(sized.imageBytes / 4).fill(FILL);
  const emitted = emit(sized, new Uint8Array(words.buffer), ADDRESS, undefined);
  expect(emitted).toMatchObject({ ok: false, error: { kind: "refusedEncoding", pc: 1, why: "shift" } });
});
