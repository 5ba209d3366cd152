import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../project.js";
import { allChanges } from "./automatic.js";
import { folderOf } from "./changed.js";
import { argued, parseArguments } from "./equivalents.js";

test("changes of operators, constants, conditions and calls are found where they are", () => {
  const changes = allChanges(projectRoot());
  expect(changes.length).toBeGreaterThan(2000);
  const inFile = changes
    .filter(({ file }) => file === "impl/pack/modmem.ts")
    .map(({ was, text }) => `${was} => ${text}`);
  expect(inFile).toContain("<= => <");
  expect(inFile).toContain("+= => -=");
  expect(inFile).toContain("|| => &&");
  expect(inFile).toContain("false => true");
  expect(inFile).toContain("this.current -= size; => ;");
  expect(changes.filter(({ was, text }) => was === text)).toEqual([]);
});

test("so they are in the compiled interpreter, which is written in another language", () => {
  const root = projectRoot();
  const changes = allChanges(root, "interpreter");
  expect(changes.length).toBeGreaterThan(1000);
  expect(changes.every(({ file }) => file.startsWith(`${folderOf("interpreter")}/`))).toBe(true);
  const inFile = changes.filter(({ file }) => file.endsWith("/wide.ts")).map(({ was, text }) => `${was} => ${text}`);
  expect(inFile).toContain("== => !=");
});

test("every argument for an equivalent change finds its line and its changes", () => {
  const root = projectRoot();
  const source = (file: string): string => readFileSync(path.join(root, file), "utf8");
  const read = parseArguments("equivalent-changes.txt", source("mutants/equivalent-changes.txt"));
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const changes = [...allChanges(root), ...allChanges(root, "interpreter")];
  expect(argued(read.value, changes, source)).toMatchObject({ ok: true });
});
