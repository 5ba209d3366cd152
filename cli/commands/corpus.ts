// `rox corpus`: keeping cases that show something.

import { type Command, Option } from "commander";
import { defaultEngine } from "../../engines/index.js";
import type { BadInput } from "../../harness/bad-input.js";
import { EXPORT_FORMS, type ExportForm, readEntries, readEntry } from "../../harness/corpus/entry.js";
import { mergeCorpora } from "../../harness/corpus/merge.js";
import { migrateCorpus } from "../../harness/corpus/migrate.js";
import { addByTitle, complaintsOf, duplicates, readCorpus } from "../../harness/corpus/store.js";
import { count } from "../../harness/format/text.js";
import { replay } from "../../harness/loop/replay.js";
import { choiceOf, type ProgramChoice } from "../../harness/object-file.js";
import { writeOutputFile } from "../../harness/output-file.js";
import { ownCorpusDirectory } from "../../harness/project.js";
import { exitCode } from "../../harness/report.js";
import { complain, complainAll, type Define, examples, noCases, print } from "../command.js";
import { BAD_INPUT, CLEAN, type Io } from "../io.js";
import { choiceOptions } from "../options.js";
import { defineMinimize } from "./corpus-minimize.js";

const CORPUS_OPTION = ["--corpus <dir>", "the corpus (default: that of the checkout, else ./corpus)"] as const;

interface Where {
  readonly corpus?: string;
}

export const defineCorpus: Define = (program, io, finish) => {
  const corpus = program
    .command("corpus")
    .description("Keep cases that show something: add, show, minimize, merge, migrate, check.")
    .addHelpText(
      "after",
      examples([
        "rox corpus add found.bpf --title 'a shift by zero clears the upper half'",
        "rox corpus show corpus/addition-of-a-constant-beyond-twelve-bits.bpf --as data",
        "rox corpus merge corpus campaign/corpus",
        "rox corpus check",
      ]),
    );
  defineAdd(corpus, io, finish);
  defineShow(corpus, io, finish);
  defineMinimize(corpus, io, finish);
  defineMerge(corpus, io, finish);
  defineMigrate(corpus, io, finish);
  defineCheck(corpus, io, finish);
};

type Finish = (code: number) => void;

function defineAdd(corpus: Command, io: Io, finish: Finish): void {
  const command = corpus
    .command("add")
    .description("Add case files under the name of their title; one of the same content is not added twice.")
    .argument("<files...>")
    .option(...CORPUS_OPTION)
    .option("--title <text>", "what the case shows, instead of what the file says")
    .action(
      (
        files: readonly string[],
        { corpus: directory = ownCorpusDirectory(), title, ...flags }: Where & ProgramChoice & { title?: string },
      ) => {
        let code = CLEAN;
        for (const entry of files.flatMap((file) => readEntries(file, choiceOf(flags)))) {
          const added = entry.ok ? addByTitle(directory, entry.value.completed(defaultEngine()), title) : entry;
          if (added.ok) print(io, [`${added.value.how === "added" ? "added" : "already there:"} ${added.value.file}`]);
          else code = complain(io, added.error);
        }
        finish(code);
      },
    );
  for (const option of choiceOptions()) command.addOption(option);
}

function defineShow(corpus: Command, io: Io, finish: Finish): void {
  corpus
    .command("show")
    .description("Print an entry, also in forms for other projects.")
    .argument("<file>")
    .addOption(
      new Option("--as <form>", "text, a file of the BPF conformance suite, or the instructions' bytes")
        .choices(EXPORT_FORMS)
        .default("text"),
    )
    .option("--out <file>", "write it there; raw instructions need it")
    .action((file: string, { as, out }: { as: ExportForm; out?: string }) => finish(show(file, as, out, io)));
}

function show(file: string, as: ExportForm, out: string | undefined, io: Io): number {
  const entry = readEntry(file);
  const exported = entry.ok ? entry.value.as(as) : entry;
  if (!exported.ok) return complain(io, exported.error);
  if (out !== undefined) {
    const written = writeOutputFile(out, exported.value);
    return written.ok ? CLEAN : complain(io, written.error);
  }
  if (typeof exported.value === "string") io.out(exported.value);
  else print(io, slotLines(exported.value));
  return CLEAN;
}

/** Eight bytes a line. */
const slotLines = (bytes: Uint8Array): string[] =>
  Array.from({ length: bytes.length / 8 }, (_, slot) =>
    Array.from(bytes.subarray(8 * slot, 8 * slot + 8), (byte) => byte.toString(16).padStart(2, "0")).join(" "),
  );

function defineMerge(corpus: Command, io: Io, finish: Finish): void {
  corpus
    .command("merge")
    .description("Add to a corpus what other corpora have and it does not: a union by content.")
    .argument("<into>")
    .argument("<from...>")
    .action((into: string, from: readonly string[]) => {
      const merged = mergeCorpora(into, from);
      if (!merged.ok) return finish(complain(io, merged.error));
      const { added, known, refused } = merged.value;
      complainAll(io, refused);
      print(io, [...added.map((file) => `added ${file}`), `${added.length} added, ${known} known`]);
      return finish(refused.length > 0 ? BAD_INPUT : CLEAN);
    });
}

function defineMigrate(corpus: Command, io: Io, finish: Finish): void {
  corpus
    .command("migrate")
    .description(
      "Rewrite files of before to today's form and extension. Names and ids stay; no other file is written over.",
    )
    .argument("[paths...]", "files and directories (default: the corpus of the checkout, else ./corpus)")
    .action((paths: readonly string[]) => {
      const { rewritten, current, refused } = migrateCorpus(paths.length > 0 ? paths : [ownCorpusDirectory()]);
      complainAll(io, refused);
      print(io, [
        ...rewritten.map((file) => `rewritten ${file}`),
        `${rewritten.length} rewritten, ${current} in today's form`,
      ]);
      finish(refused.length > 0 ? BAD_INPUT : CLEAN);
    });
}

function defineCheck(corpus: Command, io: Io, finish: Finish): void {
  corpus
    .command("check")
    .description("Check that every entry reads, is what it claims to be, is there once, and agrees.")
    .argument("[paths...]", "files and directories (default: the corpus of the checkout, else ./corpus)")
    .action(async (paths: readonly string[]) => finish(await checkCorpus(paths, io)));
}

async function checkCorpus(paths: readonly string[], io: Io): Promise<number> {
  const places = paths.length > 0 ? paths : [ownCorpusDirectory()];
  const { entries } = readCorpus(places);
  const complaints: BadInput[] = [...entries.flatMap(complaintsOf), ...duplicates(entries)];
  const { report } = await replay(places, { engines: [defaultEngine()] }, io.stop);
  const unread = report.unreadable.filter(({ subject }) => !complaints.some((known) => known.subject === subject));
  complainAll(io, [...unread, ...complaints]);
  if (entries.length + report.unreadable.length === 0) return complain(io, noCases(places));
  print(io, [
    ...report.failures.map(({ name, where, expected, got }) => `${name}: ${where}: expected ${expected}, got ${got}`),
    `${count(entries.length, "entry", "entries")}: ${report.passed} agree, ${report.failed} differ, ` +
      `${count(unread.length + complaints.length, "complaint")}`,
  ]);
  const code = exitCode(report);
  return code === CLEAN && complaints.length > 0 ? BAD_INPUT : code;
}
