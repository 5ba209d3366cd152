// Objects whose shape nobody has seen before, by the functions that made them. One that is made by spreading another and
// adding to it has a hidden class of its own: the engine that runs us searches for each of its fields, and keeps the class. With
// every case, a few of them took a fifth of the time. Exit code 1: some function makes one for every twentieth case or more.
// Run: `npm run build && node dist/bench/shapes.js [--only TEXT] [--subject SPEC]`.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../harness/project.js";
import { Build } from "./ratios/build.js";
import { WORKLOADS } from "./ratios/workloads.js";
import { type Shapes, shapesIn } from "./shape-log.js";

/** Of our own JIT, and of a subject, which may take a hundred times as long. */
const CASES = 500;
const CASES_OF_A_SUBJECT = 50;
/** So many times as many before them: by then every shape that is made once has been made. */
const WARM_UP = 3;
/** Cases for each of which one may be made: some values that are drawn are rare. */
const RARE = 20;

async function shapesOf(workload: number, subject: string | undefined, cases: number): Promise<readonly Shapes[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "rox-shapes-"));
  const log = path.join(folder, "v8.log");
  const execArgv = ["--log-maps", "--no-logfile-per-isolate", `--logfile=${log}`];
  const build = new Build({ folder: projectRoot(), execArgv }, subject);
  try {
    const warmUp = WARM_UP * cases;
    await build.measure({ workload, from: 0, cases: warmUp });
    const { size } = statSync(log);
    await build.measure({ workload, from: warmUp, cases });
    // What it has not written yet it writes at its end.
    await build.end();
    return shapesIn(readFileSync(log, "latin1"), size);
  } finally {
    await build.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, subject: { type: "string" } } });
const cases = values.subject === undefined ? CASES : CASES_OF_A_SUBJECT;
for (const [index, { name }] of WORKLOADS.entries()) {
  if (!name.includes(values.only) || name.startsWith("actions of ")) continue;
  const found = (await shapesOf(index, values.subject, cases)).filter(({ count }) => count * RARE >= cases);
  console.log(`${name}: ${found.length === 0 ? "all shapes are known" : `in ${cases} cases`}`);
  for (const { where, count } of found) console.log(`${String(count).padStart(7)} objects of new shapes by ${where}`);
  if (found.length > 0) process.exitCode = 1;
}
