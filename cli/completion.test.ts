// Completion and the man page know every command and option; shells that are here take the scripts.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { capture } from "../testing/capture.js";
import { available } from "../testing/required.js";

const scriptOf = async (shell: string): Promise<string> => {
  const { code, out, err } = await capture(["completion", shell]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

const isThere = (shell: string): boolean =>
  available(shell, () =>
    spawnSync(shell, ["-c", "true"]).error === undefined ? undefined : "there is no such command",
  );

/** What bash offers for the last word. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const line = ["rox", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _rox; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", `${await scriptOf("bash")}\n${ask}`], { encoding: "utf8" });
  return out.trim().split("\n");
}

const COMMANDS = ["run", "jit", "history", "gate", "fuzz", "corpus", "linux", "cost", "tlb", "completion", "man"];

test.skipIf(!isThere("bash"))("bash is offered commands, inner commands, options and their values", async () => {
  expect(await offered("")).toEqual(expect.arrayContaining([...COMMANDS, "--limits", "--version"]));
  expect(await offered("ga")).toEqual(["gate"]);
  expect(await offered("corpus", "min")).toEqual(["minimize"]);
  expect(await offered("fuzz", "merge", "--j")).toEqual(["--json"]);
  expect(await offered("gate", "--engine", "")).toEqual(["wasm", "reference", "unicorn", "all"]);
  expect(await offered("gate", "--seed", "1", "--pro")).toEqual(["--programs"]);
});

test.each(["bash", "zsh", "fish"])("%s takes the script, which knows every command", async (shell) => {
  const script = await scriptOf(shell);
  for (const name of COMMANDS) expect(script).toMatch(new RegExp(`[' ]${name}\\b`));
  if (!isThere(shell)) return;
  const file = path.join(mkdtempSync(path.join(tmpdir(), "rox-completion-")), "script");
  writeFileSync(file, script);
  const { status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("the man page has every command and option, the limits and the exit codes", async () => {
  const { code, out } = await capture(["man"]);
  expect(code).toBe(0);
  for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^\\.SS rox ${name}`, "m"));
  expect(out).toContain(".SH EXIT CODES");
  expect(out).toContain(".SH LIMITS OF WHAT IS READ");
  expect(out).toMatch(/\\fB\\-\\-hang\\fR <t>\ngive up a case .*\(default: 30s\)/);
});

test("a default time is shown with its unit", async () => {
  expect((await capture(["fuzz", "--help"])).out).toMatch(/--hang <t>[^(]*\(default: 30s\)/);
});
