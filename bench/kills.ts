// A campaign that meets every mishap again and again: kill -9, workers that die, hang and are stopped, two processes on one
// directory, a clock that jumps back, a full disk. Says what was lost: nothing may be. Bugs of several kinds are planted in
// a copy of the compiled project, so that there is something to lose.
// Run: `npm run build && node dist/bench/kills.js [KILLS] [SEED]`. As root, the campaign lies on a small disk of its own,
// which is filled as well.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killAgainAndAgain } from "../harness/loop/kills.js";
import { fullDisk, MISHAPS } from "../harness/loop/mishaps.js";
import { projectRoot } from "../harness/project.js";
import { randomSource } from "../subjects/random/source.js";

const [kills = 300, seed = 1] = process.argv.slice(2).map(Number);
const root = projectRoot();
const copy = mkdtempSync(path.join(tmpdir(), "rox-kills-"));
cpSync(path.join(root, "dist"), path.join(copy, "dist"), { recursive: true });
cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));

interface Bug {
  readonly what: string;
  readonly file: string;
  readonly lines: string;
  readonly become: string;
}
const BUGS: readonly Bug[] = [
  {
    what: "signed division is unsigned",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_0c00,",
    become: "twoSource(0x1ac0_0800,",
  },
  {
    what: "bytes of half-words and of words are reversed alike",
    file: "impl/a64/arithmetic.js",
    lines: "oneSource(0x5ac0_0400,",
    become: "oneSource(0x5ac0_0800,",
  },
  {
    what: "a shift to the right by a register is arithmetic",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_2400,",
    become: "twoSource(0x1ac0_2800,",
  },
  {
    what: "a shift to the left by a register turns around",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_2000,",
    become: "twoSource(0x1ac0_2c00,",
  },
  {
    what: "a load whose image could not be copied keeps its charge",
    file: "impl/pack/binary-pack.js",
    lines: "if (!quirks.finalizeFailureCharge)",
    become: "if (false)",
  },
  {
    what: "freeing a trampoline does not give back what was charged for it",
    file: "impl/trampoline/tramp-image.js",
    lines: "modmem.bpfJitUnchargeModmem(im.size);",
    become: "",
  },
  {
    what: "a program with a certain constant ends its worker",
    file: "impl/jit/alu.js",
    lines: "function aluImm(e, op, is64, d, imm) {",
    become:
      'function aluImm(e, op, is64, d, imm) {\n    if (op === "xor" && imm === 0x7fffffff && is64 === 1) process.exit(1);',
  },
  {
    what: "another one keeps it busy for ever",
    file: "impl/jit/alu.js",
    lines: "function logicalImm(e, op, is64, d, imm, encoded) {",
    become:
      'function logicalImm(e, op, is64, d, imm, encoded) {\n    if (op === "or" && imm === 0x7fffffff && is64 === 0) for (;;);',
  },
];
for (const { file, lines, become } of BUGS) {
  const planted = path.join(copy, "dist", file);
  const source = readFileSync(planted, "utf8");
  const changed = source.replace(lines, become);
  if (changed === source) throw new Error(`no place to plant the bug in ${file}: ${lines} has moved`);
  writeFileSync(planted, changed);
}

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
const [rox, directory] = [path.join(copy, "dist", "cli", "rox.js"), path.join(disk, "campaign")];
try {
  // Something to lose: what is found first takes longest, since it is shrunk.
  const begin = ["fuzz", "--out", directory, "--seed", `${seed}`, "--engine", "wasm", "--jobs", "2", "--hang", "5s"];
  spawnSync(process.execPath, [rox, ...begin, "--programs", "1536"], { stdio: ["ignore", "ignore", "inherit"] });
  const report = await killAgainAndAgain({
    ...{ rox, directory, kills, engine: "wasm", seed, hangMs: 5000, longestMs: 3000 },
    mishaps: hasDisk ? [...MISHAPS, fullDisk] : MISHAPS,
    random: () => (random.nextInt() >>> 0) / 2 ** 32,
    onKill(n, mishap, { trials, findings, problems }) {
      const now = `${trials} trials, ${findings.length} findings, ${problems.length} problems`;
      if ((n + 1) % 10 === 0) console.log(`${n + 1} of ${kills} (${mishap}): ${now}`);
    },
  });
  const { mishaps, trials, findings, problems } = report;
  for (const [name, times] of Object.entries(mishaps)) console.log(`${String(times).padStart(4)}  ${name}`);
  if (!hasDisk) console.log("not run: a full disk: no right to mount one");
  console.log(`${trials} trials, ${findings.length} findings: ${findings.join(", ")}`);
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  console.log(`${problems.length} lost or damaged`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  if (hasDisk) execFileSync("umount", ["-l", disk]);
  rmSync(copy, { recursive: true, force: true });
}
