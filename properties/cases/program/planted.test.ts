// Bugs planted in what a subject compiles, each of which shows in one place only: in what a field of the context is
// rewritten to, in what was sent to a ring buffer or to perf events, or in the arguments of a call of which nothing is known.

import { expect, test } from "vitest";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { defaultSubject } from "../../../subjects/index.js";
import type { Subject } from "../../../subjects/subject.js";
import type { Verdict } from "../../verdict.js";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

type Plant = (slot: Insn) => Insn;

const planted = (plant: Plant): Subject => ({
  ...defaultSubject,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => load(functions.map((fn) => ({ ...fn, insns: fn.insns.map(plant) })));
    return kernel;
  },
});

function verdictOf(text: string, plant: Plant): Verdict {
  const read = parseCase(`# title: t\n${text.trim().replaceAll(/\s*;\s*/g, "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  return checkOrCrash(read.value, makeCheck({ subject: planted(plant), definedness: "run" })).verdict;
}

const AS_IT_IS: Plant = (slot) => slot;
/** Another constant where this one is stored or moved. */
const confused =
  (from: number, to: number): Plant =>
  (slot) =>
    slot.imm === from && (slot.row.kind === "storeImm" || slot.row.id === "mov imm") ? { ...slot, imm: to } : slot;
/** Another row in its place. */
const become =
  (id: string, other: string): Plant =>
  (slot) =>
    slot.row.id === id ? insn(rowById(other), slot) : slot;
/** A word that is read four bytes further. */
const DISPLACED: Plant = (slot) => (slot.row.id === "ldxw" ? { ...slot, off: slot.off + 4 } : slot);

const SKB = "# context: skb\n# input: 02 00 00 00 00 01 02 00 00 00 00 02 08 00 45 00 00 14 zero 16\n";
const MARK = `${SKB}# field: mark = 0x12345678\n`;
const ARGUMENTS = "r1 = 11; r2 = 12; r3 = 13; r4 = 14; r5 = 15";
const STORED = "*(u64 *)(r10 - 8) = 7";
const OVERWRITTEN = "*(u64 *)(r10 - 8) = 0; r0 = 0; exit";
const OUTPUT = "r2 = r10; r2 += -8; r3 = 8; r4 = 0";
const EVENT = "r4 = r10; r4 += -8; r5 = 8; r3 = 0xffffffff ll";

/** What it is, the program, the bug, and where the two witnesses differ. */
const PLANTED: readonly (readonly [name: string, text: string, plant: Plant, where: RegExp])[] = [
  ["a field's place", "# context: xdp\n# field: ingress_ifindex = 3\nr0 = *(u32 *)(r1 + 12); exit", DISPLACED, /r0/],
  [
    "a part of a field, which is not shifted",
    `${MARK}r0 = *(u8 *)(r1 + 9); exit`,
    become("rsh32 imm", "lsh32 imm"),
    /r0/,
  ],
  ["a part of a field, which is not cut", `${MARK}r0 = *(u8 *)(r1 + 8); exit`, become("and32 imm", "or32 imm"), /r0/],
  ["a store to a field", `${SKB}*(u32 *)(r1 + 8) = 5; r0 = 0; exit`, confused(5, 6), /context/],
  [
    "bytes for a ring buffer",
    `# map: ringbuf entries=64\n${STORED}; r1 = map_fd 0 ll; ${OUTPUT}; call 130; ${OVERWRITTEN}`,
    confused(7, 8),
    /map 0/,
  ],
  [
    "bytes of a reserved record",
    "# map: ringbuf entries=64\nr1 = map_fd 0 ll; r2 = 8; r3 = 0; call 131; if r0 == 0 goto +6; *(u64 *)(r0 + 0) = 7; r1 = r0; r2 = 0; call 132; r0 = 0; exit; r0 = 1; exit",
    confused(7, 8),
    /map 0/,
  ],
  [
    "bytes for perf events",
    `# context: tracing\n# map: perf entries=2\n${STORED}; r2 = map_fd 0 ll; ${EVENT}; call 25; ${OVERWRITTEN}`,
    confused(7, 8),
    /map 0/,
  ],
  ...[1, 2, 3, 4, 5].map((r): (typeof PLANTED)[number] => [
    `argument ${r} of a call of which nothing is known`,
    `# unknown: 1\n${ARGUMENTS}; call 99; r0 = 0; exit`,
    confused(10 + r, 20 + r),
    /requests/,
  ]),
  [
    "an argument of a kernel function",
    `# unknown: 1\n${ARGUMENTS}; call kfunc 5; r0 = 0; exit`,
    confused(13, 14),
    /requests/,
  ],
];

test.each(PLANTED)("%s", (_name, text, plant, where) => {
  expect(verdictOf(text, AS_IT_IS)).toEqual({ kind: "agree" });
  const verdict = verdictOf(text, plant);
  expect(verdict).toMatchObject({ kind: "disagree", oracle: "exec-match" });
  expect(verdict.kind === "disagree" && verdict.where).toMatch(where);
});
