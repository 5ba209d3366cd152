import { expect, test } from "vitest";
import { projectRoot } from "../project.js";
import { allChanges } from "./automatic.js";

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
