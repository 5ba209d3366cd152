// A campaign that is killed again and again, at random moments and after mishaps, and looked at after each time: nothing that
// the log has said may be lost, and no file may be damaged. A test does it a few times, the bench three hundred times.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { EXTENSIONS, readEntry } from "../corpus/entry.js";
import { damageOf } from "../corpus/store.js";
import { isCampaign } from "./directory.js";
import { campaignCorpus, findingsDirectory } from "./findings.js";
import { type CampaignProcess, MISHAPS, type Mishap } from "./mishaps.js";
import { readCampaign } from "./read.js";
import { seedsDirectory } from "./seeds.js";

interface KillOptions extends Omit<CampaignProcess, "afterMs" | "atWork"> {
  readonly kills: number;
  /**
   * When a process is killed, in [0, 1) of the longest: counted from when the campaign has begun, so that there is
   * something to lose however slow the machine is.
   */
  readonly random: () => number;
  readonly longestMs: number;
  /** Of so many mishaps one comes when the campaign has just begun; all others when it has done fresh work. */
  readonly idleOneIn?: number;
  /** Taken in turn. */
  readonly mishaps?: readonly Mishap[];
  /** Told after each. */
  readonly onKill?: (n: number, mishap: string, report: Omit<KillReport, "kills">) => void;
}

interface KillReport {
  readonly kills: number;
  /** By mishap, how often. */
  readonly mishaps: Readonly<Record<string, number>>;
  /** What was wrong, in words; empty if nothing was. */
  readonly problems: readonly string[];
  /** After the last kill. */
  readonly cases: number;
  /** By name. */
  readonly findings: readonly string[];
  /** After how many mishaps there were more cases than before, and after how many more findings. */
  readonly fresh: { readonly cases: number; readonly findings: number };
}

export async function killAgainAndAgain(options: KillOptions): Promise<KillReport> {
  const { directory, kills, random, longestMs, mishaps = MISHAPS, idleOneIn = 1 } = options;
  const problems: string[] = [];
  const counts: Record<string, number> = {};
  let before: Snapshot = { cases: 0, points: 0, findings: [] };
  const fresh = { cases: 0, findings: 0 };
  const report = (): Omit<KillReport, "kills"> => ({
    ...{ mishaps: counts, problems, cases: before.cases, findings: before.findings, fresh },
  });
  for (let n = 0; n < kills; n++) {
    const mishap = mishaps[n % mishaps.length]!;
    counts[mishap.name] = (counts[mishap.name] ?? 0) + 1;
    const complain = (problem: string): void => {
      problems.push(`kill ${n}, ${mishap.name}: ${problem}`);
    };
    const moment = { afterMs: random() * longestMs, atWork: n % idleOneIn !== 0 };
    for (const problem of await mishap.happen({ ...options, ...moment })) complain(problem);
    if (isCampaign(directory)) {
      const now = look(directory, complain);
      if (now !== undefined) {
        if (now.cases < before.cases) complain(`${before.cases} cases, then ${now.cases}`);
        if (now.points < before.points) complain(`${before.points} coverage points, then ${now.points}`);
        for (const name of before.findings) if (!now.findings.includes(name)) complain(`lost ${name}`);
        if (now.cases > before.cases) fresh.cases++;
        if (now.findings.length > before.findings.length) fresh.findings++;
        before = now;
      }
    }
    options.onKill?.(n, mishap.name, report());
  }
  if (before.cases === 0) problems.push("no case was ever done: nothing could be lost");
  if (before.findings.length === 0) problems.push("nothing was ever found: no finding could be lost");
  return { kills, ...report() };
}

interface Snapshot {
  readonly cases: number;
  readonly points: number;
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
  const files = [findingsDirectory, campaignCorpus, seedsDirectory].map((of) => of(directory)).filter(existsSync);
  for (const place of files) {
    for (const file of readdirSync(place, { recursive: true, encoding: "utf8" })) {
      // What a process was writing when it was killed has a name that nobody reads.
      if (file.split(path.sep).some((part) => part.startsWith("."))) continue;
      if (EXTENSIONS.includes(path.extname(file))) checkEntry(path.join(place, file), complain);
    }
  }
  const names = findings.flatMap((finding) => [finding, ...finding.forms].map(({ facts }) => facts.name));
  return { cases: state.sums.cases, points: state.points.size, findings: names };
}

function checkEntry(file: string, complain: (problem: string) => void): void {
  const entry = readEntry(file);
  const problem = entry.ok ? damageOf(entry.value) : entry.error;
  if (problem !== undefined) complain(`${problem.subject}: ${problem.got}`);
}
