import { describe, expect, test } from "vitest";
import { DATA, type GivenState, perform, stateOf, step } from "./testing.js";

type Row = readonly [line: string, before: GivenState, changed: Record<string, bigint | string>];
const ONES = 0xffff_ffff_ffff_ffffn;
const COUNT = "00112233445566778899aabbccddeeff";

const changes = (rows: readonly Row[]): void => {
  test.each(rows)("%s from %o", (line, before, changed) => {
    expect(step(line, before)).toEqual({ changed, stop: undefined });
  });
};

describe("loads", () => {
  const from = { x1: DATA, memory: COUNT };
  changes([
    ["39400420 ldrb w0, [x1, #1]", from, { x0: 0x11n }],
    ["79400420 ldrh w0, [x1, #2]", from, { x0: 0x3322n }],
    ["b9400420 ldr w0, [x1, #4]", { ...from, x0: ONES }, { x0: 0x7766_5544n }],
    ["f9400420 ldr x0, [x1, #8]", from, { x0: 0xffee_ddcc_bbaa_9988n }],
    ["f9400420 ldr x0, [x1, #8]", { x1: DATA - 5n, memory: COUNT }, { x0: 0xaa99_8877_6655_4433n }],
    ["39800020 ldrsb x0, [x1]", { x1: DATA + 9n, memory: COUNT }, { x0: 0xffff_ffff_ffff_ff99n }],
    ["39c00020 ldrsb w0, [x1]", { x1: DATA + 9n, memory: COUNT }, { x0: 0xffff_ff99n }],
    ["79800020 ldrsh x0, [x1]", { x1: DATA + 2n, memory: COUNT }, { x0: 0x3322n }],
    ["b9800020 ldrsw x0, [x1]", { x1: DATA + 8n, memory: COUNT }, { x0: 0xffff_ffff_bbaa_9988n }],
    ["f94007e0 ldr x0, [sp, #8]", { sp: DATA, memory: COUNT }, { x0: 0xffee_ddcc_bbaa_9988n }],
  ]);
});

describe("register offsets", () => {
  changes([
    ["f8626820 ldr x0, [x1, x2]", { x1: DATA + 16n, x2: -8n, memory: COUNT }, { x0: 0xffee_ddcc_bbaa_9988n }],
    ["f8627820 ldr x0, [x1, x2, lsl #3]", { x1: DATA, x2: 1n, memory: COUNT }, { x0: 0xffee_ddcc_bbaa_9988n }],
    ["b8a2e820 ldrsw x0, [x1, x2, sxtx]", { x1: DATA + 16n, x2: -8n, memory: COUNT }, { x0: 0xffff_ffff_bbaa_9988n }],
    ["b8624820 ldr w0, [x1, w2, uxtw]", { x1: DATA, x2: 0xf_0000_0004n, memory: COUNT }, { x0: 0x7766_5544n }],
    ["b862d820 ldr w0, [x1, w2, sxtw #2]", { x1: DATA + 8n, x2: 0xffff_ffffn, memory: COUNT }, { x0: 0x7766_5544n }],
    ["38226820 strb w0, [x1, x2]", { x0: 0x1abn, x1: DATA + 3n, x2: -2n }, { memory: "00ab" }],
  ]);
});

describe("stores", () => {
  const value = 0x1122_3344_5566_7788n;
  changes([
    ["39000020 strb w0, [x1]", { x0: value, x1: DATA }, { memory: "88" }],
    ["79000420 strh w0, [x1, #2]", { x0: value, x1: DATA }, { memory: "00008877" }],
    ["b9000020 str w0, [x1]", { x0: value, x1: DATA + 1n }, { memory: "0088776655" }],
    ["f8226820 str x0, [x1, x2]", { x0: value, x1: DATA }, { memory: "8877665544332211" }],
    ["f900003f str xzr, [x1]", { x1: DATA, memory: `${"ff".repeat(8)}01` }, { memory: "000000000000000001" }],
  ]);
});

