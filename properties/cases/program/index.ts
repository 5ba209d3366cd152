// Programs: the same answer from the interpreter and from the JITed code.

import type { Engine } from "../../../engines/engine.js";
import type { Case } from "../../../subjects/case.js";
import { type Dialect, LINUX_DIALECT } from "../../../subjects/dialect.js";
import { type AnySubject, isKernel } from "../../../subjects/program-subject.js";
import { randomSource } from "../../../subjects/random/source.js";
import { ProgramPoints } from "../../coverage/program.js";
import { hasOwnCode, inKernelOfLoad, inKernelOfProgram } from "../../in-kernel.js";
import type { Oracle } from "../../oracles/oracle.js";
import { type Disagreement, EXEC_MATCH, summary } from "../../verdict.js";
import { type Checked, checkExpected, checkOrCrash } from "../check-or-crash.js";
import { compileFunctions, DEFAULT_BASE } from "../compile.js";
import { type Kind, type KindChecker, NO_COST, type Tried } from "../kind.js";
import { CaseArbitrary } from "./arbitrary.js";
import { blame, blameByLeavingOut } from "./blame.js";
import { checkCase, makeChecker } from "./check.js";
import { dataOf, rawOf } from "./export.js";
import { mutateCase } from "./mutate/mutate.js";
import { type Goal, SeldomPairs } from "./mutate/seldom.js";
import { type PackedCase, packCase, unpackCase } from "./packed.js";
import { type CaseReport, FILE_FUEL, RanRows, type Watch } from "./report.js";
import { minimize } from "./shrink.js";
import { problemIn } from "./soundness.js";
import { caseIdentity, parseCase, printCase } from "./text.js";

const arbitraries = new WeakMap<Dialect, CaseArbitrary>();
function arbitraryFor(dialect: Dialect): CaseArbitrary {
  const known = arbitraries.get(dialect) ?? new CaseArbitrary({ dialect });
  arbitraries.set(dialect, known);
  return known;
}

export const PROGRAMS: Kind<Case> = {
  name: "programs",
  extension: ".bpf",
  what: "a program to run",
  unit: "instruction",
  share: 3,
  turns: 4,
  chunk: 100,
  command: "run",
  fresh: (seed, index, dialect = LINUX_DIALECT) => arbitraryFor(dialect).generate(randomSource(seed, index)).value,
  checker: programChecker,
  hosted: programChecker,
  // A constant of two slots counts once.
  size: ({ program }) =>
    program.code.reduce((sum, code) => sum + code.filter(({ row }) => row.kind !== "lddwHigh").length, 0),
  minimize,
  code(c) {
    const compiled = compileFunctions(c, DEFAULT_BASE + c.env.hole);
    return compiled.ok ? compiled.value : [];
  },
  print: printCase,
  parse: parseCase,
  identity: caseIdentity,
  problem({ program }) {
    const problem = problemIn(program);
    return problem && { text: problem.text, next: problem.inText };
  },
  hasResult: true,
  exported: (form, c, head) => (form === "data" ? dataOf(c, head) : rawOf(c)),
  change: (parent, other, draw, goals, dialect) => mutateCase(parent, other, draw, goals as readonly Goal[], dialect),
  goals: () => new SeldomPairs(),
  pack: packCase,
  unpack: (packed) => unpackCase(packed as PackedCase),
};

function programChecker(
  subject: AnySubject,
  engines: readonly Engine[],
  more: readonly Oracle[] = [],
): KindChecker<Case> {
  const recorder = new ProgramPoints();
  const rows = new RanRows();
  const checker = makeChecker({ subject, engines, more });
  // What is replayed comes from a file, which anybody may have written.
  let replayer: ReturnType<typeof makeChecker> | undefined;
  const replay = (c: Case): CaseReport => {
    replayer ??= makeChecker({ subject, engines, more, definedness: "run", fuel: FILE_FUEL });
    return checkCase(c, replayer);
  };
  const checked = (c: Case, watch: Watch = {}): Checked => checkOrCrash(c, (value) => checkCase(value, checker, watch));
  return {
    announce: (cases, began) => checker.announce(cases, began),
    ...("close" in checker && { close: () => checker.close() }),
    check(c, notice = "nothing") {
      if (notice === "points") {
        recorder.clear();
        const report = checked(c, recorder);
        return triedOf(report, recorder.rows(), recorder.reached(c, report));
      }
      if (notice === "nothing") return triedOf(checked(c));
      rows.clear();
      const report = checked(c, rows);
      return triedOf(report, rows.ids());
    },
    blame: (c, found) =>
      isKernel(subject)
        ? blame(c, found, (value) => checked(value).runs, subject)
        : blameByLeavingOut(c, found, (value) => checked(value).verdict),
    expected: (c) => expectedOf(checked(c), c),
    answers(c) {
      const run = checked(c).runs.find(({ verdict }) => verdict.kind === "disagree");
      return run === undefined
        ? []
        : [
            `interpreter  ${summary(run.expected)}`,
            `JIT          ${run.got === undefined ? "not run" : summary(run.got)}`,
          ];
    },
    ...(isKernel(subject) &&
      hasOwnCode(subject) && {
        inKernel(c: Case, found: Disagreement) {
          if (found.oracle !== EXEC_MATCH) return inKernelOfLoad(c, subject, engines[0]);
          const { runs } = checked(c);
          const run = runs.find(({ verdict }) => verdict.kind === "disagree");
          const blamed = blame(c, found, (value) => checked(value).runs, subject);
          return inKernelOfProgram(c, c.inputs[run?.input ?? 0] ?? new Uint8Array(0), blamed, subject);
        },
      }),
    replay: (c, { expect = [] }) => checkExpected({ ...c, expect }, replay, isKernel(subject) ? subject : {}).verdict,
  };
}

function triedOf(checked: Checked, rows: Iterable<string> = [], points: Iterable<string> = []): Tried {
  const { verdict, runs, slots, words, executed, difference } = checked;
  const cost = { ...NO_COST, runs: runs.length, slots, words, executed };
  return difference === undefined ? { verdict, cost, rows, points } : { verdict, cost, rows, points, difference };
}

/** What the reference returns: once if it is the same for all inputs, else by input; nothing where it does not return. */
function expectedOf({ runs }: Checked, { inputs }: Case): readonly bigint[] {
  const results = runs.flatMap(({ expected }) => (expected.kind === "returned" ? [expected.r0] : []));
  if (results.length !== inputs.length) return [];
  return results.every((r0) => r0 === results[0]) ? results.slice(0, 1) : results;
}
