// Kills a campaign fifty times at random moments and looks at what it left: prints how often anything was lost or
// damaged. Two bugs are planted in a copy of the compiled project, so that there is something to lose.
// Run: `npm run build && node dist/bench/kills.js [KILLS] [SEED]`.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killAgainAndAgain } from "../harness/loop/kills.js";
import { projectRoot } from "../harness/project.js";
import { randomSource } from "../subjects/random/source.js";

const [kills = 50, seed = 1] = process.argv.slice(2).map(Number);
const root = projectRoot();
const copy = mkdtempSync(path.join(tmpdir(), "rox-kills-"));
cpSync(path.join(root, "dist"), path.join(copy, "dist"), { recursive: true });
cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
/** Signed division is unsigned, and a load whose image could not be copied keeps its charge. */
const BUGS = [
  { file: "impl/a64/arithmetic.js", lines: "twoSource(0x1ac0_0c00,", become: "twoSource(0x1ac0_0800," },
  { file: "impl/pack/binary-pack.js", lines: "if (!quirks.finalizeFailureCharge)", become: "if (false)" },
];
for (const { file, lines, become } of BUGS) {
  const planted = path.join(copy, "dist", file);
  const source = readFileSync(planted, "utf8");
  const changed = source.replace(lines, become);
  if (changed === source) throw new Error(`no place to plant the bug in ${file}: ${lines} has moved`);
  writeFileSync(planted, changed);
}

const random = randomSource(seed, 0);
const report = await killAgainAndAgain({
  rox: path.join(copy, "dist", "cli", "rox.js"),
  directory: path.join(copy, "campaign"),
  kills,
  engine: "wasm",
  seed,
  random: () => (random.nextInt() >>> 0) / 2 ** 32,
  longestMs: 8000,
});
console.log(
  `${report.kills} kills, ${report.ended} processes had ended by themselves; after the last one ` +
    `${report.trials} trials and ${report.findings.length} findings; ${report.problems.length} problems`,
);
console.log(`found: ${report.findings.join(", ")}`);
for (const problem of report.problems) console.log(problem);
rmSync(copy, { recursive: true, force: true });
