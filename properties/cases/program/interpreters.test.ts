import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const MODULE = "../../../spec/compiled/module.js";

/** The part of the compiler that is used: its own types take those of Node's globals away. */
interface Compiler {
  main(
    args: readonly string[],
    files: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): null;
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: object }>;
}
const COMPILER: string = "assemblyscript/asc";

/** The compiled interpreter with lines replaced in one of its sources. */
async function built(file: string, lines: string, become: string): Promise<Uint8Array> {
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  let binary = new Uint8Array();
  let places = 0;
  const options = "--runtime stub --noAssert --importMemory --optimizeLevel 1 --outFile bpf.wasm".split(" ");
  const { error, stderr } = await asc.main(["spec/compiled/assembly/index.ts", ...options], {
    readFile(name, base) {
      try {
        const text = readFileSync(fileURLToPath(new URL(`${base === "." ? "" : `${base}/`}${name}`, ROOT)), "utf8");
        if (!name.endsWith(`assembly/${file}.ts`)) return text;
        places = text.split(lines).length - 1;
        return text.replace(lines, () => become);
      } catch {
        return null;
      }
    },
    writeFile(_, contents) {
      if (typeof contents !== "string") binary = new Uint8Array(contents);
    },
    listFiles: () => null,
  });
  if (error !== null) throw new Error(stderr.toString());
  expect(places, `places of ${lines}`).toBe(1);
  return binary;
}

afterEach(() => {
  vi.doUnmock(MODULE);
  vi.resetModules();
});

/** The oracle of the first case that fails, of so many. */
async function firstObjection(binary: Uint8Array, cases: number): Promise<string | undefined> {
  vi.resetModules();
  vi.doMock(MODULE, async (original) => {
    const real = await original<typeof import("../../../spec/compiled/module.js")>();
    return { ...real, instantiate: () => real.instantiate(binary) };
  });
  const { PROGRAMS } = await import("./index.js");
  const { defaultSubject } = await import("../../../subjects/index.js");
  const { defaultEngine } = await import("../../../engines/index.js");
  const checker = PROGRAMS.checker(defaultSubject, [defaultEngine()]);
  for (let index = 0; index < cases; index++) {
    const { verdict } = checker.check(PROGRAMS.fresh(4, index));
    if (verdict.kind === "disagree") return verdict.oracle;
    expect(verdict.kind).toBe("agree");
  }
  return undefined;
}

// Whatever is wrong with the compiled interpreter is its own fault, and never the subject's.
test.each([
  ["arithmetic", "case 0x1: return dst - src;", "case 0x1: return src - dst;"],
  ["arithmetic", "return src == -1 ? 0 : dst % src;", "return src == -1 ? dst : dst % src;"],
  ["arithmetic", "case 0xd: return <S>dst <= <S>src;", "case 0xd: return dst <= src;"],
  ["access", "(imm & ~1) == 0xf0 ? 0 : src", "src"],
  ["maps", "return slot == NONE ? 0 : load<u64>(map, MAP_VALUES)", "return load<u64>(map, MAP_VALUES)"],
  ["frames", "memory.copy(SAVED, frame, SAVED_BYTES);", ""],
  ["frames", "store<u32>(frame, pc + 1, FRAME_PC);", "store<u32>(frame, pc + 2, FRAME_PC);"],
  ["wide", "<< 32) | <u64>low", "<< 32) | <u64><i64><i32>low"],
])("a bug planted in the compiled interpreter is found: %s, %s", async (file, lines, become) => {
  expect(await firstObjection(await built(file, lines, become), 3000)).toBe("interpreters-agree");
});

test("without one nothing is found", async () => {
  expect(await firstObjection(await built("wide", "pc + 1 >= length", "pc + 1 >= length"), 300)).toBeUndefined();
});
