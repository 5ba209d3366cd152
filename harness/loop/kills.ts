// A campaign that is killed again and again, at random moments, and looked at after each time: nothing that the log has
// said may be lost, and no file may be damaged. A test does it a few times, the bench fifty times.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { EXTENSIONS, readEntry } from "../corpus/entry.js";
import { damageOf } from "../corpus/store.js";
import { campaignCorpus, findingsDirectory } from "./findings.js";
import { readCampaign } from "./read.js";

interface KillOptions {
  readonly rox: string;
  readonly directory: string;
  readonly kills: number;
  readonly engine: string;
  readonly seed: number;
  /**
   * When a process is killed, in [0, 1) of the longest: counted from when the campaign has begun, so that there is
   * something to lose however slow the machine is; every fifth time from the start of the process.
   */
  readonly random: () => number;
  readonly longestMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

interface KillReport {
  readonly kills: number;
  /** Processes that had ended by themselves. */
  readonly ended: number;
  /** What was wrong, in words; empty if nothing was. */
  readonly problems: readonly string[];
  /** After the last kill. */
  readonly trials: number;
  /** By name. */
  readonly findings: readonly string[];
}

export async function killAgainAndAgain(options: KillOptions): Promise<KillReport> {
  const { directory, kills, random, longestMs } = options;
  const problems: string[] = [];
  let ended = 0;
  let before: Snapshot = { trials: 0, cells: 0, findings: [] };
  for (let n = 0; n < kills; n++) {
    const died = await runAndKill(options, random() * longestMs, n % FROM_START === FROM_START - 1);
    if (died !== "killed") {
      ended++;
      if (died !== "0" && died !== "1") problems.push(`kill ${n}: the process ended with ${died}`);
    }
    if (!existsSync(path.join(directory, "campaign.json"))) continue;
    const now = look(directory, (problem) => problems.push(`kill ${n}: ${problem}`));
    if (now === undefined) continue;
    if (now.trials < before.trials) problems.push(`kill ${n}: ${before.trials} trials, then ${now.trials}`);
    if (now.cells < before.cells) problems.push(`kill ${n}: ${before.cells} cells, then ${now.cells}`);
    for (const name of before.findings) if (!now.findings.includes(name)) problems.push(`kill ${n}: lost ${name}`);
    before = now;
  }
  if (before.trials === 0) problems.push("no trial was ever done: nothing could be lost");
  if (before.findings.length === 0) problems.push("nothing was ever found: no finding could be lost");
  return { kills, ended, problems, trials: before.trials, findings: before.findings };
}

const FROM_START = 5;

/** @returns `killed`, or the exit code of a process that was not there any more to be killed */
function runAndKill(
  { rox, directory, engine, seed, env }: KillOptions,
  afterMs: number,
  fromStart: boolean,
): Promise<string> {
  const begun = existsSync(path.join(directory, "campaign.json"));
  const start = begun ? ["--resume", directory] : ["--out", directory, "--seed", `${seed}`, "--engine", engine];
  const child = spawn(process.execPath, [rox, "fuzz", ...start, "--jobs", "2", "--time", "1h"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-500);
  });
  let timer: NodeJS.Timeout | undefined;
  const aim = (): void => {
    timer ??= setTimeout(() => child.kill("SIGKILL"), afterMs);
  };
  if (fromStart) aim();
  // The first line says that the campaign has begun.
  child.stdout.on("data", aim);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL" ? "killed" : code === 0 || code === 1 ? `${code}` : `code ${code}: ${said.trim()}`);
    });
  });
}

interface Snapshot {
  readonly trials: number;
  readonly cells: number;
  readonly findings: readonly string[];
}

/** Read everything that the campaign has written. */
function look(directory: string, complain: (problem: string) => void): Snapshot | undefined {
  const read = readCampaign(directory);
  if (!read.ok) {
    complain(`${read.error.subject}: ${read.error.got}`);
    return undefined;
  }
  const { state, findings } = read.value;
  for (const name of state.findings.keys()) {
    if (!existsSync(path.join(findingsDirectory(directory), name)))
      complain(`the log has ${name}, the directory has not`);
  }
  const files = [findingsDirectory(directory), campaignCorpus(directory)].filter((place) => existsSync(place));
  for (const place of files) {
    for (const file of readdirSync(place, { recursive: true, encoding: "utf8" })) {
      // What a process was writing when it was killed has a name that nobody reads.
      if (file.split(path.sep).some((part) => part.startsWith("."))) continue;
      if (EXTENSIONS.includes(path.extname(file))) checkEntry(path.join(place, file), complain);
    }
  }
  return { trials: state.sums.trials, cells: state.cells.size, findings: findings.map(({ facts }) => facts.name) };
}

function checkEntry(file: string, complain: (problem: string) => void): void {
  const entry = readEntry(file);
  const problem = entry.ok ? damageOf(entry.value) : entry.error;
  if (problem !== undefined) complain(`${problem.subject}: ${problem.got}`);
}
