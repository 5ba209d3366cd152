// The lines of a setup: the call and the programs. `near function(u64 5) = 11`, `starts at 3, returns 0, cookie 7`.

import type { FuncArg } from "../../../subjects/subject.js";
import { type ProgramPlan, registersOf, type TrampolineSetup } from "../../../subjects/trampoline/setup.js";
import { printWord, readWord } from "../word-text.js";

const CALLED = {
  jit: "jit program",
  near: "near function",
  far: "far function",
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

export function printCall({ target, args, values, original }: Call): string {
  let next = 0;
  const told = args.map((arg) => {
    const registers = Array.from({ length: registersOf([arg]) }, () => printWord(values[next++] ?? 0n));
    return `${arg.isStruct ? `struct ${arg.bytes}` : `u${8 * arg.bytes}`} ${registers.join(" ")}`;
  });
  return `${CALLED[target]}(${told.join(", ")})${target === "structOps" ? "" : ` = ${printWord(original)}`}`;
}

/** The call, or what is wrong with the line. */
export function parseCall(line: string): Call | string {
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
  const registers = registersOf([arg]);
  if (values.length !== numbers.trim().split(" ").length) return wrong;
  return values.length === registers ? { arg, values } : `"${text}" takes ${registers} registers, not ${values.length}`;
}

export function printProgram(plan: ProgramPlan): string {
  const { start, result, cookie } = plan;
  return [
    start === 0n ? "does not start" : `starts at ${printWord(start)}`,
    `returns ${printWord(result)}`,
    ...(cookie === 0n ? [] : [`cookie ${printWord(cookie)}`]),
    ...FLAGS.flatMap(([key, word, told]) => (plan[key] === told ? [word] : [])),
  ].join(", ");
}

/** A program, or what is wrong with the line. */
export function parseProgram(text: string): ProgramPlan | string {
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
