// An entry of a corpus: a case of any kind, what its file says about it, and which case it is by its content.

import { createHash } from "node:crypto";
import path from "node:path";
import type { Engine } from "../../engines/engine.js";
import type { Head } from "../../properties/cases/header.js";
import { extensionsOf, KINDS, kindOfFile } from "../../properties/cases/index.js";
import { type AnyKind, checkerOn, type KindChecker } from "../../properties/cases/kind.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import type { Verdict } from "../../properties/verdict.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import type { AnySubject } from "../../subjects/program-subject.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { caseCommand } from "../case-command.js";
import { calling, refusedChoice } from "../case-file.js";
import { readTextFile } from "../input-file.js";
import { isObjectFile, type ProgramChoice, programsOfFile } from "../object-file.js";
import { shellWord } from "../shell-word.js";

export const EXTENSIONS: readonly string[] = KINDS.flatMap(extensionsOf);

export const EXPORT_FORMS = ["text", "data", "raw"] as const;
/** Our own text, a file of the BPF conformance suite, or the bytes of the instructions. */
export type ExportForm = (typeof EXPORT_FORMS)[number];

export class Entry {
  /** Of the content; the head may say another one. */
  readonly id: string;

  constructor(
    readonly file: string,
    readonly kind: AnyKind,
    readonly value: unknown,
    readonly head: Head,
    /** Of an object file, which of its programs; and whether unknown functions are called. */
    readonly part: Pick<ProgramChoice, "section" | "function" | "unknownCalls"> = {},
  ) {
    this.id = contentId(kind, value, head);
  }

  /** The file, and which program of it where it has several. */
  get name(): string {
    const { section, function: name } = this.part;
    return name === undefined ? this.file : `${this.file}, ${section}, ${name}`;
  }

  /** The shell command that shows it again. */
  get command(): string {
    const { section, function: name, unknownCalls } = this.part;
    const which = name === undefined ? "" : ` --section ${shellWord(section ?? "")} --function ${shellWord(name)}`;
    const calls = unknownCalls === undefined ? "" : ` --unknown-calls ${unknownCalls}`;
    return `${caseCommand(this.file)}${which}${calls}`;
  }

  /** The file's text with its id, and with another title if one is given. */
  text(title: string | undefined = this.head.title): string {
    return this.kind.print(this.value, { ...this.head, title, id: this.id });
  }

  /** With what r0 must be, where its file does not say: what the reference returns. */
  completed(engine: Engine): Entry {
    if ((this.head.expect ?? []).length > 0) return this;
    const expect = checkerOf(this.kind, engine, defaultSubject).expected?.(this.value) ?? [];
    return new Entry(this.file, this.kind, this.value, { ...this.head, expect }, this.part);
  }

  /** Held against what the file says must come out. */
  replay(engine: Engine, subject: AnySubject = defaultSubject): Verdict {
    const checker = checkerOf(this.kind, engine, subject);
    return checker.replay?.(this.value, this.head) ?? checker.check(this.value).verdict;
  }

  /** For other projects; a refusal says what that form cannot hold. */
  as(form: ExportForm): Loaded<string | Uint8Array> {
    if (form === "text") return loaded(this.text());
    const { kind, value, head } = this;
    const exported = kind.exported?.(form, value, head) ?? { expected: "a program", got: kind.what };
    if (typeof exported === "string" || exported instanceof Uint8Array) return loaded(exported);
    const { expected, got } = exported;
    const next = "export it as text";
    return refuse({ subject: this.file, expected: `${expected} in that form`, got, next });
  }
}

/** 12 hexadecimal digits that say which case it is. Title and notes do not count. */
export function contentId(kind: AnyKind, value: unknown, { title: _, id: __, notes: ___, ...content }: Head): string {
  const text = kind.identity?.(value, content) ?? kind.print(value, content);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Read an entry, or say in one line what is wrong with it. */
export function readEntry(file: string, choice: ProgramChoice = {}): Loaded<Entry> {
  const refused = refusedChoice(file, choice);
  if (refused !== undefined) return refused;
  const kind = kindOfFile(file);
  if (kind === undefined) {
    const expected = `a file ${EXTENSIONS.map((extension) => `*${extension}`).join(" or ")}`;
    return refuse({ subject: file, expected, got: path.extname(file) || "no extension", next: "name a case file" });
  }
  const text = readTextFile(file);
  if (!text.ok) return text;
  const parsed = kind.parse(text.value);
  if (!parsed.ok) {
    return refuse({ subject: file, expected: kind.what, got: parsed.error.message, next: "correct the line" });
  }
  const { unknownCalls } = kind === PROGRAMS ? choice : {};
  const value = unknownCalls === undefined ? parsed.value : calling(parsed.value as Case, unknownCalls);
  const problem = kind.problem?.(value);
  if (problem !== undefined) {
    const expected = "a program that a verifier accepts";
    return refuse({ subject: file, expected, got: problem.text, next: problem.next });
  }
  const calls = unknownCalls === undefined ? {} : { unknownCalls };
  return loaded(new Entry(file, kind, value, parsed.head, calls));
}

/** The entries of a file: one, or one for each program of an object file, or for the one that a choice names. */
export function readEntries(file: string, choice: ProgramChoice = {}): readonly Loaded<Entry>[] {
  if (!isObjectFile(file)) return [readEntry(file, choice)];
  const programs = programsOfFile(file, choice);
  if (!programs.ok) return [programs];
  return programs.value.map(({ section, function: name, case: read }) => {
    if (!read.ok) return read;
    const title = `${name} of ${path.basename(file)}, section ${section}`;
    const { unknownCalls } = choice;
    const part = { section, function: name, ...(unknownCalls !== undefined && { unknownCalls }) };
    return loaded(new Entry(file, PROGRAMS, read.value, { title, oracle: "exec-match" }, part));
  });
}

/** By what makes them: making a checker costs more than most cases. */
const CHECKERS = new Map<string, KindChecker<unknown>>();
function checkerOf(kind: AnyKind, engine: Engine, subject: AnySubject): KindChecker<unknown> {
  const key = `${kind.name} ${engine.name} ${subject.name}`;
  const checker = CHECKERS.get(key) ?? checkerOn(kind, subject, [engine]);
  CHECKERS.set(key, checker);
  return checker;
}
