// Words that both syntaxes share.

import type { LddwSource } from "../isa.js";

/** A branch target by distance or by label, after the field that holds the distance. */
export const BRANCHES = { off: ["{jump}", "{label}"], imm: ["{far}", "{label}"] } as const;

const plain = (word: string): readonly string[] => [`${word} {imm}`, `${word} {imm} {high}`];
const withValue = (word: string): readonly string[] => [`${word} {imm} {high}`];

/** Sources of a 64-bit immediate other than a number. `{imm}` is the first slot's imm, `{high}` the second's. */
export const LDDW_WORDS: Readonly<Record<Exclude<LddwSource, "imm64">, readonly string[]>> = {
  mapFd: plain("map_fd"),
  mapFdValue: withValue("map_fd_value"),
  variable: plain("variable"),
  code: plain("code"),
  mapIndex: plain("map_idx"),
  mapIndexValue: withValue("map_idx_value"),
};
