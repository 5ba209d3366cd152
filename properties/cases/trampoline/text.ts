// A case of tracing as text, for people to read and for files that are replayed: what is called, with what, and what it
// answers; then what is attached to it, in the order in which it is attached:
//
//   # title: a fmod_ret program that answers keeps the function from being called
//   # oracle: trampoline
//   near function(u64 5, struct 12 1 2) = 11
//   fmod_ret starts at 3, returns 7, cookie 9
//   fexit    does not start, returns 0, recursion checked
//   fsession starts at 3, returns 7, recursion checked, leaves 5

import { textError } from "../../../spec/bpf/text/token.js";
import type { FuncArg } from "../../../subjects/subject.js";
import {
  MOST_WORDS,
  type ProgramPlan,
  type SessionPlan,
  type TrampolineSetup,
  wordsOf,
} from "../../../subjects/trampoline/setup.js";
import {
  type Field,
  fieldsOf,
  type Head,
  printHead,
  printWord,
  type ReadCase,
  readHead,
  readNumber,
  readWord,
} from "../header.js";
import { plain, programsOf, type TrampolineCase } from "./case.js";

const MOST_PROGRAMS = 16;
const MOST_MOMENT = 9999;
const ANOTHER_CPU = "another CPU calls before event ";
const LISTS = { fentry: "fentry", fmod_ret: "fmodRet", fexit: "fexit", fsession: "fsession" } as const;
type ListName = keyof typeof LISTS;

type Surroundings = Pick<TrampolineSetup, "helpersFar" | "bti" | "ipArg" | "returns" | "moment"> &
  Pick<TrampolineCase, "record">;
const DEFAULTS: Surroundings = {
  ...{ helpersFar: false, bti: false, ipArg: false, returns: false, moment: undefined, record: undefined },
};
const { value, word, flag } = fieldsOf(DEFAULTS);
const FIELDS: readonly Field<Surroundings>[] = [
  word("helpers", "helpersFar", { near: false, far: true }, "near or far helpers"),
  flag("bti", "bti", "bti: yes or no"),
  flag("ip", "ipArg", "ip: yes or no"),
  word("result", "returns", { used: true }, "a result that is used"),
  value("record", "record", (text) => readWord(text) ?? `expected an address of 64 bits, got "${text}"`, printWord),
  value("meanwhile", "moment", readMoment, (moment) => `${ANOTHER_CPU}${moment}`),
];

export function printTrampolineCase({ setup, record }: TrampolineCase, head: Head = {}): string {
  const programs = Object.entries(LISTS).flatMap(([name, list]) =>
    setup[list].map((plan: ProgramPlan & { readonly leaves?: bigint | undefined }) => {
      const own = plan.leaves === undefined ? "" : `, ${LEAVES} ${printWord(plan.leaves)}`;
      return `${name.padEnd(8)} ${printProgram(plan)}${own}\n`;
    }),
  );
  return `${printHead(head, FIELDS, { ...setup, record })}\n${printCall(setup)}\n${programs.join("")}`;
}