describe("pairs", () => {
  changes([
    [
      "a9bf7bfd stp x29, x30, [sp, #-0x10]!",
      { sp: DATA + 16n, x29: 1n, x30: 2n },
      { sp: DATA, memory: "010000000000000002" },
    ],
    [
      "a8c17bfd ldp x29, x30, [sp], #0x10",
      { sp: DATA, memory: "010000000000000002" },
      { sp: DATA + 16n, x29: 1n, x30: 2n },
    ],
    ["a8c17ffc ldp x28, xzr, [sp], #0x10", { sp: DATA, memory: "010000000000000002" }, { sp: DATA + 16n, x28: 1n }],
    ["a93f0440 stp x0, x1, [x2, #-0x10]", { x0: 3n, x1: 4n, x2: DATA + 16n }, { memory: "030000000000000004" }],
    ["a9410440 ldp x0, x1, [x2, #0x10]", { x2: DATA - 16n, memory: "030000000000000004" }, { x0: 3n, x1: 4n }],
    ["a9c10440 ldp x0, x1, [x2, #0x10]!", { x2: DATA - 16n, memory: "05" }, { x0: 5n, x2: DATA }],
    ["a8bf0440 stp x0, x1, [x2], #-0x10", { x0: 3n, x2: DATA }, { x2: DATA - 16n, memory: "03" }],
  ]);
});

test.each([
  ["f9400420 ldr x0, [x1, #8]", { x0: 5n, x1: 0n }, "badRead"],
  ["f93ffc20 str x0, [x1, #0x7ff8]", { x1: DATA }, "badWrite"],
  ["f94007e0 ldr x0, [sp, #8]", { sp: DATA + 8n }, "misalignedStack"],
  ["a9bf7bfd stp x29, x30, [sp, #-0x10]!", { sp: DATA + 1n }, "misalignedStack"],
  ["a9bf7bfd stp x29, x30, [sp, #-0x10]!", { sp: DATA }, "badWrite"],
  ["a8c17bfd ldp x29, x30, [sp], #0x10", { sp: DATA + 32n }, "badRead"],
  ["a9c10440 ldp x0, x1, [x2, #0x10]!", { x2: DATA + 8n }, "badRead"],
  ["c85f7c20 ldxr x0, [x1]", { x1: DATA + 4n }, "badRead"],
  ["885f7c20 ldxr w0, [x1]", { x1: DATA + 2n }, "badRead"],
  ["c8027c20 stxr w2, x0, [x1]", { x1: DATA + 4n }, "badWrite"],
  ["f8200022 ldadd x0, x2, [x1]", { x1: DATA + 4n, x0: 1n }, "badWrite"],
  ["f8200022 ldadd x0, x2, [x1]", { x1: 0n, x0: 1n }, "badRead"],
  ["c8e7fc22 casal x7, x2, [x1]", { x1: DATA + 1n }, "badWrite"],
] as const)("%s from %o stops and changes nothing", (line, before, stop) => {
  expect(step(line, before)).toEqual({ changed: {}, stop });
});

describe("single-instruction atomics", () => {
  const from = { x1: DATA, memory: "ffffffff" };
  changes([
    ["f8200022 ldadd x0, x2, [x1]", { ...from, x0: 1n }, { x2: 0xffff_ffffn, memory: "0000000001" }],
    ["b8200022 ldadd w0, w2, [x1]", { ...from, x0: 0x5_0000_0002n }, { x2: 0xffff_ffffn, memory: "01" }],
    ["f8e00020 ldaddal x0, x0, [x1]", { ...from, x0: 2n }, { x0: 0xffff_ffffn, memory: "0100000001" }],
    ["f820003f stadd x0, [x1]", { ...from, x0: 1n }, { memory: "0000000001" }],
    ["f8201022 ldclr x0, x2, [x1]", { ...from, x0: 0xff00n }, { x2: 0xffff_ffffn, memory: "ff00ffff" }],
    ["b8e01022 ldclral w0, w2, [x1]", { ...from, x0: ONES }, { x2: 0xffff_ffffn, memory: "" }],
    ["f8202022 ldeor x0, x2, [x1]", { ...from, x0: 0xffn }, { x2: 0xffff_ffffn, memory: "00ffffff" }],
    ["f8203022 ldset x0, x2, [x1]", { ...from, x0: 0x1_0000_0000n }, { x2: 0xffff_ffffn, memory: "ffffffff01" }],
    ["b8e03020 ldsetal w0, w0, [x1]", { x1: DATA, x0: 6n, memory: "01" }, { x0: 1n, memory: "07" }],
    ["f8e08022 swpal x0, x2, [x1]", { ...from, x0: 9n }, { x2: 0xffff_ffffn, memory: "09" }],
    ["b8e08022 swpal w0, w2, [x1]", { ...from, x0: 0x7_0000_0009n }, { x2: 0xffff_ffffn, memory: "09" }],
    ["c8e7fc22 casal x7, x2, [x1]", { ...from, x7: 0xffff_ffffn, x2: 3n }, { memory: "03" }],
    ["c8e7fc22 casal x7, x2, [x1]", { ...from, x7: 1n, x2: 3n }, { x7: 0xffff_ffffn }],
    ["88e7fc22 casal w7, w2, [x1]", { ...from, x7: ONES, x2: 3n }, { x7: 0xffff_ffffn, memory: "03" }],
    ["88e7fc22 casal w7, w2, [x1]", { ...from, x7: 0xf_ffff_fff0n, x2: 3n }, { x7: 0xffff_ffffn }],
  ]);
});

