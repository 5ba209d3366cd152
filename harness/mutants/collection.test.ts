import path from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../project.js";
import { readMutants, variantOf } from "./collection.js";

const { mutants, unreadable } = readMutants(path.join(projectRoot(), "mutants"));

test("every mutant can be read, and has an id of its own", () => {
  expect(unreadable).toEqual([]);
  expect(mutants.length).toBeGreaterThanOrEqual(100);
});

test("every mutant changes lines that are there", () => {
  const refused = mutants.map((mutant) => variantOf(projectRoot(), mutant)).filter(({ ok }) => !ok);
  expect(refused).toEqual([]);
});