export function parseTrampolineCase(text: string): ReadCase<TrampolineCase> {
  const lines = text.split(/\r?\n/);
  const read = readHead(lines, FIELDS, DEFAULTS);
  if (!read.ok) return read;
  const { head, value: surroundings, lines: from } = read.value;
  const draft: Draft = {};
  for (let at = from; at < lines.length; at++) {
    const line = lines[at]!.replace(/#.*/, "").trim();
    const wrong = line === "" ? undefined : readLine(line, draft);
    if (wrong !== undefined) return textError(at + 1, wrong);
  }
  const made = caseOf(draft, surroundings);
  if (typeof made === "string") return textError(Math.min(from + 1, lines.length), made);
  return { ok: true, value: made, head };
}

function readMoment(text: string): number | string {
  const event = text.startsWith(ANOTHER_CPU) ? text.slice(ANOTHER_CPU.length) : "";
  const moment = readNumber(event, (n) => n <= MOST_MOMENT, "");
  return typeof moment === "number" ? moment : `expected "${ANOTHER_CPU}N", got "${text}"`;
}

/** What the lines below the head say. */
type Draft = { -readonly [K in Exclude<keyof TrampolineSetup, keyof Surroundings>]?: TrampolineSetup[K] };

/** Take over the call or a program, or say what is wrong with it. */
function readLine(line: string, draft: Draft): string | undefined {
  const [, name, rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  if (name !== undefined && name in LISTS) {
    const list = LISTS[name as ListName];
    if (list === "fsession") {
      const session = parseSession(rest);
      if (typeof session === "string") return session;
      draft.fsession = [...(draft.fsession ?? []), session];
      return undefined;
    }
    const plan = parseProgram(rest);
    if (typeof plan === "string") return plan;
    draft[list] = [...(draft[list] ?? []), plan];
    return undefined;
  }
  if (draft.target !== undefined) return `expected fentry, fmod_ret, fexit or fsession, got "${line}"`;
  const call = parseCall(line);
  if (typeof call === "string") return call;
  Object.assign(draft, call);
  return undefined;
}

/** The case, or what keeps it from being one. */
function caseOf(draft: Draft, { record, ...surroundings }: Surroundings): TrampolineCase | string {
  const { target, args = [], values = [], original = 0n, fentry = [], fmodRet = [], fexit = [], fsession = [] } = draft;
  if (target === undefined) return "nothing is called";
  const setup: TrampolineSetup = { ...surroundings, target, args, values, original, fentry, fmodRet, fexit, fsession };
  const c: TrampolineCase = { setup, record };
  const wrong = target === "structOps" ? wrongStructOps(c) : undefined;
  if (wrong !== undefined) return wrong;
  if (programsOf(c) === 0) return "no program is attached";
  if (programsOf(c) > MOST_PROGRAMS) return `${programsOf(c)} programs, expected ${MOST_PROGRAMS} at most`;
  if (wordsOf(args) > MOST_WORDS) return `arguments of ${wordsOf(args)} words, expected ${MOST_WORDS} at most`;
  return JSON.stringify(plain(c), shown) === JSON.stringify(c, shown) ? c : unused(c);
}

function wrongStructOps({ setup, record }: TrampolineCase): string | undefined {
  const { fentry, ipArg } = setup;
  const [member] = fentry;
  if (member === undefined || programsOf({ setup, record }) > 1) {
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

const CALLED = {
  jit: "jit program",
  near: "near function",
  far: "far function",
  lastAhead: "last_ahead function",
  lastBehind: "last_behind function",
  beyondAhead: "beyond_ahead function",
  beyondBehind: "beyond_behind function",
  structOps: "struct_ops member",
} as const satisfies Record<TrampolineSetup["target"], string>;
const TARGETS = Object.keys(CALLED) as TrampolineSetup["target"][];

/** What a program is beside its numbers. `false` for what is told when the flag is not set. */
const FLAGS = [
  ["sleepable", "sleepable", true],
  ["recursionChecked", "recursion checked", true],
  ["lsmCgroup", "lsm cgroup", true],
  ["jited", "interpreted", false],
] as const satisfies readonly (readonly [keyof ProgramPlan, string, boolean])[];

type Call = Pick<TrampolineSetup, "target" | "args" | "values" | "original">;

function printCall({ target, args, values, original }: Call): string {
  let next = 0;
  const told = args.map((arg) => {
    const registers = Array.from({ length: wordsOf([arg]) }, () => printWord(values[next++] ?? 0n));
    return `${arg.isStruct ? `struct ${arg.bytes}` : `u${8 * arg.bytes}`} ${registers.join(" ")}`;
  });
  return `${CALLED[target]}(${told.join(", ")})${target === "structOps" ? "" : ` = ${printWord(original)}`}`;
}

/** The call, or what is wrong with the line. */
function parseCall(line: string): Call | string {
  const [, what, inside = "", answer] = /^([a-z_]+ [a-z]+)\s*\(([^)]*)\)(?:\s*=\s*(-?\w+))?$/.exec(line) ?? [];
  const target = TARGETS.find((one) => CALLED[one] === what);
  if (target === undefined)
    return `expected ${Object.values(CALLED).join(", ")} with (arguments) = answer, got "${line}"`;
  const original = answer === undefined ? undefined : readWord(answer);
  if (answer !== undefined && original === undefined) return `expected an answer of 64 bits, got "${answer}"`;
  if ((original === undefined) !== (target === "structOps")) {
    return target === "structOps" ? "a struct_ops member answers as its program does" : "expected = and an answer";
  }
  const args: FuncArg[] = [];
  const values: bigint[] = [];
  for (const text of inside.trim() === "" ? [] : inside.split(",")) {
    const argument = parseArgument(text.trim());
    if (typeof argument === "string") return argument;
    args.push(argument.arg);
    values.push(...argument.values);
  }
  return { target, args, values, original: original ?? 0n };
}

function parseArgument(text: string): { readonly arg: FuncArg; readonly values: readonly bigint[] } | string {
  const wrong = `expected an argument such as u64 5, u32 5 or struct 12 5 6, got "${text}"`;
  const [, bits, bytes, numbers = ""] = /^(?:u(32|64)|struct (\d{1,2}))((?: -?\w+)+)$/.exec(text) ?? [];
  const arg = { bytes: bits === undefined ? Number(bytes) : Number(bits) / 8, isStruct: bits === undefined };
  if (!(arg.bytes >= 1 && arg.bytes <= 16)) return wrong;
  const values = numbers
    .trim()
    .split(" ")
    .flatMap((number) => readWord(number) ?? []);
  const registers = wordsOf([arg]);
  if (values.length !== numbers.trim().split(" ").length) return wrong;
  return values.length === registers ? { arg, values } : `"${text}" takes ${registers} words, not ${values.length}`;
}

function printProgram(plan: ProgramPlan): string {
  const { start, result, cookie } = plan;
  return [
    start === 0n ? "does not start" : `starts at ${printWord(start)}`,
    `returns ${printWord(result)}`,
    ...(cookie === 0n ? [] : [`cookie ${printWord(cookie)}`]),
    ...FLAGS.flatMap(([key, word, told]) => (plan[key] === told ? [word] : [])),
  ].join(", ");
}

const LEAVES = "leaves";

/** A program for entry and exit, or what is wrong with the line. */
function parseSession(text: string): SessionPlan | string {
  const [, rest, digits] = /^(.*?)(?:, leaves (-?\w+))?$/.exec(text) ?? [];
  const leaves = digits === undefined ? undefined : readWord(digits);
  if (digits !== undefined && leaves === undefined)
    return `expected a number of 64 bits that it leaves, got "${digits}"`;
  const plan = parseProgram(rest ?? text);
  if (typeof plan === "string") return plan;
  if (!plan.recursionChecked || plan.lsmCgroup)
    return "a program for entry and exit is recursion checked, and no lsm cgroup";
  return { ...plan, leaves };
}

/** A program, or what is wrong with the line. */
function parseProgram(text: string): ProgramPlan | string {
  const flags = { sleepable: false, recursionChecked: false, lsmCgroup: false, jited: true };
  const numbers: { start?: bigint; result?: bigint; cookie?: bigint } = {};
  for (const part of text.split(",").map((words) => words.trim())) {
    const flag = FLAGS.find(([, word]) => word === part);
    if (flag !== undefined) {
      flags[flag[0]] = flag[2];
      continue;
    }
    const [, word, digits = ""] = /^(starts at|returns|cookie) (-?\w+)$/.exec(part) ?? [];
    const number = part === "does not start" ? 0n : readWord(digits);
    const key = word === "returns" ? "result" : word === "cookie" ? "cookie" : "start";
    if (number === undefined || numbers[key] !== undefined) {
      const words = FLAGS.map(([, one]) => one).join(", ");
      return `expected "starts at N" or "does not start", "returns N", and perhaps "cookie N", ${words}, got "${part}"`;
    }
    numbers[key] = number;
  }
  const { start, result, cookie = 0n } = numbers;
  if (start === undefined) return `expected "starts at N" or "does not start", got "${text}"`;
  if (result === undefined) return `expected "returns N", got "${text}"`;
  return { ...flags, start, result, cookie };
}
