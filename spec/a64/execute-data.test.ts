import { expect, test } from "vitest";
import { decode } from "./decode.js";
import { execute } from "./execute.js";
import { type GivenState, stateOf, step } from "./testing.js";

type Row = readonly [line: string, before: GivenState, changed: Record<string, bigint | string>];
const MIN64 = 0x8000_0000_0000_0000n;
const MAX64 = 0x7fff_ffff_ffff_ffffn;
const ONES = 0xffff_ffff_ffff_ffffn;
const PATTERN = 0x0123_4567_89ab_cdefn;

const changes = (rows: readonly Row[]): void => {
  test.each(rows)("%s from %o", (line, before, changed) => {
    expect(step(line, before)).toEqual({ changed, stop: undefined });
  });
};

// ADD, SUB (immediate): 31 is SP.
changes([
  ["91000420 add x0, x1, #1", { x1: 41n }, { x0: 42n }],
  ["91000420 add x0, x1, #1", { x0: 7n, x1: ONES }, { x0: 0n }],
  ["917ffc20 add x0, x1, #0xfff, lsl #12", { x1: 1n }, { x0: 0xff_f001n }],
  ["11000420 add w0, w1, #1", { x0: ONES, x1: 0x1_ffff_ffffn }, { x0: 0n }],
  ["910083ff add sp, sp, #0x20", { sp: 0x100n }, { sp: 0x120n }],
  ["910003fd mov x29, sp", { sp: 0x100n }, { x29: 0x100n }],
  ["d10043ff sub sp, sp, #0x10", { sp: 0x100n }, { sp: 0xf0n }],
  ["d10043ff sub sp, sp, #0x10", {}, { sp: 0xffff_ffff_ffff_fff0n }],
]);

// The flags: C is the carry out, or no borrow; V a result of the wrong sign.
changes([
  ["f1000420 subs x0, x1, #1", { x1: 1n, x0: 5n }, { x0: 0n, flags: "nZCv" }],
  ["f1000420 subs x0, x1, #1", { x1: 0n }, { x0: ONES, flags: "Nzcv" }],
  ["f1000420 subs x0, x1, #1", { x1: MIN64 }, { x0: MAX64, flags: "nzCV" }],
  ["f100003f cmp x1, #0", { x1: 0n }, { flags: "nZCv" }],
  ["f100003f cmp x1, #0", { x1: MIN64 }, { flags: "NzCv" }],
  ["7100043f cmp w1, #1", { x1: 0x1_0000_0001n }, { flags: "nZCv" }],
  ["7100043f cmp w1, #1", { x1: 0x8000_0000n }, { flags: "nzCV" }],
  ["b100043f cmn x1, #1", { x1: ONES }, { flags: "nZCv" }],
  ["b100043f cmn x1, #1", { x1: MAX64 }, { flags: "NzcV" }],
  ["ab020020 adds x0, x1, x2", { x1: MIN64, x2: MIN64, x0: 1n }, { x0: 0n, flags: "nZCV" }],
  ["ab020020 adds x0, x1, x2", { x1: ONES, x2: 2n }, { x0: 1n, flags: "nzCv" }],
  ["ab020020 adds x0, x1, x2", { x1: ONES, x2: ONES }, { x0: ONES - 1n, flags: "NzCv" }],
  ["2b020020 adds w0, w1, w2", { x1: 0x7fff_ffffn, x2: 1n }, { x0: 0x8000_0000n, flags: "NzcV" }],
  ["eb020020 subs x0, x1, x2", { x1: 1n, x2: 2n }, { x0: ONES, flags: "Nzcv" }],
  ["eb02003f cmp x1, x2", { x1: MAX64, x2: ONES }, { flags: "NzcV" }],
  ["eb02003f cmp x1, x2", { x1: 5n, x2: 5n, flags: "NzcV" }, { flags: "nZCv" }],
  ["6b020020 subs w0, w1, w2", { x1: 0n, x2: 1n }, { x0: 0xffff_ffffn, flags: "Nzcv" }],
  ["f2410020 ands x0, x1, #-0x8000000000000000", { x1: ONES, flags: "nzCV" }, { x0: MIN64, flags: "Nzcv" }],
  ["7201003f tst w1, #0x80000000", { x1: 0x7fff_ffffn, flags: "NzCV" }, { flags: "nZcv" }],
  ["ea02003f tst x1, x2", { x1: 6n, x2: 3n, flags: "nZcv" }, { flags: "nzcv" }],
  ["ea220020 bics x0, x1, x2", { x1: 0xffn, x2: 0xffn }, { flags: "nZcv" }],
]);

