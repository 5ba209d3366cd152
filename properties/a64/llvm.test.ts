// Our decoder against LLVM's, where it is installed: the same words are instructions. LLVM knows all extensions here, so what
// we call unallocated is so for every processor.

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { explain } from "../../spec/a64/decode.js";
import { ENCODING_CLASSES } from "../../spec/a64/insn.js";
import { hexWord } from "../../spec/bits.js";
import { available } from "../../testing/required.js";

const COMMAND = process.env.LLVM_MC ?? "llvm-mc";
/** All that add to the integer instructions. */
const FEATURES =
  "v9.5a crc lse lse2 pauth rcpc rcpc-immo rcpc3 ccpp ccdp lor predres sb pan uaops dit ssbs flagm altnzcv mte " +
  "mops hbc cssc tme brbe ls64 wfxt xs the lse128 d128 sme2 sve2 el2vmsa el3";
const ARGUMENTS = ["--disassemble", "--triple=aarch64", `--mattr=+${FEATURES.replaceAll(" ", ",+")}`];
const WORDS_OF_A_CLASS = 1500;

/** The first that knows all of them. */
const VERSION = 19;

function missing(): string | undefined {
  const how = `install version ${VERSION} or a newer one with \`apt-get install llvm-${VERSION}\`, and name it in LLVM_MC`;
  const { status, stdout } = spawnSync(COMMAND, ["--version"], { encoding: "utf8" });
  if (status !== 0) return `the program ${COMMAND} was not found; ${how}`;
  const version = Number(/LLVM version (\d+)/.exec(stdout)?.[1]);
  return version >= VERSION ? undefined : `${COMMAND} is of version ${version}; ${how}`;
}

const bytes = (word: number): string => [0, 8, 16, 24].map((at) => `0x${((word >>> at) & 255).toString(16)}`).join(" ");

/** Which of the words are no instructions. */
function refusedByLlvm(words: readonly number[]): ReadonlySet<number> {
  const input = words.map((word) => `${bytes(word)}\n`).join("");
  const { stderr } = spawnSync(COMMAND, ARGUMENTS, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  const lines = [...stderr.matchAll(/^<stdin>:(\d+):\d+: warning: invalid instruction encoding/gm)];
  return new Set(lines.map(([, line]) => words[Number(line) - 1]!));
}

/** Of each class, by a generator that every run begins anew. */
function randomWords(): readonly number[] {
  let state = 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  return ENCODING_CLASSES.flatMap(({ value, mask }) =>
    Array.from({ length: WORDS_OF_A_CLASS }, (_, i) => {
      // Fields of ones, where should-be-one bits and register 31 are.
      const ones = [0, 0x7c00, 0x1f_7c00, 0x1f][i % 4]!;
      return (value | ((next() | ones) & ~mask)) >>> 0;
    }),
  );
}

test.runIf(available("llvm-mc", missing))("LLVM knows what we know, and not what we call unallocated", () => {
  const words = randomWords();
  const refused = refusedByLlvm(words);
  const counts = { known: 0, unallocated: 0 };
  const differences = words.filter((word) => {
    const why = explain(word);
    if (why === undefined) counts.known++;
    if (why === "unallocated") counts.unallocated++;
    return why === undefined ? refused.has(word) : why === "unallocated" && !refused.has(word);
  });
  expect(differences.map((word) => `${hexWord(word)} ${explain(word) ?? "known"}`)).toEqual([]);
  expect(counts.known).toBeGreaterThan(30_000);
  expect(counts.unallocated).toBeGreaterThan(5_000);
});
