import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { clock, short } from "../../harness/format/fuzz.js";
import { capture } from "../../testing/capture.js";

const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-fuzz-")), "campaign");
const fuzz = (...options: string[]) => capture(["fuzz", "--engine", "reference", ...options]);

describe("rox fuzz", () => {
  test("runs a campaign, reports, and goes on with it", async () => {
    const out = scratch();
    const junit = path.join(path.dirname(out), "junit.xml");
    const first = await fuzz("--programs", "40", "--seed", "3", "--out", out, "--junit", junit);
    // On a slow machine it says every ten seconds how far it is.
    expect({ ...first, err: first.err.replaceAll(/^fuzz: .*\n/gm, "") }).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/^seed 3, shard 1\/1, in .*\ncases {6}40 in /);
    expect(first.out.trimEnd().split("\n").at(-1)).toMatch(/^OK in .*, seed 3: 40 agree$/);
    const xml = readFileSync(junit, "utf8");
    expect(xml).toContain('<testcase classname="rox fuzz" name="40 agree"/>');
    expect(xml).toContain('<property name="seed" value="3"/>');
    expect(xml).toContain('<property name="subject" value="impl"/>');
    const second = await capture(["fuzz", "--resume", out, "--programs", "60"]);
    expect(second).toMatchObject({ code: 0, err: "" });
    expect(second.out).toContain("resumed after 40 cases\ncases      60 in ");
    expect(existsSync(path.join(out, "lock"))).toBe(false);
  });

  test("an interrupt stops it, and says how to go on", async () => {
    const out = scratch();
    const argv = ["fuzz", "--engine", "reference", "--seed", "3", "--out", out];
    const { code, out: said } = await capture(argv, { stop: AbortSignal.timeout(300) });
    expect(code).toBe(130);
    expect(said).toContain(`go on with --resume ${out}\n`);
  });

  test.each([
    [["--shard", "3/2"], /Expected I\/N, with I from 1 to N/],
    [["--shard", "1/2"], /shard 1\/2: expected a seed that all shards share, got none; give --seed/],
    [["--only", "exec-match,colour"], /There is no oracle colour/],
    [["--kinds", "programs,songs"], /There is no kind songs; there are programs, histories/],
    [["--seed", "1", "--shard", "1/9", "--lanes", "3"], /--lanes 3: expected at least 9/],
    [["--resume", "nowhere"], /--engine: expected a new campaign to set it for/],
  ])("%j is refused", async (options, says) => {
    const { code, err } = await fuzz(...options, "--programs", "1");
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });
});

test.each([
  [0, "0"],
  [999, "999"],
  [1234, "1.2k"],
  [45_600, "46k"],
  [7_890_000, "7.9M"],
])("%d is short for %s", (n, text) => {
  expect(short(n)).toBe(text);
});

test.each([
  [400, "0s"],
  [59_000, "59s"],
  [185_000, "3m05s"],
  [7_440_000, "2h04m"],
  [284_400_000, "3d07h"],
])("%d ms are %s", (ms, text) => {
  expect(clock(ms)).toBe(text);
});
