import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_OPTIONS, type History, NOTHING_ELSE } from "../../subjects/action.js";
import { checkHistory } from "../cases/history/check.js";
import { ORACLES } from "./index.js";
import type { Oracle } from "./oracle.js";

test("docs/oracles.md says what each oracle says of itself", () => {
  const doc = readFileSync(new URL("../../docs/oracles.md", import.meta.url), "utf8");
  for (const { name, statement, source } of ORACLES) expect(doc).toContain(`| ${name} | ${statement} | ${source} |`);
});

test("no two oracles have one name", () => {
  expect(new Set(ORACLES.map(({ name }) => name)).size).toBe(ORACLES.length);
});

test("adding an oracle is a file and a line", () => {
  const onlyOne: Oracle = {
    name: "only-one",
    statement: "No two programs live at the same time.",
    source: "nobody: a toy",
    check: ({ scene }) => (scene.live.size > 1 ? [`${scene.live.size} programs live`] : []),
  };
  const program = { first: 1, insns: 2, subprograms: 0, probes: 0 };
  const load = (id: number) => ({ kind: "load", id, program, ...NOTHING_ELSE }) as const;
  const history: History = { options: DEFAULT_OPTIONS, actions: [load(0), load(1)] };
  expect(checkHistory(history, { oracles: [...ORACLES, onlyOne] }).violations).toEqual([
    { step: 1, oracle: "only-one", what: "2 programs live" },
  ]);
  expect(checkHistory(history).violations).toEqual([]);
});
