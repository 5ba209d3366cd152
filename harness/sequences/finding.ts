// A history that breaks an oracle, made again from its index, made plain, and kept as a file.

import path from "node:path";
import type { History } from "../../properties/history/history.js";
import { minimizeHistory } from "../../properties/history/minimize.js";
import { type HistoryFile, printHistory } from "../../properties/history/text.js";
import { ORACLES } from "../../properties/oracles/index.js";
import { type Loaded, loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { type Breach, historyAt, playOrCrash } from "./task.js";

export interface HistoryFinding {
  readonly file: string;
  readonly history: HistoryFile;
  readonly oracle: string;
  readonly what: string;
  /** Actions before and after. */
  readonly before: number;
  readonly after: number;
}

const SHRINK_RUNS = 20_000;
const SHRINK_MS = 20_000;

export function keepHistory(seed: number, breach: Breach, directory: string): Loaded<HistoryFinding> {
  const original = historyAt(seed, breach.index);
  const end = performance.now() + SHRINK_MS;
  const fails = (history: History): boolean => performance.now() < end && firstOracle(history) === breach.oracle;
  const plain = minimizeHistory(original, fails, SHRINK_RUNS);
  const what = playOrCrash(plain).violations[0]?.what ?? `${breach.what} (not so when played alone)`;
  const notes = [`gate seed=${seed} index=${breach.index}`, `${breach.oracle}: ${what}`];
  const oracle = ORACLES.some(({ name }) => name === breach.oracle) ? breach.oracle : undefined;
  const about = { title: `${breach.oracle} objects`, oracle, expect: "pass" as const, notes };
  const history: HistoryFile = { ...plain, about };
  const file = path.join(directory, `gate-${seed}-${breach.index}.history`);
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const written = writeOutputFile(file, printHistory(history));
  if (!written.ok) return written;
  const [before, after] = [original.actions.length, plain.actions.length];
  return loaded({ file, history, oracle: breach.oracle, what, before, after });
}

const firstOracle = (history: History): string | undefined => playOrCrash(history).violations[0]?.oracle;