// Shifted registers; 31 is zero.
changes([
  ["cb0203e0 neg x0, x2", { x2: 1n }, { x0: ONES }],
  ["8b02fc20 add x0, x1, x2, lsl #63", { x2: 3n, x1: 1n }, { x0: MIN64 + 1n }],
  ["8b42ffe0 add x0, xzr, x2, lsr #63", { x2: MIN64 }, { x0: 1n }],
  ["4b827c20 sub w0, w1, w2, asr #31", { x2: 0x8000_0000n }, { x0: 1n }],
  ["cb02003f sub xzr, x1, x2", { x1: 1n }, {}],
  ["aa2003eb mvn x11, x0", { x0: 1n }, { x11: ONES - 1n }],
  ["8a220020 bic x0, x1, x2", { x1: 0xffn, x2: 0x0fn }, { x0: 0xf0n }],
  ["4ac20420 eor w0, w1, w2, ror #1", { x2: 0x1_0000_0001n }, { x0: 0x8000_0000n }],
  ["ca220020 eon x0, x1, x2", { x1: 5n, x2: 5n }, { x0: ONES }],
]);

// Logical immediates.
changes([
  ["92401c20 and x0, x1, #0xff", { x1: 0x1234n }, { x0: 0x34n }],
  ["121f7820 and w0, w1, #0xfffffffe", { x1: ONES }, { x0: 0xffff_fffen }],
  ["b2410420 orr x0, x1, #0x8000000000000001", { x1: 2n }, { x0: MIN64 + 3n }],
  ["d201f020 eor x0, x1, #0xaaaaaaaaaaaaaaaa", { x1: ONES }, { x0: 0x5555_5555_5555_5555n }],
  ["32013be0 mov w0, #-0x7fffc001", {}, { x0: 0x8000_3fffn }],
  ["b27c03ff mov sp, #0x10", {}, { sp: 0x10n }],
]);

// Wide moves.
changes([
  ["d2ffffe0 mov x0, #-0x1000000000000", {}, { x0: 0xffff_0000_0000_0000n }],
  ["92800000 mov x0, #-1", {}, { x0: ONES }],
  ["12800000 mov w0, #-1", {}, { x0: 0xffff_ffffn }],
  ["f2e24680 movk x0, #0x1234, lsl #48", { x0: ONES }, { x0: 0x1234_ffff_ffff_ffffn }],
  ["72824680 movk w0, #0x1234", { x0: ONES }, { x0: 0xffff_1234n }],
]);

