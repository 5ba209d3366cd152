// What becomes of instructions between a program and its JIT, where no result depends on it: a shift takes its amount
// modulo the width, divisions are guarded as Linux 6.12 guards them, though UDIV and SDIV never trap, and `may_goto` counts
// down a budget. All subjects are handed the same.

import { LOADS } from "../../spec/bpf/access-rows.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import { type FieldPlace, type RewrittenFunction, rewrite, type VerifierEnv } from "../../subjects/lowering.js";
import type { DirectedCase } from "../../subjects/subject.js";

const NO_ADDRESSES: VerifierEnv = { mapObject: () => 0, mapValues: () => 0, helperOffset: () => undefined, loops: 0 };

/** One function, rewritten. @param contextLoads slots that access the context */
function rewritten(
  code: readonly Insn[],
  env: Partial<VerifierEnv> = {},
  contextLoads: ReadonlySet<number> = new Set(),
): RewrittenFunction {
  const facts = { functions: [{ start: 0, end: code.length, stackDepth: 0 }], contextLoads };
  return rewrite(code, facts, { ...NO_ADDRESSES, ...env }).functions[0]!;
}

const ORIGINS: DirectedCase = {
  name: "what guards a division in a later function is said to come from its slot of the program",
  check() {
    const code = bpf("r0 = 1; exit; r0 = 1; r0 /= 0; exit");
    const functions = [[0, 2] as const, [2, 5] as const].map(([start, end]) => ({ start, end, stackDepth: 0 }));
    const facts = { functions, contextLoads: new Set<number>() };
    const originOf = (rewriteDivision: boolean): Int32Array =>
      rewrite(code, facts, { ...NO_ADDRESSES, rewriteDivision }).functions[1]!.origin;
    const unguarded = originOf(false).join(" ");
    if (unguarded !== "2 3 4") return `without guards it is said to come from ${unguarded}`;
    const origin = originOf(true);
    const isRight = origin[0] === 2 && origin.at(-1) === 4 && origin.slice(1, -1).every((slot) => slot === 3);
    return isRight ? undefined : `it is said to come from ${origin.join(" ")}`;
  },
};

const CALL_HELPER = rowById("call helper");
const CALL_KFUNC = rowById("call kfunc");
const OFFSET = 0x1234;

const INLINED_HELPERS: DirectedCase = {
  name: "a helper that the JIT inlines keeps its number, any other call gets the offset of what it calls",
  check() {
    const code = [...[8, 5].map((imm) => insn(CALL_HELPER, { imm })), insn(CALL_KFUNC, { imm: 5 }), ...bpf("exit")];
    const offsets = { helperOffset: () => OFFSET, kfuncOffset: () => OFFSET + 4 };
    const { insns } = rewritten(code, { ...offsets, inlineHelpers: new Set([8]) });
    const called = insns.slice(0, 3).map(({ imm }) => imm);
    return called.join() === `8,${OFFSET},${OFFSET + 4}` ? undefined : `they call ${called.join(", ")}`;
  },
};

/** How far `may_goto` jumps -> how far the jump does that stands second of the four in its place. */
const COUNTED_JUMPS = [
  [0, 2],
  [1, 3],
  [-1, -2],
] as const;

const COUNTED: DirectedCase = {
  name: "may_goto is left where its budget has come to nothing, to where it goes",
  check() {
    for (const [off, expected] of COUNTED_JUMPS) {
      const code = [insn(rowById("ja"), {}), insn(rowById("may_goto"), { off }), ...bpf("r0 = r1; r0 = r2; exit")];
      const { insns } = rewritten(code, { loops: 3 });
      const got = insns
        .slice(0, 6)
        .map((_, pc) => printInsn(insns, pc))
        .join("; ");
      const load = "r11 = *(u64 *)(r10 - 8)";
      const counted = `if r11 == 0 goto ${expected < 0 ? expected : `+${expected}`}`;
      const wanted = `*(u64 *)(r10 - 8) = 3; goto +0; ${load}; ${counted}; r11 -= 1; *(u64 *)(r10 - 8) = r11`;
      if (got !== wanted) return `by ${off}: ${got}, expected ${wanted}`;
    }
    return undefined;
  },
};

/** Row, amount, and what is left of it. */
const AMOUNTS = [
  ["lsh imm", 64, 0],
  ["rsh imm", 65, 1],
  ["arsh imm", -1, 63],
  ["lsh imm", 63, 63],
  ["lsh32 imm", 32, 0],
  ["rsh32 imm", 33, 1],
  ["arsh32 imm", -1, 31],
] as const;

const SHIFT_AMOUNTS: DirectedCase = {
  name: "shifts take their amount modulo the width",
  check() {
    for (const [row, amount, left] of AMOUNTS) {
      const code = [insn(rowById(row), { imm: amount }), ...bpf("exit")];
      const got = rewritten(code).insns[0]!.imm;
      if (got !== left) return `${row} by ${amount} becomes one by ${got}, expected ${left}`;
    }
    return undefined;
  },
};

