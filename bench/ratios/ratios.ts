// How fast this build is, and against a reference: `npm run bench -- --against REV`. Both builds work through the same
// workloads in turn, a batch each, so that what else the machine does falls on both. All figures are of processor time;
// what counts is the ratio within one run.
// Run: `npm run build && npm run bench [-- --against REV] [--rounds N] [--only TEXT] [--subject SPEC]`. REV may also be the
// folder of a checkout that is built; SPEC is what is under test, such as `linux:IMAGE`.

import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { projectRoot } from "../../harness/project.js";
import { chooseSubject } from "../../harness/subjects.js";
import { isKernel } from "../../subjects/program-subject.js";
import { Build, type Measurable } from "./build.js";
import { type Checkout, checkoutOf } from "./checkout.js";
import { COMMANDS, startUpOf } from "./start-up.js";
import { measureUbpf, openUbpf } from "./ubpf.js";
import { SIZES, WORKLOADS, type Workload } from "./workloads.js";

/** What is not counted, in batches and in cases: by then what is used often is compiled. */
const WARM_UP = { batches: 6, programs: 10_000, histories: 3000 };

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Builds from before it was theirs to say have what Node gives them. */
async function measurable(folder: string): Promise<Measurable> {
  const file = pathToFileURL(path.resolve(folder, "dist", "harness", "loop", "young-generation.js")).href;
  const found = await import(file).catch(() => undefined);
  return { folder, execArgv: found === undefined ? [] : [`--max-semi-space-size=${found.YOUNG_GENERATION_MB / 3}`] };
}

/** Of each build, microseconds a case by round. */
async function measureAll(index: number, folders: readonly string[], rounds: number): Promise<number[][]> {
  const { name, cases } = WORKLOADS[index]!;
  // Histories of a kernel image take a hundred times as long, most of it in code that is compiled from the start.
  const histories = name.endsWith("histories") && values.subject === undefined ? WARM_UP.histories : 0;
  const least = name.startsWith("programs") ? WARM_UP.programs : histories;
  const warmUp = Math.max(WARM_UP.batches, Math.ceil(least / cases));
  const builds = (await Promise.all(folders.map(measurable))).map((one) => new Build(one, values.subject));
  const figures = builds.map((): number[] => []);
  try {
    for (let round = -warmUp; round < rounds; round++) {
      for (const [i, build] of builds.entries()) {
        const figure = await build.measure({ workload: index, from: (round + warmUp) * cases, cases });
        if (round >= 0) figures[i]!.push(figure);
      }
    }
  } finally {
    await Promise.all(builds.map((build) => build.end()));
  }
  return figures;
}

/** What stands behind the figures of this build. */
const HEADING = ["", `; those of the reference; how many times faster, by round and at best`];

const perSecond = (us: number): string => Math.round(1e6 / us).toLocaleString("en");

function print(
  name: string,
  [own = [], other]: readonly (readonly number[])[],
  figure: (value: number) => string,
): void {
  const line = `${name.padEnd(30)} ${figure(median(own)).padStart(9)} ${figure(Math.min(...own)).padStart(9)}`;
  if (other === undefined) {
    console.log(line);
    return;
  }
  const ratios = own.map((us, round) => other[round]! / us);
  const best = Math.min(...other) / Math.min(...own);
  const reference = `${figure(median(other)).padStart(9)} ${figure(Math.min(...other)).padStart(9)}`;
  console.log(`${line} ${reference} ${median(ratios).toFixed(2).padStart(8)} ${best.toFixed(2).padStart(8)}`);
}

const { values } = parseArgs({
  options: {
    against: { type: "string" },
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "" },
    subject: { type: "string" },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`rox bench: expected a number of rounds, got ${values.rounds}`);
  process.exit(2);
}
const spec = values.subject;
const chosen = spec === undefined ? undefined : chooseSubject(spec, "plain");
if (chosen !== undefined && !(chosen.ok && isKernel(chosen.value))) {
  const { expected, got } = chosen.ok
    ? { expected: "a subject in this process, such as linux:IMAGE", got: spec }
    : chosen.error;
  console.error(`rox bench: --subject: expected ${expected}, got ${got}`);
  process.exit(2);
}
const root = projectRoot();
const isWanted = ({ name }: Pick<Workload, "name">): boolean => name.includes(values.only);

/** A checkout that cannot be had ends the bench with one line. */
function reference(revision: string): Checkout {
  try {
    return checkoutOf(root, revision);
  } catch (error) {
    console.error(`rox bench: --against ${revision}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}
const checkout = values.against === undefined ? undefined : reference(values.against);
try {
  const folders = checkout === undefined ? [root] : [root, checkout.folder];
  const [cpu] = os.cpus();
  console.log(`${cpu?.model ?? "unknown CPU"}, ${os.availableParallelism()} cores, Node ${process.version}`);
  console.log(
    `${rounds} rounds; compared cases a second of processor time: median and best${HEADING[folders.length - 1]}`,
  );
  for (const [index, workload] of WORKLOADS.entries()) {
    if (isWanted(workload)) print(workload.name, await measureAll(index, folders, rounds), perSecond);
  }
  const { ROX_UBPF: library } = process.env;
  if (library !== undefined && spec === undefined) {
    const ubpf = openUbpf(library);
    console.log("uBPF: its interpreter against its JIT for this machine, without drawing and validating the programs");
    for (const size of SIZES) {
      const [least, most] = size.slots;
      print(`programs of ${least} to ${most} slots`, [measureUbpf(ubpf, size, rounds)], perSecond);
    }
  }
  const commands = spec === undefined ? COMMANDS.filter(isWanted) : [];
  if (commands.length > 0) console.log("milliseconds of processor time, the start of Node included");
  for (const command of commands) {
    const figures = folders.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, folder] of folders.entries()) figures[i]!.push(startUpOf(folder, command));
    }
    print(command.name, figures, (ms) => ms.toFixed(0));
  }
} finally {
  checkout?.remove();
}
