// `rox corpus minimize`: fewer and smaller entries that show and reach the same.

import path from "node:path";
import type { Command } from "commander";
import { defaultEngine, engineByName } from "../../engines/index.js";
import { type Loaded, loaded } from "../../harness/bad-input.js";
import type { Entry } from "../../harness/corpus/entry.js";
import { coverCampaign, coverOf, shrinkEntry } from "../../harness/corpus/minimize.js";
import { addByTitle, readCorpus, writeEntry } from "../../harness/corpus/store.js";
import { count } from "../../harness/format/text.js";
import { makeCaseCheckers } from "../../harness/loop/case-checker.js";
import { isCampaign } from "../../harness/loop/directory.js";
import { campaignCorpus } from "../../harness/loop/findings.js";
import { readCampaign } from "../../harness/loop/read.js";
import { seedsDirectory } from "../../harness/loop/seeds.js";
import { makeDirectory, writeOutputFile } from "../../harness/output-file.js";
import { defaultSubject } from "../../subjects/index.js";
import { openSubject } from "../../subjects/open.js";
import { complain, complainAll, noCases, print } from "../command.js";
import { BAD_INPUT, CLEAN, COUNTEREXAMPLE, type Io } from "../io.js";

const SHRINK = { runs: 20_000, ms: 20_000 };

export function defineMinimize(corpus: Command, io: Io, finish: (code: number) => void): void {
  corpus
    .command("minimize")
    .description(
      "Shrink what fails; of what agrees, name what the rest makes redundant. Of a campaign: what it found, and the " +
        "fewest, smallest cases that reach what it reached.",
    )
    .argument("<paths...>", "files and directories, or one campaign")
    .option("--out <dir>", "also copy there what is needed, under the name of its title")
    .action((paths: readonly string[], { out }: { out?: string }) => finish(minimize(paths, out, io)));
}

function minimize(paths: readonly string[], out: string | undefined, io: Io): number {
  const campaigns = paths.filter(isCampaign);
  if (campaigns.length === 0) return minimizeCorpus(paths, out, io);
  const [campaign, ...others] = paths as readonly [string, ...string[]];
  if (others.length === 0) return minimizeCampaign(campaign, out, io);
  const next = "merge campaigns with rox fuzz merge OUT DIR..., then name OUT alone";
  return complain(io, { subject: campaigns[0]!, expected: "a campaign alone", got: `${paths.length} paths`, next });
}

function minimizeCampaign(directory: string, out: string | undefined, io: Io): number {
  const campaign = readCampaign(directory);
  if (!campaign.ok) return complain(io, campaign.error);
  const { settings, state } = campaign.value;
  const subject = openSubject(settings.subject ?? defaultSubject.name);
  const engine = engineByName(settings.engine);
  if (!subject.ok || engine === undefined) {
    const got = subject.ok ? `no engine ${settings.engine} here` : subject.got;
    const next = "minimize it where it was run";
    return complain(io, { subject: directory, expected: "its subject and engine", got, next });
  }
  const findings = readCorpus([campaignCorpus(directory)]);
  const seeds = readCorpus([seedsDirectory(directory)]);
  const unreadable = [...findings.unreadable, ...seeds.unreadable];
  complainAll(io, unreadable);
  const checkers = makeCaseCheckers({ subject: subject.subject, engines: [engine] });
  const { needed, missing } = coverCampaign(findings.entries, seeds.entries, new Set(state.points.keys()), checkers);
  for (const checker of Object.values(checkers)) checker.close();
  const written = out === undefined ? loaded([]) : writeEntries(out, needed);
  if (!written.ok) return complain(io, written.error);
  print(io, [
    `${directory}: ${count(findings.entries.length + seeds.entries.length, "case")}, of which ` +
      `${count(needed.length, "entry", "entries")} reach ${state.points.size - missing.length} of ${state.points.size} ` +
      `coverage points, ${count(findings.entries.length, "finding")} among them${out === undefined ? "" : `; in ${out}`}`,
  ]);
  if (missing.length > 0) {
    const got = `no case for ${count(missing.length, "point")}, such as ${missing[0]}`;
    const next = "restore its folder seeds, or run it anew where it was made by an older version";
    return complain(io, { subject: directory, expected: "a case for each coverage point", got, next });
  }
  return unreadable.length > 0 ? BAD_INPUT : findings.entries.length > 0 ? COUNTEREXAMPLE : CLEAN;
}

/** Under the names that they have. What is there by content is not written again. */
function writeEntries(out: string, entries: readonly Entry[]): Loaded<readonly string[]> {
  const made = makeDirectory(out);
  if (!made.ok) return made;
  const known = new Set(readCorpus([out]).entries.map(({ id }) => id));
  const files: string[] = [];
  for (const entry of entries) {
    const whole = entry.completed(defaultEngine());
    if (known.has(whole.id)) continue;
    known.add(whole.id);
    const written = writeEntry(out, path.parse(entry.file).name, whole);
    if (!written.ok) return written;
    files.push(written.value);
  }
  return loaded(files);
}

function minimizeCorpus(paths: readonly string[], out: string | undefined, io: Io): number {
  const { entries, unreadable } = readCorpus(paths);
  complainAll(io, unreadable);
  if (entries.length + unreadable.length === 0) return complain(io, noCases(paths));
  const engine = defaultEngine();
  const failing = entries.filter((entry) => entry.replay(engine).kind === "disagree");
  for (const entry of failing) {
    const shrunk = shrinkEntry(entry, engine, SHRINK);
    if (shrunk === undefined) continue;
    const { dir, name, ext } = path.parse(entry.file);
    const file = path.join(dir, `${name}.min${ext}`);
    const written = writeOutputFile(file, shrunk);
    if (!written.ok) return complain(io, written.error);
    print(io, [`${entry.file}: shrunk to ${file}`]);
  }
  const agreeing = entries.filter((entry) => !failing.includes(entry));
  const { needed, redundant, points } = coverOf(agreeing, makeCaseCheckers({ engines: [engine] }));
  print(io, [
    ...redundant.map(({ file }) => `${file}: reaches nothing that the others do not`),
    `${count(needed.length, "entry", "entries")} of ${agreeing.length} reach all ${points} coverage points; ${failing.length} fail`,
  ]);
  for (const entry of out === undefined ? [] : needed) {
    const added = addByTitle(out!, entry, entry.head.title ?? path.parse(entry.file).name);
    if (!added.ok) return complain(io, added.error);
  }
  return unreadable.length > 0 ? BAD_INPUT : failing.length > 0 ? COUNTEREXAMPLE : CLEAN;
}
