// DPDK's JIT as somebody has it: what is known of it is found and made small, each defect that is declared lets the next one be
// found, and in the end the run is clean. Debian's 22.11; a newer one has more to say.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Build, buildProject } from "../../testing/build.js";
import { available } from "../../testing/required.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const FOLDER = process.env.ROX_DPDK ?? path.join(HERE, "..", "..", ".rox", "dpdk");
const isThere = available("dpdk", () =>
  existsSync(path.join(FOLDER, "adapter")) ? undefined : `no adapter in ${FOLDER}; adapters/dpdk/setup.sh makes it`,
);

describe.skipIf(!isThere)("DPDK", () => {
  let build: Build;
  beforeAll(() => {
    build = buildProject();
  }, 120_000);
  afterAll(() => build.remove());

  const BASE = JSON.parse(readFileSync(path.join(HERE, "dpdk-known.json"), "utf8"));

  interface Found {
    readonly code: number | null;
    readonly out: string;
    /** The smallest cases, and how many instructions they have. */
    readonly findings: readonly { readonly text: string; readonly size: number }[];
  }
  /** With so many of the deviations declared. */
  function gate(declared: number, seed: number): Found {
    const directory = mkdtempSync(path.join(tmpdir(), "rox-dpdk-"));
    const [subject, report] = ["dpdk.json", "report.json"].map((name) => path.join(directory, name)) as [
      string,
      string,
    ];
    const deviations = BASE.deviations.slice(0, declared);
    const command = [path.join(HERE, "run.sh")];
    writeFileSync(
      subject,
      JSON.stringify({ ...BASE, command, environment: { ROX_DPDK: path.resolve(FOLDER) }, deviations }),
    );
    const only = ["--only", "programs,instructions", "--programs", "1000", "--seed", `${seed}`];
    const argv = [build.rox, "gate", "--subject", subject, ...only, "--out", directory, "--json", report];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
    const { failures } = JSON.parse(readFileSync(report, "utf8")) as { failures: readonly { name: string }[] };
    const findings = failures.map(({ name }) => {
      const text = readFileSync(name, "utf8");
      return { text, size: text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length };
    });
    return { code: status, out: `${stdout}${stderr}`, findings };
  }
  const BE32 = /^r\d = be32 r\d$/m;
  const BRANCH = /^# found: outcome:.*fetch from an unmapped page/m;
  const FRAME = /^# found: x29 on return:/m;

  test("the known defects are found one after the other, each made small", () => {
    // By design an instruction may end a program: that comes first.
    const all = gate(2, 1);
    expect(all.code, all.out).toBe(1);
    for (const { text, size } of all.findings) expect(size, text).toBeLessThanOrEqual(BRANCH.test(text) ? 8 : 5);
    for (const known of [BE32, FRAME, BRANCH]) {
      expect(
        all.findings.some(({ text }) => known.test(text)),
        all.out,
      ).toBe(true);
    }
    const one = gate(BASE.deviations.length - 1, 1);
    expect(one.code, one.out).toBe(1);
    for (const { text } of one.findings) expect(text).toMatch(BE32);
  });

  test("with all of them declared there is nothing else", () => {
    const { code, out } = gate(BASE.deviations.length, Number(process.env.ROX_SEED ?? 2));
    expect(code, out).toBe(0);
    expect(out).toContain("declared deviation be32");
  });
});
