// A case that failed, made again from its index, made plain, and kept as a file.

import path from "node:path";
import type { CompiledFunction } from "../../properties/cases/compile.js";
import { failsLike } from "../../properties/cases/kind.js";
import { within } from "../../properties/cases/shrink.js";
import { type Loaded, loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { type Breach, checkerOf, type KindName, kindOf } from "./cases.js";

export interface CaseFinding {
  readonly kind: KindName;
  readonly file: string;
  /** The file. */
  readonly text: string;
  /** The plain case, a line each, without what its file says about it. */
  readonly lines: readonly string[];
  /** Of the plain case; empty where there is none. */
  readonly code: readonly CompiledFunction[];
  readonly oracle: string;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** Sizes before and after, in `unit`. */
  readonly before: number;
  readonly after: number;
  readonly unit: string;
}

const SHRINK_RUNS = 20_000;
const SHRINK_MS = 20_000;
/** What a file says about its case. */
const ABOUT = /^(# )?(title|oracle|expect|id|note|found):/;

export function keepCase(name: KindName, seed: number, breach: Breach, directory: string): Loaded<CaseFinding> {
  const kind = kindOf(name);
  const checker = checkerOf(name);
  const original = kind.fresh(seed, breach.index);
  const plain = kind.minimize(original, within(SHRINK_MS, failsLike(checker, breach)), SHRINK_RUNS);
  const judged = checker.check(plain).verdict;
  const alone = judged.kind === "disagree" ? judged : { ...breach, got: `${breach.got} (not so when tried alone)` };
  const { oracle, where, expected, got } = alone;
  const notes = [`gate seed=${seed} index=${breach.index}`, `${oracle}, ${where}: expected ${expected}, got ${got}`];
  const text = kind.print(plain, {
    title: `${oracle} objects`,
    oracle,
    notes: notes.map((note) => note.slice(0, 150)),
  });
  const file = path.join(directory, `gate-${seed}-${breach.index}${kind.extension}`);
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const written = writeOutputFile(file, text);
  if (!written.ok) return written;
  const lines = text
    .trim()
    .split("\n")
    .filter((line) => !ABOUT.test(line));
  const sizes = { before: kind.size(original), after: kind.size(plain), unit: kind.unit };
  return loaded({
    kind: name,
    file,
    text,
    lines,
    code: kind.code?.(plain) ?? [],
    oracle,
    where,
    expected,
    got,
    ...sizes,
  });
}