describe("exclusives", () => {
  const LDXR = "c85f7c20 ldxr x0, [x1]";
  const STXR = "c8027c23 stxr w2, x3, [x1]";
  const before: GivenState = { x1: DATA, x2: 7n, x3: 9n, memory: "05" };

  /** The status after running the lines; the memory's first byte. */
  function run(lines: readonly string[], spuriousFailure?: () => boolean): { status: bigint; byte: number } {
    const { state, memory } = stateOf(before);
    state.spuriousFailure = spuriousFailure;
    for (const line of lines) expect(perform(line, state, memory)).toBeUndefined();
    return { status: state.x[2]!, byte: memory.bytes[0]! };
  }

  test("a store-exclusive succeeds once after a load-exclusive of the same block", () => {
    expect(run([LDXR, STXR])).toEqual({ status: 0n, byte: 9 });
    expect(run(["c85ffc20 ldaxr x0, [x1]", "c802fc23 stlxr w2, x3, [x1]"])).toEqual({ status: 0n, byte: 9 });
    expect(run([LDXR, STXR, STXR])).toEqual({ status: 1n, byte: 9 });
  });
  test("it fails without one, after one of another size, and after a store to the block", () => {
    expect(run([STXR])).toEqual({ status: 1n, byte: 5 });
    expect(run(["885f7c20 ldxr w0, [x1]", STXR])).toEqual({ status: 1n, byte: 5 });
    expect(run([LDXR, "39000020 strb w0, [x1]", STXR])).toEqual({ status: 1n, byte: 5 });
    expect(run([LDXR, "f900043f str xzr, [x1, #8]", STXR])).toEqual({ status: 0n, byte: 9 });
  });
  test("it may be told to fail", () => {
    expect(run([LDXR, STXR], () => true)).toEqual({ status: 1n, byte: 5 });
    expect(run([LDXR, STXR], () => false)).toEqual({ status: 0n, byte: 9 });
  });
});

describe("bases that move, and those that do not", () => {
  const from = { x1: DATA + 8n, memory: COUNT };
  changes([
    ["78402c20 ldrh w0, [x1, #2]!", from, { x0: 0xbbaan, x1: DATA + 10n }],
    ["381ff420 strb w0, [x1], #-1", { x0: 0x1ffn, x1: DATA + 1n }, { x1: DATA, memory: "00ff" }],
    ["b89fc020 ldursw x0, [x1, #-4]", { ...from, x1: DATA + 13n }, { x0: 0xffff_ffff_ccbb_aa99n }],
    ["38401820 ldtrb w0, [x1, #1]", from, { x0: 0x99n }],
  ]);
  test("a base is as it was if its access faults", () => {
    expect(step("78402c20 ldrh w0, [x1, #2]!", { x1: DATA + 31n })).toEqual({ changed: {}, stop: "badRead" });
    expect(step("381ff420 strb w0, [x1], #-1", { x1: DATA - 1n })).toEqual({ changed: {}, stop: "badWrite" });
  });
});

