// Replaying entries: each on each engine. A file that cannot be read, or is not what it claims to be, is named and fails
// the run, but does not keep the others from being replayed.

import type { Engine } from "../../engines/engine.js";
import { isUncompared, whyUncompared } from "../../properties/verdict.js";
import type { BadInput } from "../bad-input.js";
import { breather } from "../breathe.js";
import { caseCommand } from "../case-command.js";
import type { TestedCase } from "../format/junit.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { damageOf, readCorpus } from "./store.js";

export interface ReplayReport extends Report {
  readonly engines: readonly string[];
  readonly files: number;
}

export interface Replayed {
  readonly report: ReplayReport;
  /** By file and engine. */
  readonly cases: readonly TestedCase[];
}

export async function replay(
  paths: readonly string[],
  engines: readonly Engine[],
  stop: AbortSignal,
): Promise<Replayed> {
  const started = Date.now();
  const { entries, unreadable } = readCorpus(paths);
  const failures: Failure[] = [];
  const bad: BadInput[] = [...unreadable];
  const cases: TestedCase[] = [];
  let passed = 0;
  let incomparable = 0;
  const breathe = breather();
  for (const entry of entries) {
    await breathe();
    if (stop.aborted) break;
    const damage = damageOf(entry);
    if (damage !== undefined) {
      bad.push(damage);
      continue;
    }
    for (const engine of engines) {
      const name = engines.length > 1 ? `${entry.file} on ${engine.name}` : entry.file;
      const verdict = entry.replay(engine);
      if (verdict.kind === "agree") {
        passed++;
        cases.push({ name });
      } else if (isUncompared(verdict)) {
        incomparable++;
        cases.push({ name, failure: { message: `incomparable: ${whyUncompared(verdict)}`, details: "" } });
      } else {
        const { where, expected, got } = verdict;
        const command = caseCommand(entry.file);
        failures.push({ name, where, expected, got, replay: command });
        cases.push({ name, failure: { message: `${where}: expected ${expected}, got ${got}`, details: command } });
      }
    }
  }
  const counts: Counts = {
    passed,
    failed: failures.length,
    incomparable,
    seed: null,
    interrupted: stop.aborted,
    failures,
    unreadable: bad,
  };
  const report = makeReport("replay", started, counts, {
    engines: engines.map(({ name }) => name),
    files: entries.length,
  });
  const unread = bad.map(({ subject, expected, got }) => ({
    name: subject,
    failure: { message: `expected ${expected}, got ${got}`, details: "" },
  }));
  return { report, cases: [...cases, ...unread] };
}
