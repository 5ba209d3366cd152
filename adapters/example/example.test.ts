// The example adapter as a maintainer starts it: compiled, a process, thousands of programs; and what becomes of adapters
// when we are gone.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Build, buildProject } from "../../testing/build.js";

let build: Build;
beforeAll(() => {
  build = buildProject();
}, 120_000);
afterAll(() => build.remove());

const ADAPTER = "adapters/example/adapter.js";
const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-example-"));

/** The description of the example, beside an adapter of the build. */
function described(change: object = {}): string {
  const file = path.join(scratch(), "example.json");
  const text = readFileSync(new URL("example.json", import.meta.url), "utf8");
  const adapter = path.join(path.dirname(build.rox), "..", ADAPTER);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), command: [process.execPath, adapter], ...change }));
  return file;
}

function rox(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [build.rox, ...argv], { encoding: "utf8" });
  return { code: status, out: `${stdout}${stderr}` };
}
const gate = (subject: string, ...more: string[]) =>
  rox("gate", "--subject", subject, "--only", "programs,instructions", "--seed", "1", "--out", scratch(), ...more);

describe("the example", () => {
  test.each(["1", "2"])("agrees on all that is drawn for it, with %s jobs", (jobs) => {
    const { code, out } = gate(described(), "--programs", "200", "--jobs", jobs);
    expect(code, out).toBe(0);
    expect(out).toMatch(/programs +200,/);
  });

  test("ends with its input", () => {
    const adapter = path.join(path.dirname(build.rox), "..", ADAPTER);
    expect(spawnSync(process.execPath, [adapter], { input: "", timeout: 60_000 }).status).toBe(0);
  });
});

describe("an adapter that never ends by itself is ended, with what it has started", () => {
  const isAlive = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

  test.each(["run", "gate"])("where rox %s is killed", async (command) => {
    const directory = scratch();
    const [script, pids, program] = ["hangs.cjs", "pids", "case.bpf"].map((name) => path.join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      script,
      `const { spawn } = require("node:child_process");
       const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
       require("node:fs").appendFileSync(${JSON.stringify(pids)}, process.pid + " " + child.pid + " ");
       for (;;);`,
    );
    writeFileSync(program, "# input: zero 16\n\nr0 = 0\nexit\n");
    const subject = described({ command: [process.execPath, script], timeoutMs: 600_000 });
    const argv = command === "run" ? [program] : ["--jobs", "2", "--only", "programs", "--out", directory];
    const child = spawn(process.execPath, [build.rox, command, ...argv, "--subject", subject], { stdio: "ignore" });
    const started = (): number[] => readFileSync(pids, "utf8").trim().split(" ").map(Number);
    await vi.waitFor(() => expect(started().length).toBeGreaterThanOrEqual(2), { timeout: 60_000, interval: 100 });
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(started().filter(isAlive)).toEqual([]), { timeout: 15_000, interval: 100 });
  });
});
