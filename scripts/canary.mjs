// Red works: a wrong law must fail in the tests, and a planted bug in the gate, each with exit code 1 and with the command
// that shows the failure again; the planted bug's case passes without the bug.
// Usage: node scripts/canary.mjs   (ROX_SEED: the seed to find them with; needs dist/)
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const seed = process.env.ROX_SEED ?? "1";
const scratch = mkdtempSync(path.join(tmpdir(), "rox-canary-"));

function run(command, env = {}) {
  const [program, ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

function check(what, { status, said }, wanted, pattern) {
  if (status === wanted && pattern.test(said))
    return console.log(`canary: ${what}: exit code ${status}, as it must be`);
  console.error(`${said}\ncanary: ${what}: expected exit code ${wanted} and ${pattern}, got exit code ${status}`);
  process.exitCode = 1;
}

/** Signed division as the unsigned one. */
function plantBug() {
  const file = path.resolve("dist/impl/a64/arithmetic.js");
  const right = readFileSync(file, "utf8");
  const wrong = right.replace("0x1ac0_0c00", "0x1ac0_0800");
  if (wrong === right) throw new Error(`${file}: expected the encoding of sdiv, 0x1ac0_0c00`);
  writeFileSync(path.join(scratch, "arithmetic.js"), wrong);
  return { ROX_REPLACEMENTS: JSON.stringify({ [pathToFileURL(file).href]: path.join(scratch, "arithmetic.js") }) };
}

try {
  const law = ["npx", "vitest", "run", "--project", "canary"];
  const again = /again: (ROX_SEED=\d+ )?npx vitest run testing\/law\.canary\.ts/;
  check("a wrong law", run(law, { ROX_CANARY: "1" }), 1, again);

  const bug = plantBug();
  const rox = ["node", "--import", "./dist/harness/mutants/register.js", "dist/cli/rox.js"];
  const found = run([...rox, "gate", "--only", "programs", "--seed", seed, "--out", scratch], bug);
  const replay = new RegExp(`npx rox run (${scratch}\\S+)`);
  check("a planted bug in the gate", found, 1, replay);
  const file = replay.exec(found.said)?.[1];
  if (file !== undefined) {
    check("its case with the bug", run([...rox, "run", file], bug), 1, /DISAGREE/);
    check("its case without the bug", run([...rox, "run", file]), 0, /agree/);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
