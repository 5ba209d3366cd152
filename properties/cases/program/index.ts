// Programs: the same answer from the interpreter and from the JITed code.

import type { Case } from "../../../subjects/case.js";
import { randomSource } from "../../../subjects/random/source.js";
import { checkOrCrash } from "../check-or-crash.js";
import { compileFunctions, DEFAULT_BASE } from "../compile.js";
import type { Kind } from "../kind.js";
import { stageCheck } from "../stage-check.js";
import { CaseArbitrary } from "./arbitrary.js";
import { minimize } from "./shrink.js";
import { parseCase, printCase } from "./text.js";

const arbitrary = new CaseArbitrary();

export const PROGRAMS: Kind<Case> = {
  name: "programs",
  extension: ".bpf",
  what: "a program to run",
  unit: "instruction",
  fresh: (seed, index) => arbitrary.generate(randomSource(seed, index)).value,
  stage(engine) {
    const check = stageCheck({ engines: [engine] });
    return { judge: (c) => checkOrCrash(c, check).verdict };
  },
  // A constant of two slots counts once.
  size: ({ program }) =>
    program.code.reduce((sum, code) => sum + code.filter(({ row }) => row.kind !== "lddwHigh").length, 0),
  minimize,
  code(c) {
    const compiled = compileFunctions(c, DEFAULT_BASE + c.env.hole);
    return compiled.ok ? compiled.value : [];
  },
  print: ({ program, inputs, env }, { title, oracle, id, notes = [] }) =>
    printCase({ program, inputs, env, title, oracle, id, notes: notes.map((text) => ({ key: "found", text })) }),
  parse(text) {
    const parsed = parseCase(text);
    if (!parsed.ok) return parsed;
    const { title, oracle, id, notes } = parsed.value;
    return { ok: true, value: parsed.value, about: { title, oracle, id, notes: notes.map((note) => note.text) } };
  },
};
