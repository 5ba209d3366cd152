// The histories of the corpus: each says which oracle objects, and that none does once the defects are mended.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { History } from "../../../subjects/action.js";
import { QUIRKS } from "../../../subjects/subject.js";
import { checkHistory, type HistoryFile, replay } from "./check.js";
import { parseHistory, printHistory } from "./text.js";

const DIRECTORY = new URL("../../../corpus/", import.meta.url);
const NAMES = readdirSync(DIRECTORY).filter((name) => name.endsWith(".history"));

function load(name: string): HistoryFile {
  const parsed = parseHistory(readFileSync(new URL(name, DIRECTORY), "utf8"));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error.message}`);
  return { ...parsed.value, head: parsed.head };
}

/** The same history with every known defect mended. */
const mended = ({ options, actions }: HistoryFile): History => ({
  options: { ...options, profile: "fixed", except: [] },
  actions,
});

test.each(NAMES)("%s", (name) => {
  const file = load(name);
  expect(replay(file).wrong).toBeUndefined();
  expect(checkHistory(mended(file)).violations).toEqual([]);
  const { head, ...value } = file;
  expect(parseHistory(printHistory(value, head))).toEqual({ ok: true, value, head });
});

test("every defect of memory is shown by one", () => {
  const shown = new Set(NAMES.flatMap((name) => load(name).options.except));
  const ofImages = [
    "arenaStoreImmBase",
    "firstPassRange",
    "exclusiveAliasedBase",
    "callbackWithoutFrame",
    "acquireKeepsRegister",
    "branchRangeDoubled",
    "emptySlotsCount",
    "returnedCallsForgotten",
  ];
  // Shown in impl/trampoline and properties/edges: programs have one argument.
  const ofTrampolines = ["trampolineRefusalLeak", "memberArguments"];
  expect(new Set(QUIRKS.map(({ id }) => id).filter((id) => !shown.has(id)))).toEqual(
    new Set([...ofImages, ...ofTrampolines]),
  );
});