// Bitfields.
changes([
  ["d340fc20 lsr x0, x1, #0", { x1: PATTERN }, { x0: PATTERN }],
  ["d3410020 lsl x0, x1, #0x3f", { x1: 3n }, { x0: MIN64 }],
  ["53010020 lsl w0, w1, #0x1f", { x1: 3n }, { x0: 0x8000_0000n }],
  ["d37ffc20 lsr x0, x1, #0x3f", { x1: MIN64 }, { x0: 1n }],
  ["53007c20 lsr w0, w1, #0", { x1: ONES }, { x0: 0xffff_ffffn }],
  ["937ffc20 asr x0, x1, #0x3f", { x1: MIN64 }, { x0: ONES }],
  ["131f7c20 asr w0, w1, #0x1f", { x1: 0x8000_0000n }, { x0: 0xffff_ffffn }],
  ["93401c20 sxtb x0, w1", { x1: 0x80n }, { x0: 0xffff_ffff_ffff_ff80n }],
  ["13001c20 sxtb w0, w1", { x1: 0xff80n }, { x0: 0xffff_ff80n }],
  ["13003c20 sxth w0, w1", { x1: 0x7fffn }, { x0: 0x7fffn }],
  ["93407c20 sxtw x0, w1", { x1: 0x8000_0000n }, { x0: 0xffff_ffff_8000_0000n }],
  ["53003c20 uxth w0, w1", { x1: ONES }, { x0: 0xffffn }],
  ["d3407c20 ubfx x0, x1, #0, #0x20", { x1: ONES }, { x0: 0xffff_ffffn }],
  ["d37c1c20 ubfiz x0, x1, #4, #8", { x1: 0xabcn }, { x0: 0xbc0n }],
  ["93440c20 sbfiz x0, x1, #0x3c, #4", { x1: 0xfn }, { x0: 0xf000_0000_0000_0000n }],
  ["93441c20 sbfx x0, x1, #4, #4", { x1: 0x80n }, { x0: 0xffff_ffff_ffff_fff8n }],
]);

// Division by zero is zero; the smallest number divided by -1 wraps.
changes([
  ["9ac20820 udiv x0, x1, x2", { x0: 1n, x1: 7n, x2: 0n }, { x0: 0n }],
  ["9ac20820 udiv x0, x1, x2", { x1: ONES, x2: 2n }, { x0: MAX64 }],
  ["1ac20820 udiv w0, w1, w2", { x1: 0xf_0000_0009n, x2: 0xf_0000_0002n }, { x0: 4n }],
  ["9ac20c20 sdiv x0, x1, x2", { x0: 1n, x1: MIN64, x2: 0n }, { x0: 0n }],
  ["9ac20c20 sdiv x0, x1, x2", { x1: MIN64, x2: ONES }, { x0: MIN64 }],
  ["9ac20c20 sdiv x0, x1, x2", { x1: -7n, x2: 2n }, { x0: ONES - 2n }],
  ["1ac20c20 sdiv w0, w1, w2", { x1: 0x8000_0000n, x2: 0xffff_ffffn }, { x0: 0x8000_0000n }],
  ["1ac20c20 sdiv w0, w1, w2", { x1: 0xffff_fff9n, x2: 2n }, { x0: 0xffff_fffdn }],
]);

// Shifts by a register take the amount modulo the width.
changes([
  ["9ac22020 lsl x0, x1, x2", { x1: 1n, x2: 63n }, { x0: MIN64 }],
  ["9ac22020 lsl x0, x1, x2", { x1: 5n, x2: 64n }, { x0: 5n }],
  ["1ac22020 lsl w0, w1, w2", { x1: 1n, x2: 31n }, { x0: 0x8000_0000n }],
  ["1ac22020 lsl w0, w1, w2", { x1: 5n, x2: 32n }, { x0: 5n }],
  ["9ac22420 lsr x0, x1, x2", { x1: ONES, x2: 65n }, { x0: MAX64 }],
  ["1ac22420 lsr w0, w1, w2", { x1: ONES, x2: 1n }, { x0: 0x7fff_ffffn }],
  ["9ac22820 asr x0, x1, x2", { x1: MIN64, x2: 63n }, { x0: ONES }],
  ["1ac22820 asr w0, w1, w2", { x1: 0x8000_0000n, x2: 33n }, { x0: 0xc000_0000n }],
]);

