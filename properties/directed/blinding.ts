// What blinding makes of a program: constants that an attacker chose must not stand in executable memory, and all else must
// be as it was. Subjects that blind are handed a random number that is known.

import type { RoAddr } from "../../machine/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import { fn, needsLimit } from "../../subjects/directed-case.js";
import { bpfJitBlindConstants } from "../../subjects/lowering.js";
import { type DirectedCase, machineFor } from "../../subjects/subject.js";

const CHOSEN = 0x4141_4141;
const MASK = 0x1234_5678;
const WITH_CONSTANTS = [
  ...["r1 = C", "w1 = C", "r1 += C", "w1 -= C", "r1 &= C", "w1 |= C", "r1 ^= C", "w1 *= C", "r1 /= C", "w1 %= C"],
  ...["r1 s/= C", "w1 s%= C", "if r1 == C goto +0", "if w1 s< C goto +0", "if r1 & C goto +0"],
  ...["*(u64 *)(r10 - 8) = C", "*(u32 *)(r10 - 8) = C", "r1 = 0x4141414141414141 ll"],
];

const BLINDED_CONSTANTS: DirectedCase = {
  name: "no constant that was chosen outside is left after blinding",
  check() {
    for (const template of WITH_CONSTANTS) {
      const text = template.replace("C", `${CHOSEN}`);
      const blinded = bpfJitBlindConstants(bpf(`${text}; exit`), () => MASK);
      if (!blinded.ok) return `${text} cannot be blinded`;
      if (blinded.insns.some(({ imm }) => imm === CHOSEN)) return `${text} keeps its constant`;
      const slots = bpf(text).length;
      const isOrdered = blinded.origin.every((slot, i) => slot >= (blinded.origin[i - 1] ?? 0));
      if (!isOrdered || blinded.origin[0] !== 0 || blinded.origin[blinded.insns.length - 1] !== slots) {
        return `what ${text} becomes is said to come from ${blinded.origin.join(" ")}`;
      }
    }
    return undefined;
  },
};

/** Instruction -> what stands for it: a jump back goes over what its constant needs, one ahead does not. */
const BLINDED_JUMPS: Readonly<Record<string, string>> = {
  "if r1 == 5 goto +0": "if r1 == r11 goto +0",
  "if w1 s< 5 goto +0": "if w1 s< w11 goto +0",
  "if r1 & 5 goto +1": "if r1 & r11 goto +1",
  "if r1 > 5 goto -1": "if r1 > r11 goto -3",
};

const BLINDED_JUMP: DirectedCase = {
  name: "a blinded jump keeps its target",
  check() {
    for (const [text, expected] of Object.entries(BLINDED_JUMPS)) {
      const blinded = bpfJitBlindConstants(bpf(`r0 = r1; ${text}; r0 = r2; exit`), () => MASK);
      if (!blinded.ok) return `${text} cannot be blinded`;
      const got = printInsn(blinded.insns, 3);
      if (got !== expected) return `${text} becomes "${got}", expected "${expected}"`;
    }
    return undefined;
  },
};

/** Of what stands for other instructions: its constants are no choice of the program's. */
const THROUGH_R11 = [
  insn(rowById("jeq imm"), { dst: 11, off: 1 }),
  insn(rowById("sub imm"), { dst: 11, imm: 1 }),
  insn(rowById("stdw"), { dst: 11, imm: 1 }),
  insn(rowById("arena stdw"), { dst: 10, src: 11, imm: 1 }),
];

const BLINDED_R11: DirectedCase = {
  name: "blinding leaves instructions with its own register alone",
  check() {
    for (const slot of THROUGH_R11) {
      const blinded = bpfJitBlindConstants([slot, ...bpf("r0 = r1; exit")], () => MASK);
      if (!blinded.ok || blinded.insns[0] !== slot) return `${printInsn([slot], 0)} does not stay`;
    }
    return undefined;
  },
};

