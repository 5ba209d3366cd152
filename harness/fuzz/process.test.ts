// Campaigns as processes, compiled: killed, stopped, and with a bug planted in the JIT.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCase } from "../../properties/case-text.js";
import { type Build, buildProject } from "../../testing/build.js";
import { killAgainAndAgain } from "./kills.js";
import { readCampaign } from "./read.js";

let build: Build;
beforeAll(() => {
  build = buildProject();
}, 120_000);
afterAll(() => build.remove());

const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-fuzz-")), "campaign");
/** A signed division is an unsigned one. */
const plantUnsignedDivision = (): (() => void) =>
  build.plant("impl/a64/arithmetic.js", "twoSource(0x1ac0_0c00,", "twoSource(0x1ac0_0800,");

function rox(...argv: string[]): { readonly code: number | null; readonly out: string; readonly ms: number } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [build.rox, ...argv], { encoding: "utf8" });
  return { code: status, out: `${stdout}${stderr}`, ms: performance.now() - started };
}

describe("a planted bug", () => {
  test("is found, shrunk to at most 5 slots and kept as a lesson that fails until the bug is gone", () => {
    const directory = scratch();
    const undo = plantUnsignedDivision();
    const campaign = ["fuzz", "--programs", "512", "--seed", "1", "--jobs", "2", "--engine", "reference"];
    const found = rox(...campaign, "--out", directory);
    expect(found.code, found.out).toBe(1);
    const corpus = path.join(directory, "corpus");
    const lessons = readdirSync(corpus);
    expect(lessons.length).toBeGreaterThan(0);
    for (const name of lessons) {
      const parsed = parseCase(readFileSync(path.join(corpus, name), "utf8"));
      expect(parsed).toMatchObject({ ok: true, value: { oracle: "exec-match" } });
      if (parsed.ok) expect(parsed.value.program.code.flat().length, name).toBeLessThanOrEqual(5);
    }
    const failing = rox("replay", corpus);
    expect(failing.code, failing.out).toBe(1);
    undo();
    const passing = rox("replay", corpus);
    expect(passing.code, passing.out).toBe(0);
  });
});

test("survives being killed, with nothing lost and nothing damaged", async () => {
  const undo = plantUnsignedDivision();
  const moments = [0.9, 0.35, 0.6, 0.95, 0.75];
  const report = await killAgainAndAgain({
    rox: build.rox,
    directory: scratch(),
    kills: moments.length,
    engine: "reference",
    seed: 3,
    random: () => moments.shift() ?? 1,
    longestMs: 4000,
  });
  undo();
  expect(report).toMatchObject({ kills: 5, ended: 0, problems: [] });
});

test("SIGTERM stops it with everything kept", async () => {
  const directory = scratch();
  const argv = [build.rox, "fuzz", "--time", "1h", "--seed", "5", "--engine", "reference", "--out", directory];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  let out = "";
  child.stdout.on("data", (data: Buffer) => {
    // The first line says that the campaign has begun.
    if (out === "") setTimeout(() => child.kill("SIGTERM"), 1000);
    out += data.toString();
  });
  expect(await code).toBe(130);
  expect(out).toContain(`go on with --resume ${directory}`);
  expect(readCampaign(directory)).toMatchObject({ ok: true });
});
