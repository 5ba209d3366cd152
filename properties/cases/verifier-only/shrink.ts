// Making a failing case of verifier-only instructions smaller: fewer instructions, then a plainer environment, then smaller
// registers and operands.

import { pointer } from "../../../machine/address.js";
import { type U64, u64 } from "../../../spec/bits.js";
import { type Insn, withFields } from "../../../spec/bpf/insn.js";
import { descend, type Shrinker, type StillFails, total, type Weight } from "../shrink.js";
import { simplerEach, smallerNumbers, smallerWords, withoutEach } from "../smaller.js";
import { ARENA, ARENA_BASE, BRANCH_HISTORIES, DATA, TASK, type VerifierOnlyCase } from "./case.js";

type Cases = Generator<VerifierOnlyCase>;

const SHRINKER: Shrinker<VerifierOnlyCase> = {
  passes: [fewerInsns, plainerEnvironment, smallerRegisters, smallerOperands],
  weigh,
  standard:
    () =>
    ({ body }) =>
      body.length > 0,
};

/** @param budget how often `stillFails` may be asked */
export const minimizeVerifierOnly = (
  start: VerifierOnlyCase,
  stillFails: StillFails<VerifierOnlyCase>,
  budget: number,
): VerifierOnlyCase => descend(SHRINKER, start, stillFails, budget);

function weigh({ body, registers, env, version, classic, isBlinded, isCalled }: VerifierOnlyCase): Weight {
  const operands = body.flatMap(({ off, imm }) => [off, imm]);
  return [
    body.length,
    [isCalled, isBlinded, env.bti, env.vhe, !env.lse, version !== undefined, classic !== undefined].filter(Boolean)
      .length,
    classic === undefined ? 0 : Object.keys(BRANCH_HISTORIES).indexOf(classic),
    // A pointer is simpler than another number.
    registers.filter((value) => value !== 0n && baseOf(value) === 0n).length,
    registers.filter((value) => value !== 0n).length,
    total(registers, (value) => Number(offsetOf(value))),
    operands.filter((n) => n !== 0).length,
    total(operands, Math.abs),
    operands.filter((n) => n < 0).length,
  ];
}

function* fewerInsns(c: VerifierOnlyCase): Cases {
  for (const body of withoutEach(c.body)) if (isPaired(body)) yield { ...c, body };
}

/** Each constant of two slots has both. */
const isPaired = (body: readonly Insn[]): boolean =>
  [...body, undefined].every((slot, i) => (slot?.row.kind === "lddwHigh") === (body[i - 1]?.row.kind === "lddw"));

function* plainerEnvironment(c: VerifierOnlyCase): Cases {
  const { env } = c;
  yield { ...c, isCalled: false };
  yield { ...c, isBlinded: false };
  yield { ...c, version: undefined };
  yield { ...c, classic: undefined };
  if (c.classic !== undefined) yield { ...c, classic: "hint" };
  yield { ...c, env: { ...env, bti: false } };
  yield { ...c, env: { ...env, vhe: false } };
  yield { ...c, env: { ...env, lse: true } };
}

function* smallerRegisters(c: VerifierOnlyCase): Cases {
  for (const registers of simplerEach(c.registers, plainerValues)) {
    // r0 is a signed 32-bit number.
    if (registers[0] === u64(BigInt.asIntN(32, registers[0]!))) yield { ...c, registers };
  }
}

/** The first arena pointer that leads to memory. */
const ARENA_START = u64(BigInt(ARENA.base - ARENA_BASE));

function* plainerValues(value: U64): Generator<U64> {
  const base = baseOf(value);
  if (base !== 0n) {
    yield u64(0n);
    for (const offset of smallerWords(offsetOf(value))) yield u64(base + offset);
  } else if (value > ARENA_START && value < ARENA_START + BigInt(ARENA.bytes)) yield ARENA_START;
  else yield* smallerWords(value);
}

/** Of the place that a value points into; 0 for a number. */
function baseOf(value: U64): bigint {
  const place = [DATA, TASK].find(({ base, bytes }) => value >= pointer(base) && value < pointer(base + bytes));
  return place === undefined ? 0n : pointer(place.base);
}

const offsetOf = (value: U64): U64 => u64(value - baseOf(value));

function* smallerOperands(c: VerifierOnlyCase): Cases {
  for (const body of simplerEach(c.body, plainerSlots)) yield { ...c, body };
}

function* plainerSlots(slot: Insn): Generator<Insn> {
  const { row } = slot;
  if (row.off !== "select") for (const off of smallerNumbers(slot.off)) yield withFields(slot, { off });
  if (row.imm === "any") for (const imm of smallerNumbers(slot.imm)) yield withFields(slot, { imm });
}
