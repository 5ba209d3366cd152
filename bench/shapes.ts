// Objects whose shape nobody has seen before, by the functions that made them. One that is made by spreading another and
// adding to it has a hidden class of its own: the engine that runs us searches for each of its fields, and keeps the class. With
// every case, a few of them took a fifth of the time. Exit code 1: some function makes one for every twentieth case or more.
// Run: `npm run build && node dist/bench/shapes.js [--only TEXT] [--subject SPEC]`.

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../harness/project.js";
import type { Order } from "./ratios/child.js";
import { WORKLOADS } from "./ratios/workloads.js";
import { type Shapes, shapesIn } from "./shape-log.js";

const CHILD = new URL("./ratios/child.js", import.meta.url);
/** By then every shape that is made once has been made. */
const WARM_UP = 1500;
const COUNTED = 500;
/** A subject may take a hundred times as long. */
const OF_A_SUBJECT = 0.1;
/** Cases for each of which one may be made: some values that are drawn are rare. */
const RARE = 20;

async function shapesOf(workload: number, subject: string | undefined, cases: number): Promise<readonly Shapes[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "rox-shapes-"));
  const log = path.join(folder, "v8.log");
  const execArgv = ["--log-maps", "--no-logfile-per-isolate", `--logfile=${log}`];
  const child = fork(CHILD, subject === undefined ? [projectRoot()] : [projectRoot(), subject], { execArgv });
  const batch = async (order: Order): Promise<void> => {
    const answer = once(child, "message");
    child.send(order);
    await answer;
  };
  try {
    const warmUp = (cases / COUNTED) * WARM_UP;
    await batch({ workload, from: 0, cases: warmUp });
    const { size } = statSync(log);
    await batch({ workload, from: warmUp, cases });
    const ended = once(child, "exit");
    child.disconnect();
    await ended;
    return shapesIn(readFileSync(log, "latin1"), size);
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, subject: { type: "string" } } });
const cases = values.subject === undefined ? COUNTED : COUNTED * OF_A_SUBJECT;
for (const [index, { name }] of WORKLOADS.entries()) {
  if (!name.includes(values.only) || name.startsWith("actions of ")) continue;
  const found = (await shapesOf(index, values.subject, cases)).filter(({ count }) => count * RARE >= cases);
  console.log(`${name}: ${found.length === 0 ? "all shapes are known" : `in ${cases} cases`}`);
  for (const { where, count } of found) console.log(`${String(count).padStart(7)} objects of new shapes by ${where}`);
  if (found.length > 0) process.exitCode = 1;
}