describe("pairs of words", () => {
  const from = { x1: DATA, memory: COUNT };
  changes([
    ["29410820 ldp w0, w2, [x1, #8]", from, { x0: 0xbbaa_9988n, x2: 0xffee_ddccn }],
    ["68c10820 ldpsw x0, x2, [x1], #8", from, { x0: 0x3322_1100n, x2: 0x7766_5544n, x1: DATA + 8n }],
    ["a8000820 stnp x0, x2, [x1]", { x0: 1n, x1: DATA, x2: 2n }, { memory: "010000000000000002" }],
    ["29bf0820 stp w0, w2, [x1, #-8]!", { x0: -1n, x1: DATA + 8n, x2: 2n }, { x1: DATA, memory: "ffffffff02" }],
  ]);
});

describe("ordered accesses", () => {
  const from = { x1: DATA + 8n, memory: COUNT };
  changes([
    ["c8dffc20 ldar x0, [x1]", from, { x0: 0xffee_ddcc_bbaa_9988n }],
    ["089ffc20 stlrb w0, [x1]", { x0: 0x1abn, x1: DATA }, { memory: "ab" }],
    ["78bfc020 ldaprh w0, [x1]", from, { x0: 0x9988n }],
    ["19801020 ldapursb x0, [x1, #1]", from, { x0: 0xffff_ffff_ffff_ff99n }],
    ["99004020 stlur w0, [x1, #4]", { x0: 1n, x1: DATA }, { memory: "0000000001" }],
    ["f9800020 prfm pldl1keep, [x1]", { x1: 0n }, {}],
  ]);
  test("must be aligned", () => {
    expect(step("c8dffc20 ldar x0, [x1]", { x1: DATA + 4n })).toEqual({ changed: {}, stop: "badRead" });
    expect(step("99004020 stlur w0, [x1, #4]", { x1: DATA + 2n })).toEqual({ changed: {}, stop: "badWrite" });
  });
});

describe("atomics of all sizes", () => {
  changes([
    ["38204022 ldsmaxb w0, w2, [x1]", { x0: 0xf01n, x1: DATA, memory: "80" }, { x2: 0x80n, memory: "01" }],
    ["b8207022 ldumin w0, w2, [x1]", { x0: -1n, x1: DATA, memory: "80" }, { x2: 0x80n }],
    ["78205022 ldsminh w0, w2, [x1]", { x0: 0xf8000n, x1: DATA, memory: "01" }, { x2: 1n, memory: "0080" }],
    ["f8206022 ldumax x0, x2, [x1]", { x0: -1n, x1: DATA, memory: "01" }, { x2: 1n, memory: "ff".repeat(8) }],
    ["78208022 swph w0, w2, [x1]", { x0: 0x11234n, x1: DATA, memory: "01" }, { x2: 1n, memory: "3412" }],
    ["08a07c22 casb w0, w2, [x1]", { x0: 0x101n, x1: DATA, x2: 0x77n, memory: "01" }, { x0: 1n, memory: "77" }],
    ["08a07c22 casb w0, w2, [x1]", { x0: 2n, x1: DATA, x2: 0x77n, memory: "01" }, { x0: 1n }],
  ]);
});

describe("blocks of two", () => {
  const half = "0100000000000000";
  const before = { x0: 1n, x1: 2n, x2: 3n, x3: 4n, x4: DATA };
  changes([
    ["48207c82 casp x0, x1, x2, x3, [x4]", { ...before, memory: `${half}02` }, { memory: "030000000000000004" }],
    ["48207c82 casp x0, x1, x2, x3, [x4]", { ...before, memory: `${half}05` }, { x1: 5n }],
    ["08207c82 casp w0, w1, w2, w3, [x4]", { ...before, memory: "0100000002" }, { memory: "0300000004" }],
  ]);
  test("an exclusive store of a pair is of the block that was loaded", () => {
    const status = (load: string, move = 0n): bigint => {
      const { state, memory } = stateOf({ x1: DATA, x3: 9n });
      perform(load, state, memory);
      state.x[1]! += move;
      perform("c8230820 stxp w3, x0, x2, [x1]", state, memory);
      return state.x[3]!;
    };
    expect(status("c87f0820 ldxp x0, x2, [x1]")).toBe(0n);
    expect(status("c87f0820 ldxp x0, x2, [x1]", 16n)).toBe(1n);
    expect(status("c85f7c20 ldxr x0, [x1]")).toBe(1n);
    expect(step("c87f0820 ldxp x0, x2, [x1]", { x1: DATA + 8n })).toEqual({ changed: {}, stop: "badRead" });
  });
});
