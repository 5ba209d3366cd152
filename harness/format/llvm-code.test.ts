import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { compileFunctions, DEFAULT_BASE } from "../../properties/cases/compile.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { parseCase } from "../../properties/cases/program/text.js";
import { available } from "../../testing/required.js";
import { listingOf } from "../listing.js";
import { llvmLines } from "./llvm-code.js";

const BINARY = process.env.LLVM_MC ?? "llvm-mc";

test("branches within a function go to labels, and numbers are hexadecimal but for amounts", async () => {
  const parsed = parseCase("r0 = 0x123456789 ll\nr0 <<= 3\nif r0 == 7 goto +1\nr0 += 1\nexit\n");
  if (!parsed.ok) throw new Error(parsed.error.message);
  const compiled = compileFunctions(parsed.value, DEFAULT_BASE);
  if (!compiled.ok) throw new Error(compiled.why);
  const lines = llvmLines(await listingOf(compiled.value));
  expect(lines[0]).toBe("func #0:");
  expect(lines).toContain("\tstp\tx29, x30, [sp, #-0x10]!");
  expect(lines).toContain("\tmovk\tx7, #0x2345, lsl #16");
  expect(lines).toContain("\tlsl\tx7, x7, #3");
  expect(lines).toContain("\tb.eq\tL0");
  expect(lines.some((line) => line.startsWith("L0:\t"))).toBe(true);
});

/** Older ones know fewer features by `+all`. */
const LEAST_RELEASE = 19;
const has = available("llvm-mc", () => {
  const { stdout } = spawnSync(BINARY, ["--version"], { encoding: "utf8" });
  const release = Number(/LLVM version (\d+)/.exec(stdout ?? "")?.[1] ?? 0);
  return release >= LEAST_RELEASE ? undefined : `${BINARY} is not there or older than LLVM ${LEAST_RELEASE}`;
});

/** What llvm-mc prints of words, one by one; branches are told by their distance there, and are compared without labels. */
test.runIf(has)("the text of every word that programs become is that of LLVM", async () => {
  const seen = new Map<number, string>();
  for (let index = 0; index < 400; index++) {
    const c = PROGRAMS.fresh(7, index);
    const compiled = compileFunctions(c as Parameters<typeof compileFunctions>[0], DEFAULT_BASE);
    if (!compiled.ok) continue;
    const listing = await listingOf(compiled.value);
    for (const fn of listing) {
      const [, ...lines] = llvmLines([fn]);
      fn.parts
        .flatMap(({ words }) => words)
        .forEach(({ word, text }, i) => {
          const line = lines[i]!.replace(/^L\d+:/, "");
          if (!/\bL\d+$/.test(line) && !text.startsWith(".word") && !text.startsWith("undefined")) seen.set(word, line);
        });
    }
  }
  const words = [...seen.keys()];
  const bytes = words.map((word) => [0, 8, 16, 24].map((at) => `0x${((word >>> at) & 0xff).toString(16)}`).join(" "));
  const options = ["--disassemble", "--triple=aarch64", "--mattr=+all", "--print-imm-hex", "--show-encoding"];
  const run = spawnSync(BINARY, options, { input: bytes.join("\n"), encoding: "utf8" });
  // What is data to both is told by neither.
  const printed = new Map(
    [...run.stdout.matchAll(/^(\t.*?)\s*\/\/ (?:.*)encoding: \[(.*)\]$/gm)].map(([, line = "", encoding = ""]) => {
      const word = encoding.split(",").reduce((sum, byte, i) => sum + Number(byte) * 2 ** (8 * i), 0);
      return [word, line.replace(/\s*\/\/.*$/, "")];
    }),
  );
  const differing = words.flatMap((word) => {
    const theirs = printed.get(word);
    return theirs === undefined || seen.get(word) === theirs ? [] : [`${seen.get(word)} | ${theirs}`];
  });
  expect(printed.size).toBeGreaterThan(0.98 * words.length);
  expect(differing).toEqual([]);
  expect(words.length).toBeGreaterThan(1000);
});