// Multiplication and byte reversal.
changes([
  ["9b020c20 madd x0, x1, x2, x3", { x1: ONES, x2: ONES, x3: 1n }, { x0: 2n }],
  ["1b027c20 mul w0, w1, w2", { x1: 0x1_0000_0003n, x2: 0xffff_ffffn }, { x0: 0xffff_fffdn }],
  ["9b028c20 msub x0, x1, x2, x3", { x1: 2n, x2: 3n, x3: 5n }, { x0: ONES }],
  ["1b028c20 msub w0, w1, w2, w3", { x1: 2n, x2: 3n, x3: 5n }, { x0: 0xffff_ffffn }],
  ["9b02fc20 mneg x0, x1, x2", { x1: 2n, x2: 3n }, { x0: ONES - 5n }],
  ["dac00420 rev16 x0, x1", { x1: PATTERN }, { x0: 0x2301_6745_ab89_efcdn }],
  ["5ac00420 rev16 w0, w1", { x1: PATTERN }, { x0: 0xab89_efcdn }],
  ["dac00820 rev32 x0, x1", { x1: PATTERN }, { x0: 0x6745_2301_efcd_ab89n }],
  ["5ac00820 rev w0, w1", { x1: PATTERN }, { x0: 0xefcd_ab89n }],
  ["dac00c20 rev x0, x1", { x1: PATTERN }, { x0: 0xefcd_ab89_6745_2301n }],
]);

// Extended registers: the low bits, widened by sign or zeros, then shifted.
changes([
  ["8b229020 add x0, x1, w2, sxtb #4", { x1: 1n, x2: 0x1280n }, { x0: ONES - 0x7ffn + 1n }],
  ["4b222020 sub w0, w1, w2, uxth", { x1: 5n, x2: 0xf_0003n }, { x0: 2n }],
  ["8b226fff add sp, sp, x2, lsl #3", { sp: 0x100n, x2: 2n }, { sp: 0x110n }],
  ["eb22403f cmp x1, w2, uxtw", { x1: 7n, x2: 0xf_0000_0007n }, { flags: "nZCv" }],
]);

// Sums with the carry, whose absence subtracts one more.
changes([
  ["ba020020 adcs x0, x1, x2", { x1: ONES, x2: 0n, flags: "nzCv" }, { flags: "nZCv" }],
  ["ba020020 adcs x0, x1, x2", { x1: ONES, x2: ONES, flags: "nzCv" }, { x0: ONES, flags: "NzCv" }],
  ["ba020020 adcs x0, x1, x2", { x1: MAX64, x2: 0n, flags: "nzCv" }, { x0: MIN64, flags: "NzcV" }],
  ["fa020020 sbcs x0, x1, x2", { x1: 5n, x2: 3n }, { x0: 1n, flags: "nzCv" }],
  ["fa020020 sbcs x0, x1, x2", { x1: 3n, x2: 3n }, { x0: ONES, flags: "Nzcv" }],
  ["fa020020 sbcs x0, x1, x2", { x1: 0n, x2: ONES, flags: "nzcv" }, { flags: "nZcv" }],
  ["5a0203e0 ngc w0, w2", { x2: 1n, flags: "nzCv" }, { x0: 0xffff_ffffn }],
]);

// Selections, and what the second operand becomes.
changes([
  ["9a820020 csel x0, x1, x2, eq", { x1: 1n, x2: 2n, flags: "nZcv" }, { x0: 1n }],
  ["9a820020 csel x0, x1, x2, eq", { x1: 1n, x2: 2n }, { x0: 2n }],
  ["9a821420 csinc x0, x1, x2, ne", { x1: 1n, x2: ONES, x0: 9n, flags: "nZcv" }, { x0: 0n }],
  ["1a9f27e0 cset w0, lo", { flags: "nzcv" }, { x0: 1n }],
  ["1a9f27e0 cset w0, lo", { x0: ONES, flags: "nzCv" }, { x0: 0n }],
  ["5a824020 csinv w0, w1, w2, mi", { x1: 1n, x2: 0n }, { x0: 0xffff_ffffn }],
  ["da82a420 csneg x0, x1, x2, ge", { x1: 1n, x2: 2n, flags: "Nzcv" }, { x0: ONES - 1n }],
]);

