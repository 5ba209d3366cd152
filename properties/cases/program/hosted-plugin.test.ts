// VMs with a plugin, right and wrong on purpose: what a process does is told by name, and several run at once.

import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { defaultEngine } from "../../../engines/index.js";
import { openSubject } from "../../../subjects/open.js";
import { PluginRuns } from "../../../subjects/plugin/runs.js";
import type { ProgramSubject } from "../../../subjects/program-subject.js";
import { checkCase, makeChecker } from "./check.js";
import { parseCase } from "./text.js";

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-plugin-"));
function script(...lines: string[]): string {
  const file = path.join(scratch(), "plugin");
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(file, 0o755);
  return file;
}

function verdict(file: string, ...lines: string[]) {
  const opened = openSubject(`plugin:${file}`);
  const parsed = parseCase(["# input: 01 02 03 04", "", ...lines, ""].join("\n"));
  if (!opened.ok || !parsed.ok) throw new RangeError("no such plugin, or no such program");
  const checker = makeChecker({ subject: opened.subject as ProgramSubject, engines: [defaultEngine()] });
  const report = checkCase(parsed.value, checker);
  if ("close" in checker) checker.close();
  return report.kind === "checked" ? report.verdict : report;
}

describe("plugin:PATH", () => {
  const ADDS = ["r0 = *(u8 *)(r1 + 1)", "exit"];
  test("gets memory as an argument and the program on standard input, and r0 is compared", () => {
    // The second byte of the memory, if the program is there.
    const right = script("read -r code || exit 1", '[ -n "$code" ] || exit 1', "set -- $1", 'echo "0x$2"');
    expect(verdict(right, ...ADDS)).toEqual({ kind: "agree" });
    expect(verdict(script("echo 3"), ...ADDS)).toMatchObject({ kind: "disagree", where: "r0" });
  });

  test.each([
    ["crashes", ["kill -SEGV $$"], "crash: signal 11"],
    ["refuses", ["echo 'no  such\topcode' >&2", "exit 3"], "refusal: exit code 3: no such opcode"],
    ["says no number", ["echo fine"], "output: no hexadecimal number: fine"],
    ["writes without end", ["while :; do echo 0123456789abcdef; done"], "output: more than 65536 bytes"],
  ] as const)("one that %s", (_, lines, what) => {
    const found = verdict(script(...lines), ...ADDS);
    expect(found).toMatchObject({ kind: "disagree", got: expect.stringContaining(what) });
  });

  test("a result that depends on addresses is counted", () => {
    const found = verdict(script("echo 0"), "r0 = r1", "exit");
    expect(found).toMatchObject({ kind: "refused", why: "the result depends on addresses" });
  });
});

describe("runs", () => {
  test("one that never ends is over after its time, and so is what it has started", async () => {
    const file = path.join(scratch(), "pids");
    const runs = new PluginRuns(script("sleep 1000 &", `echo $$ $! > ${file}`, "wait"), 2000);
    expect(runs.call({ code: "95", args: [] })).toEqual({ kind: "timeout" });
    runs.close();
    const pids = readFileSync(file, "utf8").trim().split(" ");
    const isAlive = (pid: string): boolean =>
      existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5000 });
  });

  test("several run at once", () => {
    const meeting = scratch();
    // Each waits for the other.
    const file = script(
      `touch ${meeting}/$1`,
      `while [ ! -e ${meeting}/a ] || [ ! -e ${meeting}/b ]; do sleep 0.01; done`,
      "echo $1",
    );
    const runs = new PluginRuns(file, 20_000);
    const calls = ["a", "b"].map((arg) => ({ code: "95", args: [arg] }));
    runs.announce(calls);
    expect(calls.map((call) => runs.call(call))).toMatchObject([{ out: "a" }, { out: "b" }]);
    runs.close();
  });

  test("many, each as often as it is asked for", () => {
    const runs = new PluginRuns(script("echo $1"), 20_000);
    const calls = Array.from({ length: 40 }, (_, i) => ({ code: "95", args: [`${i % 25}`] }));
    runs.announce(calls);
    expect(calls.map((call) => runs.call(call))).toMatchObject(
      calls.map(({ args }) => ({ kind: "exited", out: args[0] })),
    );
    runs.close();
  });

  test("a program that is not there", () => {
    const runs = new PluginRuns("/no/such/plugin", 1000);
    expect(runs.call({ code: "95", args: [] })).toMatchObject({ kind: "notStarted" });
    runs.close();
  });
});
