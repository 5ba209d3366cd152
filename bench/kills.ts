// A campaign that meets every mishap again and again: kill -9, workers that die, hang and are stopped, two processes on one
// directory, a clock that jumps back, a full disk. Says what was lost: nothing may be. Bugs of several kinds are planted in
// a copy of the compiled project, so that there is something to lose.
// Run: `npm run build && node dist/bench/kills.js [KILLS] [SEED]`. As root, the campaign lies on a small disk of its own,
// which is filled as well.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killAgainAndAgain } from "../harness/loop/kills.js";
import { fullDisk, MISHAPS } from "../harness/loop/mishaps.js";
import { randomSource } from "../subjects/random/source.js";
import { plantedCopy } from "./planted.js";

const [kills = 300, seed = 1] = process.argv.slice(2).map(Number);
const copy = mkdtempSync(path.join(tmpdir(), "rox-kills-"));
const rox = plantedCopy(copy, { more: true });

/** A disk of its own needs rights; without them nothing is filled, and the summary says so. */
const disk = path.join(copy, "disk");
mkdirSync(disk);
let hasDisk = true;
try {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "rox-kills", disk], { stdio: "ignore" });
} catch {
  hasDisk = false;
}

const random = randomSource(seed, 0);
const directory = path.join(disk, "campaign");
try {
  const report = await killAgainAndAgain({
    ...{ rox, directory, kills, engine: "wasm", seed, hangMs: 5000, longestMs: 3000, idleOneIn: 5 },
    mishaps: hasDisk ? [...MISHAPS, fullDisk] : MISHAPS,
    random: () => (random.nextInt() >>> 0) / 2 ** 32,
    onKill(n, mishap, { cases, findings, problems, fresh }) {
      const now = `${cases} cases, ${findings.length} findings, ${problems.length} problems, fresh work ${fresh.cases} times`;
      if ((n + 1) % 10 === 0) console.log(`${n + 1} of ${kills} (${mishap}): ${now}`);
    },
  });
  const { mishaps, cases, findings, problems, fresh } = report;
  for (const [name, times] of Object.entries(mishaps)) console.log(`${String(times).padStart(4)}  ${name}`);
  if (!hasDisk) console.log("not run: a full disk: no right to mount one");
  console.log(`${cases} cases, ${findings.length} findings: ${findings.join(", ")}`);
  console.log(`there were new cases after ${fresh.cases} of them, and new findings after ${fresh.findings}`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  console.log(`${problems.length} lost or damaged`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  if (hasDisk) execFileSync("umount", ["-l", disk]);
  rmSync(copy, { recursive: true, force: true });
}
