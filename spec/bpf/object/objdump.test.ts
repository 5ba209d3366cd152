// Another witness of what instructions say: llvm-objdump's text of the code that clang made of the files in C, read by our
// parser, must be the bytes of the sections. LLVM_OBJDUMP and CLANG name other binaries.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { makeFiles } from "../../../testing/files.js";
import { saturated } from "../../../testing/law.js";
import { available } from "../../../testing/required.js";
import { encode } from "../insn.js";
import { parse } from "../text/parse.js";
import { readObject } from "./object.js";

const SOURCES = path.join(import.meta.dirname, "../../../testing/objects");
const CLANG = process.env.CLANG ?? "clang-19";
const OBJDUMP = process.env.LLVM_OBJDUMP ?? "llvm-objdump-19";
const runs = (binary: string): boolean => spawnSync(binary, ["--version"]).status === 0;
const hasBoth = available("clang", () =>
  runs(CLANG) && runs(OBJDUMP) ? undefined : `no ${CLANG} and ${OBJDUMP} in PATH`,
);

/** Their text does not say whether a call is one of a function or of a helper, and says places by name. */
function inOurWords(line: string, isLocal: boolean): string {
  const [, sign, digits = ""] = /^call (-?)0x([0-9a-f]+)/.exec(line) ?? [];
  if (digits !== "" && isLocal) return `call pc${sign === "-" ? "-" : "+"}${Number.parseInt(digits, 16)}`;
  return line.replace(/ <\S+>$/, "").trim();
}

/** By section, the lines of its instructions. */
function disassembled(file: string): ReadonlyMap<string, string> {
  const { stdout } = spawnSync(OBJDUMP, ["-d", "--mcpu=v4", "--no-show-raw-insn", file], { encoding: "utf8" });
  return new Map(
    stdout
      .split("Disassembly of section ")
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf(":\n")), part]),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test.runIf(hasBoth)("llvm-objdump's text of what clang makes is our bytes", () => {
  const folder = makeFiles({});
  let compared = 0;
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith(".c"));
  for (const [i, source] of sources.entries()) {
    if (i % saturated({ few: 3, full: 1 }) !== 0) continue;
    for (const version of ["v4"]) {
      const file = path.join(folder, `${source}-${version}.o`);
      spawnSync(CLANG, ["-O2", "-g", "--target=bpf", `-mcpu=${version}`, "-c", path.join(SOURCES, source), "-o", file]);
      const object = readObject(readFileSync(file));
      if (!object.ok) throw new Error(object.error.got);
      const texts = disassembled(file);
      for (const { name, bytes } of new Set(object.value.functions.map(({ section }) => section))) {
        const lines = [...(texts.get(name) ?? "").matchAll(/^\s+(\d+):\t(.*)$/gm)].map(([, slot, line = ""]) =>
          inOurWords(line, bytes[8 * Number(slot) + 1] === 0x10),
        );
        const read = parse(lines.join("\n"));
        if (!read.ok)
          throw new Error(`${source} ${version} ${name}: ${read.error.message}: ${lines[read.error.line - 1]}`);
        expect(`${source} ${version} ${name} ${hex(encode(read.value))}`).toBe(
          `${source} ${version} ${name} ${hex(bytes)}`,
        );
        compared += bytes.length / 8;
      }
    }
  }
  expect(compared).toBeGreaterThan(saturated({ few: 300, full: 1000 }));
});
