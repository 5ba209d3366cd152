// uBPF's JIT as somebody has it: what is known of it is found, and a run past all that is clean.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Build, buildProject } from "../../testing/build.js";
import { available } from "../../testing/required.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const FOLDER = process.env.ROX_UBPF_BUILD ?? path.join(HERE, "..", "..", ".rox", "ubpf");
const isThere = available("ubpf", () =>
  existsSync(path.join(FOLDER, "adapter")) ? undefined : `no adapter in ${FOLDER}; adapters/ubpf/setup.sh makes it`,
);

describe.skipIf(!isThere)("uBPF", () => {
  let build: Build;
  beforeAll(() => {
    build = buildProject();
  }, 120_000);
  afterAll(() => build.remove());

  const KNOWN = JSON.parse(readFileSync(path.join(HERE, "ubpf-known.json"), "utf8"));

  function gate(change: object, seed: number) {
    const directory = mkdtempSync(path.join(tmpdir(), "rox-ubpf-"));
    const subject = path.join(directory, "ubpf.json");
    writeFileSync(subject, JSON.stringify({ ...KNOWN, command: [path.join(HERE, "run.sh")], ...change }));
    const report = path.join(directory, "report.json");
    const only = ["--only", "programs,instructions", "--programs", "1000", "--seed", `${seed}`];
    const argv = [build.rox, "gate", "--subject", subject, ...only, "--out", directory, "--json", report];
    const env = { ...process.env, ROX_UBPF_BUILD: path.resolve(FOLDER) };
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", env });
    const { failures } = JSON.parse(readFileSync(report, "utf8")) as {
      failures: readonly { where: string; got: string }[];
    };
    return { code: status, out: `${stdout}${stderr}`, found: failures.map(({ where, got }) => `${where}: ${got}`) };
  }

  const expectFound = (change: object, ...all: readonly RegExp[]): void => {
    const { code, out, found } = gate(change, 1);
    expect(code, out).toBe(1);
    for (const known of all)
      expect(
        found.some((line) => known.test(line)),
        `${known}\n${out}`,
      ).toBe(true);
  };

  test("the known defects are found", () => {
    expectFound({ deviations: [] }, /^context\[\d+\]: 0x00/, /does not end with EXIT/, /argument in x5/);
    expectFound({ stack: { ...KNOWN.stack, bytes: 512 } }, /^stack\[r10 - \d+\]/);
  });

  test("past them there is nothing else", () => {
    const { code, out } = gate({}, Number(process.env.ROX_SEED ?? 2));
    expect(code, out).toBe(0);
  });
});
