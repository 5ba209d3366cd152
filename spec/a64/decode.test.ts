import { describe, expect, test } from "vitest";
import { decode, explain } from "./decode.js";
import { ENCODING_CLASSES } from "./insn.js";
import { SP, ZR } from "./registers.js";
import { text } from "./text.js";

const CU = "constrained unpredictable: ";

describe("words that are not known, and why", () => {
  test.each([
    [0x00000000, "not modelled", "UDF"],
    [0x1e602820, "not modelled", "floating point"],
    [0x54000050, "not modelled", "BC.cond"],
    [0xd4000001, "not modelled", "SVC"],
    [0xd69f03e0, "not modelled", "ERET"],
    [0xd5380000 | 0xf140, "not modelled", "MRS of a register without a name"],
    [0xd51b0021, "not modelled", "MSR of CTR_EL0"],
    [0xd5087641, "not modelled", "DC ISW"],
    [0xd5087620, "not modelled", "DC IVAC"],
    [0xd50c8000, "not modelled", "TLBI of another exception level"],
    [0xd9200c20, "not modelled", "STG"],
    [0x6800_0420 | 0x0080_0000, "not modelled", "STGP"],
    [0xf8200420, "not modelled", "LDRAA"],
    [0x3820_9020, "not modelled", "RCWSWP"],
    [0x3d400020, "not modelled", "load of a vector register"],
    [0xd5033fff, "not modelled", "SB with another option"],
    [0x5ac01820, "not modelled", "CTZ"],
    [0x9b600c20, "not modelled", "MADDPT"],
    [0x1ac06020, "not modelled", "SMAX"],
    [0x3a000c2d, "not modelled", "SETF8"],
    [0xd500_41bf, "not modelled", "MSR SPSel"],
    [0x8b2014_20, "unallocated", "ADD, extended and shifted by 5"],
    [0x1ac04c20, "unallocated", "CRC32X to a 32-bit register"],
    [0x9ac04020, "unallocated", "CRC32B to a 64-bit register"],
    [0x1b200020, "unallocated", "SMADDL to a 32-bit register"],
    [0x9b40_0020, `${CU}should-be-one field`, "SMULH with an addend"],
    [0x13c08020, "unallocated", "32-bit EXTR from bit 32"],
    [0xf8c00420, "unallocated", "post-indexed opc 3 of eight bytes"],
    [0xf8800420, "unallocated", "post-indexed PRFM"],
    [0x69000420, "not modelled", "STGP, offset"],
    [0x68400420, "unallocated", "LDPSW, no-allocate"],
    [0xe9400420, "unallocated", "pair, opc 3"],
    [0x08217c20, "unallocated", "CASP of an odd register"],
    [0xf8400400, `${CU}written-back base equals data register`, "LDR x0, [x0], #0"],
    [0xc87f0020, `${CU}both loaded registers are the same`, "LDXP x0, x0"],
    [0xc8200420, `${CU}status register equals data register`, "STXP w0, x0, x1"],
    [0xc822_0820, `${CU}status register equals data register`, "STXP w2, x0, x2"],
    [0xc89ffc20 & ~0x1000, `${CU}should-be-one field`, "STLR with Rt2 27"],
    [0xd508831e, `${CU}should-be-one field`, "TLBI VMALLE1IS with a register"],
    [0x8bc20020, "unallocated", "ADD with ROR"],
    [0x0b028020, "unallocated", "32-bit ADD, shift by 32"],
    [0x0a028020, "unallocated", "32-bit AND, shift by 32"],
    [0x92400020 | 0xfc00, "unallocated", "logical immediate of 64 ones"],
    [0x12007c20, "unallocated", "logical immediate of 32 ones"],
    [0x1200f820 | 0x0400, "unallocated", "logical immediate without an element"],
    [0x12400020, "unallocated", "32-bit logical immediate with N"],
    [0x32800000, "unallocated", "move wide, opc 1"],
    [0x52c00000, "unallocated", "32-bit MOVZ, LSL 32"],
    [0x53407c20, "unallocated", "32-bit UBFM with N"],
    [0xd3007c20, "unallocated", "64-bit UBFM without N"],
    [0x53208020 & ~0x8000, "unallocated", "32-bit UBFM, immr 32"],
    [0x53008020, "unallocated", "32-bit UBFM, imms 32"],
    [0x5ac00c20, "unallocated", "32-bit REV64"],
    [0xb9c00020, "unallocated", "LDRSW to a 32-bit register"],
    [0xf8620820, "unallocated", "register offset, option 0"],
    [0xc85f7820, `${CU}should-be-one field`, "LDXR with Rt2 30"],
    [0xc85e7c20, `${CU}should-be-one field`, "LDXR with Rs 30"],
    [0xc8007820, `${CU}should-be-one field`, "STXR with Rt2 30"],
    [0xc8007c20, `${CU}status register equals data register`, "STXR w0, x0"],
    [0xc81f7c3f, `${CU}status register equals data register`, "STXR wzr, xzr"],
    [0xc8017c20, `${CU}status register equals base register`, "STXR w1, x0, [x1]"],
    [0xa9400020, `${CU}both loaded registers are the same`, "LDP x0, x0"],
    [0xa8c17fff, `${CU}both loaded registers are the same`, "LDP xzr, xzr"],
    [0xa9810420, `${CU}written-back base equals data register`, "STP x0, x1, [x1, #16]!"],
    [0xa8c10400, `${CU}written-back base equals data register`, "LDP x0, x1, [x0], #16"],
  ])("%i: %s (%s)", (word, why) => {
    expect(decode(word)).toBeUndefined();
    expect(explain(word)).toBe(why);
  });
});

