// A case of tracing as text, for people to read and for files that are replayed: what is called, with what, and what it
// answers; then what is attached to it, in the order in which it is attached:
//
//   # title: a fmod_ret program that answers keeps the function from being called
//   # oracle: trampoline
//   near function(u64 5, struct 12 1 2) = 11
//   fmod_ret starts at 3, returns 7, cookie 9
//   fexit    does not start, returns 0, recursion checked

import { type Read, textError } from "../../../spec/bpf/text/token.js";
import { registersOf, type TrampolineSetup } from "../../../subjects/trampoline/setup.js";
import { type Field, type Lesson, printLesson, readLesson, readYesNo } from "../header.js";
import { printWord, readWord } from "../word-text.js";
import { plain, programsOf, type TrampolineCase } from "./case.js";
import { parseCall, parseProgram, printCall, printProgram } from "./program-text.js";

export interface TracingFile {
  readonly case: TrampolineCase;
  readonly lesson: Lesson;
}

const KEYS = ["helpers", "bti", "ip", "result", "record", "meanwhile"];
const MOST_PROGRAMS = 16;
const MOST_MOMENT = 9999;
const LISTS = { fentry: "fentry", fmod_ret: "fmodRet", fexit: "fexit" } as const;
type ListName = keyof typeof LISTS;

export function printTrampolineCase({ setup, record }: TrampolineCase, lesson: Lesson): string {
  const { helpersFar, bti, ipArg, returns, moment } = setup;
  const yes = (flag: boolean): string | undefined => (flag ? "yes" : undefined);
  const head = printLesson(lesson, [
    ["helpers", helpersFar ? "far" : undefined],
    ["bti", yes(bti)],
    ["ip", yes(ipArg)],
    ["result", returns ? "used" : undefined],
    ["record", record === undefined ? undefined : printWord(record)],
    ["meanwhile", moment === undefined ? undefined : `another CPU calls before event ${moment}`],
  ]);
  const programs = Object.entries(LISTS).flatMap(([name, list]) =>
    setup[list].map((plan) => `${name.padEnd(8)} ${printProgram(plan)}\n`),
  );
  return `${head}\n${printCall(setup)}\n${programs.join("")}`;
}

export function parseTrampolineCase(text: string): Read<TracingFile> {
  const lines = text.split(/\r?\n/);
  const head = readLesson(lines, KEYS);
  if (!head.ok) return head;
  const draft: Draft = {};
  for (const field of head.value.fields) {
    const wrong = readField(field, draft);
    if (wrong !== undefined) return textError(field.line, wrong);
  }
  for (let at = head.value.lines; at < lines.length; at++) {
    const line = lines[at]!.replace(/#.*/, "").trim();
    const wrong = line === "" ? undefined : readLine(line, draft);
    if (wrong !== undefined) return textError(at + 1, wrong);
  }
  const made = caseOf(draft);
  if (typeof made === "string") return textError(Math.min(head.value.lines + 1, lines.length), made);
  return { ok: true, value: { case: made, lesson: head.value.lesson } };
}

type Draft = { -readonly [K in keyof TrampolineSetup]?: TrampolineSetup[K] } & { record?: bigint | undefined };

/** Take over one field, or say what is wrong with it. */
function readField(field: Field, draft: Draft): string | undefined {
  const { key, text } = field;
  switch (key) {
    case "helpers":
      draft.helpersFar = text === "far";
      return text === "far" || text === "near" ? undefined : `expected near or far helpers, got "${text}"`;
    case "bti":
    case "ip": {
      const flag = readYesNo(field);
      if (flag.ok) draft[key === "ip" ? "ipArg" : "bti"] = flag.value;
      return flag.ok ? undefined : `expected ${key}: yes or no, got "${text}"`;
    }
    case "result":
      draft.returns = true;
      return text === "used" ? undefined : `expected a result that is used, got "${text}"`;
    case "record": {
      draft.record = readWord(text);
      return draft.record === undefined ? `expected an address of 64 bits, got "${text}"` : undefined;
    }
    default: {
      const moment = Number(/^another CPU calls before event (\d+)$/.exec(text)?.[1] ?? Number.NaN);
      draft.moment = moment;
      return moment <= MOST_MOMENT ? undefined : `expected "another CPU calls before event N", got "${text}"`;
    }
  }
}

/** Take over the call or a program, or say what is wrong with it. */
function readLine(line: string, draft: Draft): string | undefined {
  const [, name, rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  if (name !== undefined && name in LISTS) {
    const plan = parseProgram(rest);
    if (typeof plan === "string") return plan;
    const list = LISTS[name as ListName];
    draft[list] = [...(draft[list] ?? []), plan];
    return undefined;
  }
  if (draft.target !== undefined) return `expected fentry, fmod_ret or fexit, got "${line}"`;
  const call = parseCall(line);
  if (typeof call === "string") return call;
  Object.assign(draft, call);
  return undefined;
}

/** The case, or what keeps it from being one. */
function caseOf({ record, ...draft }: Draft): TrampolineCase | string {
  const { target, args = [], fentry = [], fmodRet = [], fexit = [] } = draft;
  if (target === undefined) return "nothing is called";
  const rest = {
    helpersFar: false,
    bti: false,
    ipArg: false,
    returns: false,
    moment: undefined,
    values: [],
    original: 0n,
  };
  const setup: TrampolineSetup = { ...rest, ...draft, target, args, fentry, fmodRet, fexit };
  const c: TrampolineCase = { setup, record };
  const wrong = target === "structOps" ? wrongStructOps(c) : undefined;
  if (wrong !== undefined) return wrong;
  if (programsOf(c) === 0) return "no program is attached";
  if (programsOf(c) > MOST_PROGRAMS) return `${programsOf(c)} programs, expected ${MOST_PROGRAMS} at most`;
  if (registersOf(args) > 8) return `arguments in ${registersOf(args)} registers, expected 8 at most`;
  return JSON.stringify(plain(c), shown) === JSON.stringify(c, shown) ? c : unused(c);
}

function wrongStructOps({ setup: { fentry, fmodRet, fexit, ipArg }, record }: TrampolineCase): string | undefined {
  const [member] = fentry;
  if (member === undefined || fentry.length + fmodRet.length + fexit.length > 1) {
    return "a struct_ops member is one fentry program";
  }
  if (member.start === 0n || member.recursionChecked) return "a struct_ops member always starts";
  return ipArg || record !== undefined ? "a struct_ops member has neither ip nor record" : undefined;
}

/** Something is said that this kind of function has no use for. */
function unused({ setup: { target, args, returns, moment }, record }: TrampolineCase): string {
  if (target === "jit" && (args.length !== 1 || args[0]?.bytes !== 8)) return "a jit program has one argument, a u64";
  if (record !== undefined && target !== "near") return "a record that lies anywhere needs a near function";
  if (returns) return "only a struct_ops member has a result that is used";
  return moment === undefined
    ? "a struct_ops member has no result of its own"
    : "nobody pokes, so nobody looks meanwhile";
}

const shown = (_key: string, part: unknown): unknown => (typeof part === "bigint" ? `${part}n` : part);
