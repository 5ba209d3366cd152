import { describe, expect, test } from "vitest";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { defaultSubject } from "../../subjects/index.js";
import { DEFAULT_ENV, type JitEnv } from "../../subjects/subject.js";
import { addCount, type MatrixCounts, matrixCoverage, POSSIBLE, possibleStrategies } from "./matrix.js";
import { STRATEGIES, strategyOf } from "./strategy.js";
import { countLowerings } from "./testing.js";

function countsOf(text: string, env: Partial<JitEnv> = {}): MatrixCounts {
  const insns = bpf(text, { dialect: "kernel" });
  const compiled = defaultSubject.compile(
    [{ insns, index: 0, stackDepth: 16 }],
    { ...DEFAULT_ENV, ...env },
    () => 0x8000_8300_0008,
  );
  if (!compiled.ok) throw new Error(`not compiled: ${text}`);
  const counts: MatrixCounts = {};
  const { image, offsets } = compiled.images[0]!;
  countLowerings(counts, { insns, words: new Uint32Array(image.buffer), offsets });
  return counts;
}

/** Of the first instruction. */
function first(text: string, env: Partial<JitEnv> = {}): string | undefined {
  const id = bpf(text, { dialect: "kernel" })[0]!.row.id;
  return Object.keys(countsOf(`${text}; exit`, env)[id] ?? {})[0];
}

describe("how an instruction was lowered", () => {
  test.each([
    ["r0 += 1", "immediate"],
    ["r0 += 4096", "shifted"],
    ["r0 += -1", "negated"],
    ["w0 += -4096", "negatedShifted"],
    ["r0 -= -1", "negated"],
    ["r0 += 4097", "via1"],
    ["r0 += 0x12345678", "via2"],
    ["r0 &= 255", "bitmask"],
    ["r0 &= 5", "via1"],
    ["r0 <<= 3", "bitfield"],
    ["r0 %= 7", "via1"],
    ["r0 %= r1", "quotient"],
    ["r0 /= r1", "register"],
    ["r0 = r1", "register"],
    ["r0 = r10", "register"],
    ["r0 = 1", "constant1"],
    ["r0 = 0x12345678", "constant2"],
    ["r0 = -1", "inverted1"],
    ["w0 = 0x87654321", "inverted2"],
    ["r0 = -r0", "register"],
    ["r0 = (s8)r1", "bitfield"],
    ["r0 = le64 r0", "nothing"],
    ["r0 = be16 r0", "reverseExtend"],
    ["r0 = bswap32 r0", "reverse"],
  ])("%s: %s", (text, strategy) => {
    expect(first(text)).toBe(strategy);
  });

  test.each([
    ["if r0 == 1 goto +0", "immediate"],
    ["if r0 == 4096 goto +0", "shifted"],
    ["if r0 s< -1 goto +0", "negated"],
    ["if r0 & 5 goto +0", "via1"],
    ["if r0 & 4 goto +0", "bitmask"],
    ["if r0 > r1 goto +0", "register"],
    ["goto +0", "branch"],
    ["exit", "branch"],
    ["r0 = *(u32 *)(r10 - 8)", "stackOffset"],
    ["r0 = *(u32 *)(r1 + 8)", "scaledOffset"],
    ["r0 = *(u32 *)(r1 + 7)", "registerOffset"],
    ["*(u64 *)(r10 - 8) = 12", "stackOffset"],
    ["*(u64 *)(r1 + 1) = r2", "registerOffset"],
    ["r0 = 0x123456789abc ll", "constant3"],
    ["r0 = -2 ll", "inverted1"],
    ["call 64", "direct"],
  ])("%s: %s", (text, strategy) => {
    expect(first(text)).toBe(strategy);
  });

  test.each([
    ["lock *(u64 *)(r1 + 0) &= r2", "lse", "loop"],
    ["lock *(u64 *)(r1 + 8) += r2", "lseOffset", "loopOffset"],
    ["r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", "lse", "loop"],
    ["r1 = atomic_fetch_add((u64 *)(r1 + 0), r1)", "lse", "loopCopied"],
    ["r0 = cmpxchg_64(r1 + 0, r0, r2)", "lse", "loop"],
  ])("%s: %s with LSE, %s without", (text, single, loop) => {
    expect([first(text), first(text, { lse: false })]).toEqual([single, loop]);
  });

  test("ordered accesses with and without an offset", () => {
    const [ldar, add] = [0xc8df_fc20, 0x9100_202a];
    const row = rowById("load acquire dw");
    expect(strategyOf(row, Uint32Array.of(ldar))).toBe("ordered");
    expect(strategyOf(row, Uint32Array.of(add, ldar))).toBe("orderedOffset");
    expect(strategyOf(row, Uint32Array.of(add))).toBe("other");
  });

  test("an exit at the end is no word", () => {
    expect(countsOf("r0 = 1; exit")).toEqual({ "mov imm": { constant1: 1 }, exit: { nothing: 1 } });
  });

  test("words that mean something else, or nothing, are another way", () => {
    expect(strategyOf(rowById("add reg"), Uint32Array.of(0xffff_ffff))).toBe("other");
    // nop
    expect(strategyOf(rowById("add reg"), Uint32Array.of(0xd503_201f))).toBe("other");
  });
});

test("coverage counts possible pairs", () => {
  const counts: MatrixCounts = {};
  expect(matrixCoverage(counts)).toMatchObject({ reached: 0, all: 444 });
  addCount(counts, "exit", "branch", 2);
  addCount(counts, "exit", "branch", 3);
  addCount(counts, "exit", "nothing", 1);
  addCount(counts, "add imm", "loop", 1);
  expect(counts).toEqual({ exit: { branch: 5, nothing: 1 }, "add imm": { loop: 1 } });
  const { reached, missing } = matrixCoverage(counts);
  expect([reached, missing.length, missing[0]]).toEqual([2, 442, "add imm: immediate"]);
});

test("possible strategies are in the table and no row has one twice", () => {
  const known: ReadonlySet<string> = new Set(STRATEGIES.map(({ id }) => id));
  for (const { strategies } of POSSIBLE) {
    expect(new Set(strategies).size).toBe(strategies.length);
    expect(strategies.filter((s) => !known.has(s) || s === "other")).toEqual([]);
  }
  expect(possibleStrategies(rowById("nospec"))).toEqual([]);
});