describe("neighbours of the refused words", () => {
  test.each([
    [0xc81f7c20, "stxr wzr, x0, [x1]"],
    [0xc81f7fe0, "stxr wzr, x0, [sp]"],
    [0xa9400420, "ldp x0, x1, [x1]"],
    [0xa98107e0, "stp x0, x1, [sp, #0x10]!"],
    [0xa9bf7fff, "stp xzr, xzr, [sp, #-0x10]!"],
    [0xa9000020, "stp x0, x0, [x1]"],
    [0xa8c16bff, "ldp xzr, x26, [sp], #0x10"],
  ])("%i: %s", (word, expected) => {
    expect(text(decode(word)!, 0)).toBe(expected);
  });
});

test("the rows of the table do not overlap", () => {
  const overlapping = ENCODING_CLASSES.flatMap((a, i) =>
    ENCODING_CLASSES.slice(i + 1)
      .filter((b) => ((a.value ^ b.value) & a.mask & b.mask) === 0)
      .map((b) => `${a.pattern} and ${b.pattern}`),
  );
  expect(overlapping).toEqual([]);
});

test("register 31 is zero or the stack pointer, by its position", () => {
  expect(decode(0x910003ff)).toMatchObject({ rd: SP, rn: SP });
  expect(decode(0xf10003ff)).toMatchObject({ rd: ZR, rn: SP });
  expect(decode(0x8b1f03ff)).toMatchObject({ rd: ZR, rn: ZR, rm: ZR });
  expect(decode(0xb24003ff)).toMatchObject({ rd: SP, rn: ZR });
  expect(decode(0xf24003ff)).toMatchObject({ rd: ZR, rn: ZR });
  expect(decode(0xf90003ff)).toMatchObject({ rt: ZR, rn: SP });
  expect(decode(0xc81f7fe0)).toMatchObject({ rs: ZR, rn: SP });
});

test("a compiled function reads as it was emitted", () => {
  const words = [
    0x910003c9, 0xd503201f, 0xd503233f, 0xa9bf7bfd, 0x910003fd, 0xa9bf6bff, 0x910003fa, 0xd2800547, 0xa8c16bff,
    0xa8c17bfd, 0x910000e0, 0xd50323bf, 0xd65f03c0, 0xd503201f, 0x5800004a, 0xd61f0140,
  ];
  expect(words.map((word, i) => text(decode(word)!, 0x8000 + 4 * i))).toEqual([
    "add x9, x30, #0",
    "nop",
    "paciasp",
    "stp x29, x30, [sp, #-0x10]!",
    "mov x29, sp",
    "stp xzr, x26, [sp, #-0x10]!",
    "mov x26, sp",
    "mov x7, #0x2a",
    "ldp xzr, x26, [sp], #0x10",
    "ldp x29, x30, [sp], #0x10",
    "add x0, x7, #0",
    "autiasp",
    "ret",
    "nop",
    "ldr x10, #0xffff000000008040",
    "br x10",
  ]);
});
