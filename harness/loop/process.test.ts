// Campaigns as processes, compiled: killed, stopped, and with a bug planted in the JIT.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Build, buildProject } from "../../testing/build.js";
import { killAgainAndAgain } from "./kills.js";
import { type KeptFinding, readCampaign } from "./read.js";

let build: Build;
beforeAll(() => {
  build = buildProject();
}, 120_000);
afterAll(() => build.remove());

const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-fuzz-")), "campaign");
/** A signed division is an unsigned one, and a load whose image could not be copied keeps its charge. */
function plantBugs(): () => void {
  const undo = [
    build.plant("impl/a64/arithmetic.js", "twoSource(0x1ac0_0c00,", "twoSource(0x1ac0_0800,"),
    build.plant("impl/pack/binary-pack.js", "if (!quirks.finalizeFailureCharge)", "if (false)"),
  ];
  return () => {
    for (const one of undo) one();
  };
}

function rox(...argv: string[]): { readonly code: number | null; readonly out: string; readonly ms: number } {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [build.rox, ...argv], { encoding: "utf8" });
  return { code: status, out: `${stdout}${stderr}`, ms: performance.now() - started };
}

function findingsOf(directory: string): readonly KeptFinding[] {
  const read = readCampaign(directory);
  return read.ok ? read.value.findings : [];
}

describe("planted bugs", () => {
  test("are found, shrunk to a few instructions or actions and kept as entries that fail until the bugs are gone", () => {
    const directory = scratch();
    const undo = plantBugs();
    const campaign = ["fuzz", "--programs", "512", "--seed", "1", "--jobs", "2", "--engine", "reference"];
    const found = rox(...campaign, "--out", directory);
    expect(found.code, found.out).toBe(1);
    const corpus = path.join(directory, "corpus");
    const entries = readdirSync(corpus);
    const ofPacks = entries.filter((name) => name.startsWith("histories-fallback-is-clean-load"));
    expect(ofPacks.map((name) => path.extname(name))).toEqual([".history"]);
    expect(entries.some((name) => name.endsWith(".bpf"))).toBe(true);
    for (const { facts } of findingsOf(directory)) expect(facts.size.shrunk, facts.name).toBeLessThanOrEqual(5);
    const failing = rox("replay", corpus);
    expect(failing.code, failing.out).toBe(1);
    undo();
    const passing = rox("replay", corpus);
    expect(passing.code, passing.out).toBe(0);
  });
});

test("survives being killed, with nothing lost and nothing damaged", async () => {
  const undo = plantBugs();
  const directory = scratch();
  // Something to lose, however slow the machine is.
  const begun = rox("fuzz", "--programs", "128", "--seed", "3", "--engine", "reference", "--out", directory);
  expect(begun.code, begun.out).toBe(1);
  const moments = [0.9, 0.35, 0.6, 0.95, 0.75];
  const report = await killAgainAndAgain({
    rox: build.rox,
    directory,
    kills: moments.length,
    engine: "reference",
    seed: 3,
    random: () => moments.shift() ?? 1,
    longestMs: 1200,
  });
  undo();
  expect(report).toMatchObject({ kills: 5, problems: [] });
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
