import { expect, test } from "vitest";
import { openDisassembler } from "./disassembler.js";

const disassemble = await openDisassembler();

test.each([
  [0xd503201f, 0n, "nop"],
  [0xa9bf7bfd, 0n, "stp x29, x30, [sp, #-0x10]!"],
  [0x14000002, 0xffff_8000_0000_1000n, "b #0xffff800000001008"],
  [0x17ffffff, 0xffff_8000_0000_1000n, "b #0xffff800000000ffc"],
  [0x54000040, 0x1000n, "b.eq #0x1008"],
  // Where the library leaves something out.
  [0xf9807a79, 0n, "prfm #0x19, [x19, #0xf0]"],
  [0x78db44c7, 0n, "ldrsh w7, [x6], #-0x4c"],
  [0x381ff420, 0n, "strb w0, [x1], #-1"],
])("%i at %i is %s", (word, address, text) => {
  expect(disassemble(word, address)).toBe(text);
});

test("a word that is no instruction has no text, and the next one is not confused by it", () => {
  expect(disassemble(0xffff_ffff, 0n)).toBeUndefined();
  expect(disassemble(0xd65f03c0, 0n)).toBe("ret");
});
