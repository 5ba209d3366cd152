// Making a failing case of the kernel dialect smaller: fewer instructions, plainer registers, operands and environment.

import { pointer } from "../../../machine/address.js";
import { type U64, u64 } from "../../../spec/bits.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { descend, type StillFails } from "../shrink.js";
import { smallerWords } from "../smaller-words.js";
import { ARENA, ARENA_BASE, DATA, TASK, type VerifierOnlyCase } from "./case.js";

const MOST_ROUNDS = 30;

/** @param budget how often `stillFails` may be asked */
export function minimizeVerifierOnly(
  start: VerifierOnlyCase,
  stillFails: StillFails<VerifierOnlyCase>,
  budget: number,
): VerifierOnlyCase {
  return descend(start, {
    passes: [fewerRows, plainerWorld, smallerRegisters, smallerOperands],
    judge: (best) => {
      const weight = weigh(best);
      return (candidate) => candidate.body.length > 0 && weigh(candidate) < weight;
    },
    stillFails,
    budget,
    rounds: MOST_ROUNDS,
  });
}

function* fewerRows(c: VerifierOnlyCase): Generator<VerifierOnlyCase> {
  for (let i = 0; i < c.body.length; i++) yield { ...c, body: c.body.toSpliced(i, 1) };
}

function* plainerWorld(c: VerifierOnlyCase): Generator<VerifierOnlyCase> {
  const { env } = c;
  if (c.isCalled) yield { ...c, isCalled: false };
  if (c.isBlinded) yield { ...c, isBlinded: false };
  if (env.bti) yield { ...c, env: { ...env, bti: false } };
  if (env.vhe) yield { ...c, env: { ...env, vhe: false } };
  if (!env.lse) yield { ...c, env: { ...env, lse: true } };
}

function* smallerRegisters(c: VerifierOnlyCase): Generator<VerifierOnlyCase> {
  for (const [i, value] of c.registers.entries()) {
    for (const word of plainerValues(value)) {
      // r0 is a signed 32-bit number.
      if (i > 0 || word === u64(BigInt.asIntN(32, word))) yield { ...c, registers: c.registers.with(i, word) };
    }
  }
}

/** The first arena pointer that leads to memory. */
const ARENA_START = u64(BigInt(ARENA.base - ARENA_BASE));

function* plainerValues(value: U64): Generator<U64> {
  const place = placeOf(value);
  if (place === undefined) {
    if (value > ARENA_START && value < ARENA_START + BigInt(ARENA.bytes)) yield ARENA_START;
    return yield* smallerWords(value);
  }
  yield u64(0n);
  const base = pointer(place.base);
  for (const offset of smallerWords(u64(value - base))) yield u64(base + offset);
}

const placeOf = (value: U64): typeof DATA | undefined =>
  [DATA, TASK].find(({ base, bytes }) => value >= pointer(base) && value < pointer(base + bytes));

function* smallerOperands(c: VerifierOnlyCase): Generator<VerifierOnlyCase> {
  for (const [i, slot] of c.body.entries()) {
    const change = (fields: Partial<Insn>): VerifierOnlyCase => ({
      ...c,
      body: c.body.with(i, { ...slot, ...fields }),
    });
    if (slot.row.off !== "select") for (const off of plainerNumbers(slot.off)) yield change({ off });
    if (slot.row.imm === "any") for (const imm of plainerNumbers(slot.imm)) yield change({ imm });
  }
}

/** Zero, one, then ever closer to the number, from below. */
function* plainerNumbers(n: number): Generator<number> {
  if (n === 0) return;
  yield 0;
  if (n < 0) yield -n;
  if (n > 1 || n < -1) yield Math.sign(n);
  for (let left = Math.trunc(n / 2); left !== 0; left = Math.trunc(left / 2)) yield n - left;
}

/** A total order on what is told, the heaviest things first. */
function weigh({ body, registers, env, isBlinded, isCalled }: VerifierOnlyCase): number {
  const flags = [isCalled, isBlinded, env.bti, env.vhe, !env.lse].filter(Boolean).length;
  return (
    1e6 * body.length +
    1e5 * flags +
    registers.reduce((n, value) => n + valueWeight(value), 0) +
    body.reduce((n, { off, imm }) => n + numberWeight(off) + numberWeight(imm), 0)
  );
}

function valueWeight(value: U64): number {
  const place = placeOf(value);
  return place === undefined ? wordWeight(value) : 100 + wordWeight(u64(value - pointer(place.base)));
}

const wordWeight = (word: U64): number => (word === 0n ? 0 : 1000 + Number(word) / 2 ** 32);
const numberWeight = (n: number): number => (n === 0 ? 0 : 10 + (2 * Math.abs(n) + Number(n < 0)) / 2 ** 33);
