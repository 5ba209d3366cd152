// A campaign that is killed again and again, at random moments, and looked at after each time: nothing that the log has
// said may be lost, and no file may be damaged. A test does it a few times, the bench fifty times.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseCase } from "../../properties/case-text.js";
import { contentId } from "../corpus/content-id.js";
import { campaignCorpus, findingsDirectory } from "./findings.js";
import { readCampaign } from "./read.js";

export interface KillOptions {
  readonly rox: string;
  readonly directory: string;
  readonly kills: number;
  readonly engine: string;
  readonly seed: number;
  /** Milliseconds after the start at which a process is killed, in [0, 1) of the longest. */
  readonly random: () => number;
  readonly longestMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface KillReport {
  readonly kills: number;
  /** Processes that had ended by themselves. */
  readonly ended: number;
  /** What was wrong, in words; empty if nothing was. */
  readonly problems: readonly string[];
  /** After the last kill. */
  readonly programs: number;
  readonly findings: number;
}

export async function killAgainAndAgain(options: KillOptions): Promise<KillReport> {
  const { directory, kills, random, longestMs } = options;
  const problems: string[] = [];
  let ended = 0;
  let before: Snapshot = { programs: 0, cells: 0, findings: [] };
  for (let n = 0; n < kills; n++) {
    const died = await runAndKill(options, random() * longestMs);
    if (died !== "killed") {
      ended++;
      if (died !== "0" && died !== "1") problems.push(`kill ${n}: the process ended with ${died}`);
    }
    if (!existsSync(path.join(directory, "campaign.json"))) continue;
    const now = look(directory, (problem) => problems.push(`kill ${n}: ${problem}`));
    if (now === undefined) continue;
    if (now.programs < before.programs) problems.push(`kill ${n}: ${before.programs} programs, then ${now.programs}`);
    if (now.cells < before.cells) problems.push(`kill ${n}: ${before.cells} cells, then ${now.cells}`);
    for (const name of before.findings) if (!now.findings.includes(name)) problems.push(`kill ${n}: lost ${name}`);
    before = now;
  }
  return { kills, ended, problems, programs: before.programs, findings: before.findings.length };
}

/** @returns `killed`, or the exit code of a process that was not there any more to be killed */
function runAndKill({ rox, directory, engine, seed, env }: KillOptions, afterMs: number): Promise<string> {
  const begun = existsSync(path.join(directory, "campaign.json"));
  const start = begun ? ["--resume", directory] : ["--out", directory, "--seed", `${seed}`, "--engine", engine];
  const child = spawn(process.execPath, [rox, "fuzz", ...start, "--jobs", "2", "--time", "1h"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-500);
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL" ? "killed" : code === 0 || code === 1 ? `${code}` : `code ${code}: ${said.trim()}`);
    });
  });
}

interface Snapshot {
  readonly programs: number;
  readonly cells: number;
  readonly findings: readonly string[];
}

/** Read everything that the campaign has written. */
function look(directory: string, complain: (problem: string) => void): Snapshot | undefined {
  const read = readCampaign(directory);
  if (!read.ok) {
    complain(`${read.error.subject}: ${read.error.came}`);
    return undefined;
  }
  const { state, findings } = read.value;
  for (const name of state.findings.keys()) {
    if (!existsSync(path.join(findingsDirectory(directory), name)))
      complain(`the log has ${name}, the directory has not`);
  }
  for (const { facts, shrunk, original } of findings) {
    for (const [what, text] of Object.entries({ shrunk, original }))
      checkCase(`${facts.name}, ${what}`, text, complain);
  }
  const corpus = campaignCorpus(directory);
  for (const name of existsSync(corpus) ? readdirSync(corpus).filter((file) => !file.startsWith(".")) : []) {
    checkCase(name, readFileSync(path.join(corpus, name), "utf8"), complain);
  }
  return { programs: state.sums.programs, cells: state.cells.size, findings: findings.map(({ facts }) => facts.name) };
}

function checkCase(name: string, text: string, complain: (problem: string) => void): void {
  const parsed = parseCase(text);
  if (!parsed.ok) complain(`${name}: ${parsed.error.message}`);
  else if (parsed.value.id !== undefined && parsed.value.id !== contentId(parsed.value))
    complain(`${name}: another id`);
}
