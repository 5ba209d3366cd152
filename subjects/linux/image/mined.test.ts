import { describe, expect, test } from "vitest";
import { minedSymbols } from "./mined.js";
import { symbolsOfList } from "./symbol-file.js";

const BASE = 0x8000_8000_0000;
const DATA = BASE + 0x3000;
const EXCEPTIONS = 0x4000;
const BUGS = 0x8000;
const END = 0x1_0000;

/** ADRP x21, DATA's page; ADD x21, x21, #0x28; MOV x0, x21; BL mutex_lock; RET. */
const POKE = [0xb000_0015, 0x9100_a2b5, 0xaa15_03e0, 0x9400_003d, 0xd65f_03c0];
/** ADRP x1, DATA's page; ADD x1, x1, #0x18; LDADDAL x0, x2, [x1]; ADRP x3; LDR x4, [x3, #0x20]; RET. */
const CHARGE = [0xb000_0001, 0x9100_6021, 0xf8e0_0022, 0xb000_0003, 0xf940_1064, 0xd65f_03c0];

function image(change: (view: DataView) => void = () => {}) {
  const bytes = new Uint8Array(END);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of CHARGE.entries()) view.setUint32(0x2000 + 4 * i, word, true);
  for (const [i, word] of POKE.entries()) view.setUint32(0x2400 + 4 * i, word, true);
  for (let i = 0; i < 300; i++) {
    const at = EXCEPTIONS + 12 * i;
    view.setInt32(at, 0x1000 + 4 * i - at, true);
    view.setInt32(at + 4, 0x1800 - (at + 4), true);
    view.setInt16(at + 8, 3, true);
  }
  view.setUint32(0x1c00, 0xd421_0000, true);
  for (let i = 0; i < 600; i++) view.setInt32(BUGS + 12 * i, 0x1c00 - (BUGS + 12 * i), true);
  change(view);
  const symbols = symbolsOfList([
    { name: "_stext", va: BASE + 0x1000, letter: "T" },
    { name: "__arch_copy_to_user", va: BASE + 0x1100, letter: "T" },
    { name: "other", va: BASE + 0x1200, letter: "T" },
    { name: "bpf_jit_charge_modmem", va: BASE + 0x2000, letter: "T" },
    { name: "bpf_arch_text_poke", va: BASE + 0x2400, letter: "T" },
    { name: "mutex_lock", va: BASE + 0x2500, letter: "T" },
    { name: "_etext", va: BASE + 0x2800, letter: "T" },
  ]);
  return { base: BASE, bytes, symbols, functions: symbols.functions(), types: undefined };
}
const found = (change?: (view: DataView) => void): Record<string, number> =>
  Object.fromEntries(minedSymbols(image(change)).map(({ name, va }) => [name, va - BASE]));

describe("data of a kernel that names functions only", () => {
  test("are found by their use, and tables by what they point to", () => {
    expect(found()).toEqual({
      bpf_jit_current: DATA + 0x18 - BASE,
      bpf_jit_limit: DATA + 0x20 - BASE,
      text_mutex: DATA + 0x28 - BASE,
      __start___ex_table: EXCEPTIONS,
      __stop___ex_table: EXCEPTIONS + 12 * 300,
      __start___bug_table: BUGS,
      __stop___bug_table: BUGS + 12 * 600,
    });
  });

  test("what is damaged is not taken for a table", () => {
    const shuffled = found((view) => view.setInt32(EXCEPTIONS + 12 * 150, 0, true));
    expect(shuffled).not.toHaveProperty("__start___ex_table");
    expect(found((view) => view.setUint32(0x1c00, 0, true))).not.toHaveProperty("__start___bug_table");
    const elsewhere = found((view) => {
      for (let i = 60; i < 140; i++) view.setInt32(EXCEPTIONS + 12 * i, 0x1300 - (EXCEPTIONS + 12 * i), true);
    });
    expect(elsewhere).not.toHaveProperty("__start___ex_table");
  });
});