const BLINDED_TOO_FAR: DirectedCase = {
  name: "a jump that blinding makes longer than 16 bits hold is refused, one of 32 bits is not",
  check() {
    const between = new Array<Insn>(20_000).fill(insn(rowById("add imm"), { dst: 2, imm: CHOSEN }));
    const over = (jump: Insn): ReturnType<typeof bpfJitBlindConstants> =>
      bpfJitBlindConstants([jump, ...between, ...bpf("exit")], () => MASK);
    const short = over(insn(rowById("ja"), { off: between.length }));
    if (short.ok || short.slot !== 0) return short.ok ? "it is blinded" : `slot ${short.slot} is blamed`;
    return over(insn(rowById("gotol"), { imm: between.length })).ok ? undefined : "one of 32 bits is refused";
  },
};

const BLINDED_LOAD: DirectedCase = {
  name: "a kernel that blinds compiles the blinded program",
  check(subject) {
    const machine = machineFor(subject);
    const kernel = subject.boot({ machine, random: () => 0 });
    kernel.blinding = () => MASK;
    const loaded = kernel.loadProgram([fn(0, ...bpf(`r0 = ${CHOSEN}; exit`))]);
    if (!loaded.ok) return `it is refused: ${loaded.error.kind}`;
    const { bpfFunc, functions } = loaded.program;
    for (let at = bpfFunc; at < bpfFunc + functions[0]!.jitedLen; at = (at + 4) as RoAddr) {
      if (isHalfOfConstant(machine.peek32(at))) return `the word at 0x${at.toString(16)} holds half of the constant`;
    }
    return kernel.warnings[0];
  },
};

const BLINDED_ONCE: DirectedCase = {
  name: "blinded functions of a program with several come from the slots that they were made of",
  check(subject) {
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
    let asked = 0;
    kernel.blinding = () => {
      asked++;
      return MASK;
    };
    const main = fn(0, ...bpf(`r0 = ${CHOSEN}`), insn(rowById("call local"), { off: 1 }), insn(rowById("exit")));
    const loaded = kernel.loadProgram([main, fn(1, ...bpf(`r0 = ${CHOSEN}; exit`))]);
    if (!loaded.ok) return `it is refused: ${loaded.error.kind}`;
    // Nothing is blinded where nothing is compiled.
    if (asked === 0) return BLINDED_LOAD.check(subject);
    const origins = loaded.program.functions.map(({ origin }) => origin?.join(" ")).join(", and ");
    return origins === "0 0 0 1 2, and 0 0 0 1" ? undefined : `they come from ${origins}`;
  },
};

/** The register that only blinding uses. */
const BLINDS_THROUGH = 11;

const NOT_BLINDED: DirectedCase = {
  name: "a blinded program that finds no room is left as it was given",
  check(subject) {
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0, limit: 0 });
    needsLimit(kernel);
    kernel.blinding = () => MASK;
    const loaded = kernel.loadProgram([fn(0, ...bpf(`r0 = ${CHOSEN}; exit`))]);
    if (loaded.ok) return "it is taken beyond the limit";
    const { fn: left, origin } = loaded.functions[0]!;
    const isBlinded = left.insns.some(({ dst, src }) => dst === BLINDS_THROUGH || src === BLINDS_THROUGH);
    return isBlinded || origin !== undefined ? "it is left as blinding has made it" : undefined;
  },
};

/** MOVZ or MOVK of 0x4141. */
const isHalfOfConstant = (word: number): boolean =>
  ((word >>> 23) & 0x3f) === 0x25 && ((word >>> 5) & 0xffff) === 0x4141;

export const BLINDING: readonly DirectedCase[] = [
  BLINDED_CONSTANTS,
  BLINDED_JUMP,
  BLINDED_R11,
  BLINDED_TOO_FAR,
  BLINDED_LOAD,
  BLINDED_ONCE,
  NOT_BLINDED,
];
