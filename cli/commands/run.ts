// `rox run`: one program, both witnesses.

import { Option } from "commander";
import { caseCommand } from "../../harness/case-command.js";
import { type LoadedCase, loadCase } from "../../harness/case-file.js";
import { diff } from "../../harness/difference/diff.js";
import { groupLines } from "../../harness/format/diff.js";
import { formatTrace } from "../../harness/format/listing.js";
import { formatPrograms } from "../../harness/format/object.js";
import { formatCaseReport } from "../../harness/format/run.js";
import { inputBytes } from "../../harness/input-bytes.js";
import { isFolder } from "../../harness/input-file.js";
import { choiceOf, isObjectFile, listPrograms, loadObject, type ProgramChoice } from "../../harness/object-file.js";
import { type Counts, exitCode, makeReport } from "../../harness/report.js";
import { shellWord } from "../../harness/shell-word.js";
import { type Checked, checkExpected } from "../../properties/cases/check-or-crash.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { traceRun } from "../../properties/cases/program/trace-run.js";
import { defaultSubject } from "../../subjects/index.js";
import { isKernel } from "../../subjects/program-subject.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import {
  choiceOptions,
  engineOption,
  enginesFor,
  exactOption,
  fuelOption,
  MOST_FUEL,
  pluginOption,
  subjectFor,
  subjectOption,
} from "../options.js";
import { runReplay } from "./replay.js";

interface Flags extends ProgramChoice {
  readonly subject: string;
  readonly pluginOptions?: string;
  readonly exact?: true;
  readonly input?: string;
  readonly trace?: true;
  readonly cpu?: "lse" | "ll-sc";
  readonly engine?: string;
  readonly fuel: number;
  readonly json?: string;
}

/** How many times as much is proposed where the fuel was too little. */
const FUEL_STEP = 10;

export const defineRun: Define = (program, io, finish) => {
  const command = program
    .command("run")
    .description("Run one program in the interpreter and through the JIT, and compare.")
    .argument(
      "<file>",
      "case text (.bpf), raw instructions (.bin), a conformance file (.data), an object file (.o), or a folder of them",
    )
    .option("--input <bytes>", "input instead of the file's: hexadecimal digits, or @FILE")
    .option("--trace", "show BPF beside A64 with the registers, step by step")
    .addOption(
      new Option("--cpu <cpu>", "atomic instructions, or load/store-exclusive loops").choices(["lse", "ll-sc"]),
    )
    .addOption(subjectOption())
    .addOption(exactOption())
    .addOption(pluginOption())
    .addOption(engineOption())
    .addOption(fuelOption())
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox run program.bpf",
        "rox run program.bin --input 0011aabb --trace",
        "rox run a.bpf --cpu ll-sc",
        "rox run prog.bpf.o",
        "rox run prog.bpf.o --section xdp --input @packet",
      ]),
    )
    .action(async (file: string, flags: Flags) => finish(await runFile(file, flags, io)));
  for (const option of choiceOptions()) command.addOption(option);
};

async function runFile(file: string, flags: Flags, io: Io): Promise<number> {
  const started = Date.now();
  if (isFolder(file)) return runFolder(file, flags, io);
  if (flags.section === undefined && flags.function === undefined && isObjectFile(file)) {
    const object = loadObject(file);
    if (!object.ok) return complain(io, object.error);
    print(io, [...formatPrograms(listPrograms(object.value)), ""]);
  }
  const read = loadCase(file, choiceOf(flags));
  if (!read.ok) return complain(io, read.error);
  const input = flags.input === undefined ? undefined : inputBytes(flags.input);
  if (input?.ok === false) return complain(io, input.error);
  const c: LoadedCase = {
    ...read.value,
    // Another input, another result.
    ...(input === undefined ? {} : { inputs: [input.value], expect: [] }),
    env: { ...read.value.env, ...(flags.cpu === undefined ? {} : { cpu: flags.cpu }) },
  };
  const subject = subjectFor(io, flags.subject, flags);
  const engines = enginesFor(io, flags.engine);
  if (subject === undefined || engines === undefined) return BAD_INPUT;
  const strictness = file.endsWith(".data") ? "rfc" : "verifier";
  const checked = checkExpected(c, makeCheck({ subject, engines, strictness, definedness: "run", fuel: flags.fuel }));
  const report = makeReport("run", started, countsOf(file, checked, subject.name, flags.input), { runs: checked.runs });
  if (flags.trace === true && !isKernel(subject)) {
    const expected = "a subject whose code we can follow step by step";
    return complain(io, { subject: "--trace", expected, got: subject.name, next: "leave it out" });
  }
  if (flags.trace === true && isKernel(subject) && checked.runs.length > 0) {
    for (const [i, bytes] of c.inputs.entries()) {
      print(io, [`trace of input ${i}`, ...formatTrace(await traceRun(c, bytes, subject), io.columns), ""]);
    }
  }
  print(io, formatCaseReport(checked, c.inputs, io.columns));
  if (checked.difference !== undefined && isKernel(subject)) {
    const named = [{ name: file, case: c }];
    const { groups } = await diff({ a: defaultSubject, b: subject, programs: 0, seed: 0, named, stop: io.stop });
    print(io, ["its code is not that of our own JIT:"]);
    print(
      io,
      groups.flatMap((group, i) => groupLines(group, i + 1, io.columns)),
    );
  }
  if (checked.runs.some(({ expected }) => expected.kind === "outOfFuel") && flags.fuel < MOST_FUEL) {
    const more = Math.min(FUEL_STEP * flags.fuel, MOST_FUEL);
    print(io, [`with more fuel: npx rox run ${shellWord(file)} --fuel ${more}`]);
  }
  if (checked.verdict.kind === "disagree" && flags.trace !== true && isKernel(subject)) {
    print(io, [`step by step: npx rox run ${shellWord(file)} --trace`]);
  }
  return saveJson(io, flags.json, report, checked.verdict.kind === "incomparable" ? BAD_INPUT : exitCode(report));
}

/** Every program of a folder on what its own file says: nothing else can be said for all of them. */
async function runFolder(file: string, flags: Flags, io: Io): Promise<number> {
  const forOne = (["input", "trace", "cpu", "section", "function", "context"] as const).find(
    (option) => flags[option] !== undefined,
  );
  if (forOne === undefined) return runReplay([file], flags, io);
  const next = `name a file, or leave --${forOne} out`;
  return complain(io, { subject: file, expected: `one program, which --${forOne} is for`, got: "a folder", next });
}

function countsOf(file: string, { verdict, runs }: Checked, subject: string, input?: string): Counts {
  const given = input === undefined ? "" : ` --input ${shellWord(input)}`;
  const replay = `${caseCommand(file, subject)}${given}`;
  const of = (kind: string): number => runs.filter((run) => run.verdict.kind === kind).length;
  const failures = runs.flatMap(({ input: nth, verdict: v }) =>
    v.kind === "disagree" ? [{ name: `${file}, input ${nth}`, ...difference(v), replay }] : [],
  );
  const unrun =
    verdict.kind === "disagree" && failures.length === 0 ? [{ name: file, ...difference(verdict), replay }] : [];
  return {
    passed: of("agree"),
    failed: failures.length + unrun.length,
    incomparable: of("incomparable"),
    seed: null,
    subject,
    interrupted: false,
    failures: [...failures, ...unrun],
    unreadable: [],
  };
}

const difference = ({ where, expected, got }: { where: string; expected: string; got: string }) => ({
  where,
  expected,
  got,
});