// Conditional comparisons: of a register or five bits, or the flags that are given.
changes([
  ["fa420025 ccmp x1, x2, #5, eq", { x1: 4n, x2: 4n }, { flags: "nZcV" }],
  ["fa420025 ccmp x1, x2, #5, eq", { x1: 3n, x2: 4n, flags: "nZcv" }, { flags: "Nzcv" }],
  ["7a5f1822 ccmp w1, #0x1f, #2, ne", { x1: 0x1_0000_001fn }, { flags: "nZCv" }],
  ["ba41e820 ccmn x1, #1, #0, al", { x1: ONES }, { flags: "nZCv" }],
]);

// Insertion, extraction of a pair, bits.
changes([
  ["b3780c20 bfi x0, x1, #8, #4", { x0: ONES, x1: 0x5n }, { x0: 0xffff_ffff_ffff_f5ffn }],
  ["33042c20 bfxil w0, w1, #4, #8", { x0: ONES, x1: 0x1230n }, { x0: 0xffff_ff23n }],
  ["93c21020 extr x0, x1, x2, #4", { x1: 0xan, x2: 0xbcn }, { x0: 0xa000_0000_0000_000bn }],
  ["13812020 ror w0, w1, #8", { x1: 0xf_1234_5678n }, { x0: 0x7812_3456n }],
  ["9ac22c20 ror x0, x1, x2", { x1: 3n, x2: 65n }, { x0: MIN64 + 1n }],
  ["dac00020 rbit x0, x1", { x1: 1n }, { x0: MIN64 }],
  ["5ac00020 rbit w0, w1", { x1: 0xf_0000_0002n }, { x0: 0x4000_0000n }],
  ["dac01020 clz x0, x1", { x1: 0n }, { x0: 64n }],
  ["5ac01020 clz w0, w1", { x1: 0xf_0000_0001n }, { x0: 31n }],
  ["dac01420 cls x0, x1", { x1: ONES }, { x0: 63n }],
  ["dac01420 cls x0, x1", { x1: MAX64 }, {}],
  ["5ac01420 cls w0, w1", { x1: 0xffff_0000n }, { x0: 15n }],
]);

// Products of halves, and the high half of a product.
changes([
  ["9b220c20 smaddl x0, w1, w2, x3", { x1: 0xf_ffff_ffffn, x2: 3n, x3: 4n }, { x0: 1n }],
  ["9ba28c20 umsubl x0, w1, w2, x3", { x1: 0xf_ffff_ffffn, x2: 2n, x3: 0n }, { x0: ONES - 0x1_ffff_fffdn }],
  ["9b427c20 smulh x0, x1, x2", { x1: ONES, x2: 1n }, { x0: ONES }],
  ["9bc27c20 umulh x0, x1, x2", { x1: ONES, x2: ONES }, { x0: ONES - 1n }],
]);

// Pages, and pointers without their codes: bit 55 says which half an address belongs to.
changes([
  ["b0000000 adrp x0, #0xffff000000009000", {}, { x0: 0xffff_0000_0000_9000n }],
  ["dac143e0 xpaci x0", { x0: 0xab80_0000_0000_1234n }, { x0: 0xffff_0000_0000_1234n }],
  ["dac143e0 xpaci x0", { x0: 0xab00_0000_0000_1234n }, { x0: 0x1234n }],
]);

/** The check values of the catalogue of CRCs: of nine digits, from all ones, inverted at the end. */
test.each([
  ["crc32b w0, w0, w2", 0x1ac24000, 0xcbf4_3926n],
  ["crc32cb w0, w0, w2", 0x1ac25000, 0xe306_9283n],
])("%s", (_text, word, check) => {
  const { state, memory } = stateOf({ x0: 0xffff_ffffn });
  for (const digit of "123456789") {
    state.x[2] = 0xff00n + BigInt(digit.charCodeAt(0));
    execute(decode(word)!, state, memory);
  }
  expect(state.x[0]! ^ 0xffff_ffffn).toBe(check);
});
