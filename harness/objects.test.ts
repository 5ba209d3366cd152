// The C files of testing/objects through the whole of it: compiled for every version of the instruction set, every
// program on every engine, with and without single-instruction atomics. Refusals are by name, word for word.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../engines/index.js";
import { checkOrCrash } from "../properties/cases/check-or-crash.js";
import { makeCheck } from "../properties/cases/program/check.js";
import { hex64 } from "../spec/bits.js";
import { HELPERS, TAIL_CALL } from "../spec/bpf/helpers.js";
import { MAP_TYPES } from "../spec/bpf/map-types.js";
import { type Program, REDIRECT_TARGETS } from "../spec/bpf/program.js";
import { makeFiles } from "../testing/files.js";
import { triesAll } from "../testing/law.js";
import { available } from "../testing/required.js";
import { badInputLine } from "./bad-input.js";
import { programsOfFile } from "./object-file.js";

const SOURCES = path.join(import.meta.dirname, "../testing/objects");
const NAMES = readdirSync(SOURCES)
  .filter((name) => name.endsWith(".c"))
  .map((name) => name.slice(0, -2));
const CLANG = process.env.CLANG ?? "clang-19";
const VERSIONS = ["v1", "v2", "v3", "v4"] as const;
/** What a file is refused with, and at which line of it. */
const REFUSED: Readonly<Record<string, string>> = {
  "spin-lock": "call of bpf_spin_lock, which is not modelled",
  "kernel-variable": "extern CONFIG_HZ of .kconfig in program, line 6 of ",
  "kernel-function": "extern bpf_cpumask_first of .ksyms in program, line 6 of ",
  queue: "expected map waiting of a type that is modelled, got queue",
  "kernel-type": "CO-RE relocation of task_struct.tgid in program, line 9 of ",
};
/** Programs that are written another way for newer instructions. */
const BY_VERSION = ["atomics", "signed-division"];
/** One in turn. All for a file that is written another way by version, and with ROX_LAWS=full. */
const versionsOf = (name: string): readonly string[] =>
  triesAll() || BY_VERSION.includes(name) ? VERSIONS : [VERSIONS[NAMES.indexOf(name) % VERSIONS.length]!];

const hasClang = available("clang", () => {
  const run = spawnSync(CLANG, ["--print-targets"], { encoding: "utf8" });
  return run.stdout?.includes("bpfel") ? undefined : `${CLANG} is not there, or not for BPF; CLANG names another`;
});

test("there are at least forty programs in C", () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40);
  expect(Object.keys(REFUSED).filter((name) => !NAMES.includes(name))).toEqual([]);
});

describe.runIf(hasClang).each(NAMES)("%s.c", (name) => {
  const folder = makeFiles({});
  const compiled = (version: string): string => {
    const file = path.join(folder, `${name}-${version}.o`);
    const options = [
      "-O2",
      "-g",
      "-Wall",
      "-Werror",
      "--target=bpf",
      `-mcpu=${version}`,
      `-ffile-prefix-map=${SOURCES}=.`,
    ];
    const run = spawnSync(CLANG, [...options, "-c", path.join(SOURCES, `${name}.c`), "-o", file], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    return file;
  };

  test(`agrees on every engine, compiled for ${versionsOf(name).join(", ")}`, () => {
    const results = new Set<string>();
    for (const version of versionsOf(name)) {
      const programs = programsOfFile(compiled(version));
      if (!programs.ok) throw new Error(badInputLine(programs.error));
      expect(programs.value.length).toBeGreaterThan(0);
      for (const { case: made, function: fn } of programs.value) {
        if (!made.ok) {
          expect(badInputLine(made.error)).toContain(REFUSED[name] ?? "nothing that is refused");
          continue;
        }
        expect(REFUSED[name]).toBeUndefined();
        note(made.value.program);
        for (const cpu of ["lse", "ll-sc"] as const) {
          const c = { ...made.value, env: { ...made.value.env, cpu } };
          const { verdict, runs } = checkOrCrash(c, CHECK);
          expect({ version, fn, cpu, verdict }).toEqual({ version, fn, cpu, verdict: { kind: "agree" } });
          expect(runs.length).toBe(USABLE.length);
          const { expected } = runs[0]!;
          if (expected.kind === "returned") results.add(`${fn} ${hex64(expected.r0 & 0xffff_ffffn)}`);
        }
      }
      if (!BY_VERSION.includes(name))
        expect(results.size).toBe(REFUSED[name] === undefined ? programs.value.length : 0);
    }
  });
});

/** What the programs call, and what maps they have. */
const seen = { helpers: new Set<number>(), maps: new Set<string>() };
function note({ code, maps }: Program): void {
  for (const { row, imm } of code.flat()) if (row.id === "call helper") seen.helpers.add(imm);
  for (const map of maps) seen.maps.add(map.kind === "redirect" ? map.to : map.kind);
}

test.runIf(hasClang)("they call every helper, and have a map of every kind", () => {
  expect([...HELPERS.keys(), TAIL_CALL].filter((id) => !seen.helpers.has(id))).toEqual([]);
  const kinds = MAP_TYPES.flatMap((type) => (type?.kind === undefined ? [] : [type.kind]));
  // Tables of jumps are made by LLVM 22 on; testing/bpf-object.ts makes those that their reader is tested with.
  const unseen = [...kinds, ...REDIRECT_TARGETS].filter((kind) => kind !== "redirect" && !seen.maps.has(kind));
  expect(unseen).toEqual(["insnArray"]);
});

const USABLE = ENGINES.filter((engine) => available(engine.name, () => engine.unavailable()));
const CHECK = makeCheck({ engines: USABLE, definedness: "run" });