/** Instruction, and what stands for it. R11 is the verifier's own. */
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  "r1 /= r2": ["if r2 != 0 goto +2", "w1 ^= w1", "goto +1", "r1 /= r2"],
  "w1 /= w2": ["if w2 != 0 goto +2", "w1 ^= w1", "goto +1", "w1 /= w2"],
  "r1 %= r2": ["if r2 == 0 goto +1", "r1 %= r2"],
  "w1 %= w2": ["if w2 == 0 goto +2", "w1 %= w2", "goto +1", "w1 = w1"],
  "r1 s/= r2": [
    ...["r11 = r2", "r11 += 1", "if r11 > 1 goto +4", "if r11 == 0 goto +1", "r1 = 0", "r1 = -r1", "goto +1"],
    "r1 s/= r2",
  ],
  "w1 s/= w2": [
    ...["r11 = r2", "w11 += 1", "if w11 > 1 goto +4", "if w11 == 0 goto +1", "w1 = 0", "w1 = -w1", "goto +1"],
    "w1 s/= w2",
  ],
  "r1 s%= r2": [
    ...["r11 = r2", "r11 += 1", "if r11 > 1 goto +3", "if r11 == 1 goto +3", "w1 = 0", "goto +1"],
    "r1 s%= r2",
  ],
  "w1 s%= w2": [
    ...["r11 = r2", "w11 += 1", "if w11 > 1 goto +3", "if w11 == 1 goto +4", "w1 = 0", "goto +1"],
    ...["w1 s%= w2", "goto +1", "w1 = w1"],
  ],
  "r1 s/= -1": ["r1 = -r1"],
  "w1 s/= -1": ["w1 = -w1"],
  "r1 s%= -1": ["w1 = 0"],
  "w1 s%= -1": ["w1 = 0"],
  "r1 s/= -2": ["r1 s/= -2"],
  "r1 s%= 3": ["r1 s%= 3"],
  "r1 /= 7": ["r1 /= 7"],
};

const DIVISION_GUARDS: DirectedCase = {
  name: "divisions are guarded as Linux guards them",
  check() {
    for (const [text, expected] of Object.entries(GUARDED)) {
      const { insns } = rewritten(bpf(`${text}; exit`), { rewriteDivision: true });
      const got = insns.slice(0, -1).map((_, pc) => printInsn(insns, pc));
      if (got.join("; ") !== expected.join("; ")) return `${text} became "${got.join("; ")}"`;
    }
    return undefined;
  },
};

/** Kept by the kernel at 8, and at 32; read by programs in parts. */
const NARROW_FIELDS = [
  { bytes: 4, at: 8, width: 4, via: [] },
  { bytes: 8, at: 32, width: 8, via: [] },
  { bytes: 4, at: 8, width: 4, via: [16, 24] },
] as const;
/** Field, first byte and size of the part -> what stands for its load into r2 from r1. */
const NARROW_LOADS: readonly (readonly [0 | 1 | 2, number, 1 | 2 | 4, string])[] = [
  [0, 0, 1, "r2 = *(u32 *)(r1 + 8); w2 &= 255"],
  [0, 1, 1, "r2 = *(u32 *)(r1 + 8); w2 >>= 8; w2 &= 255"],
  [0, 3, 1, "r2 = *(u32 *)(r1 + 8); w2 >>= 24; w2 &= 255"],
  [0, 2, 2, "r2 = *(u32 *)(r1 + 8); w2 >>= 16; w2 &= 65535"],
  [1, 5, 1, "r2 = *(u64 *)(r1 + 32); r2 >>= 40; r2 &= 255"],
  [1, 6, 2, "r2 = *(u64 *)(r1 + 32); r2 >>= 48; r2 &= 65535"],
  [1, 0, 4, "r2 = *(u64 *)(r1 + 32); w2 = w2"],
  [1, 4, 4, "r2 = *(u64 *)(r1 + 32); r2 >>= 32; w2 = w2"],
  [2, 1, 1, "r2 = *(u64 *)(r1 + 16); r2 = *(u64 *)(r2 + 24); r2 = *(u32 *)(r2 + 8); w2 >>= 8; w2 &= 255"],
];

/** What stands for an access to a field that the kernel keeps there. */
function textOfAccess(access: Insn, place: FieldPlace): string {
  const { insns } = rewritten([access, ...bpf("exit")], { contextField: () => place }, new Set([0]));
  return insns
    .slice(0, -1)
    .map((_, pc) => printInsn(insns, pc))
    .join("; ");
}

const PARTS_OF_FIELDS: DirectedCase = {
  name: "a load of a part of a context's field shifts and masks all of it",
  check() {
    for (const [index, low, size, expected] of NARROW_LOADS) {
      const { bytes: fieldBytes, ...place } = NARROW_FIELDS[index];
      const got = textOfAccess(insn(LOADS[size], { dst: 2, src: 1 }), { ...place, part: { low, size, fieldBytes } });
      if (got !== expected) return `${size} bytes from byte ${low} of ${fieldBytes}: ${got}`;
    }
    return undefined;
  },
};

/** Of programs: an access of four bytes at 0, and what the kernel does where it keeps fewer or more, at 40. */
const WHOLE_ACCESSES = [
  [insn(rowById("stxw"), { dst: 1, src: 2 }), (type: string) => `*(${type} *)(r1 + 40) = r2`],
  [insn(rowById("stw"), { dst: 1, imm: 7 }), (type: string) => `*(${type} *)(r1 + 40) = 7`],
  [insn(rowById("ldxw"), { dst: 2, src: 1 }), (type: string) => `r2 = *(${type} *)(r1 + 40)`],
] as const;

const WHOLE_FIELDS: DirectedCase = {
  name: "an access to a whole field of a context has the width that the kernel keeps",
  check() {
    for (const width of [1, 2, 4, 8] as const) {
      for (const [access, expected] of WHOLE_ACCESSES) {
        const got = textOfAccess(access, { via: [], at: 40, width });
        const wanted = expected(`u${8 * width}`);
        if (got !== wanted) return `of ${width} bytes: ${got}, expected ${wanted}`;
      }
    }
    return undefined;
  },
};

export const VERIFIER: readonly DirectedCase[] = [
  ORIGINS,
  INLINED_HELPERS,
  COUNTED,
  SHIFT_AMOUNTS,
  DIVISION_GUARDS,
  PARTS_OF_FIELDS,
  WHOLE_FIELDS,
];
