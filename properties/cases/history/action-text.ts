// One action of a history as one line, and back: `load #1 (r0 = 2 .., 24 insns, 192 B); copy 1 fails`.

import type { FailingStep } from "../../../machine/event.js";
import {
  type Action,
  ATTACH_KINDS,
  type AttachedProgram,
  type CaseProgram,
  type ConcurrentRun,
  type Disturbance,
  type Failing,
  isCaseProgram,
  leastInsns,
  mostInsns,
  NOTHING_ELSE,
  type ProgramSpec,
} from "../../../subjects/action.js";

const PROGRAM_BELOW = "the program below";
const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy", "poke", "progAlloc"];
const MOST_SUBPROGRAMS = 64;

/** @param bytes of the program that it is about */
export function printAction(action: Action, bytes: number | undefined): string {
  switch (action.kind) {
    case "load":
      return `load #${action.id} (${about(action.program, bytes)})${duringText(action)}`;
    case "free":
      return `free #${action.id}${bytes === undefined ? "" : ` (${bytes} B)`}${duringText(action)}`;
    case "attach": {
      const programs = action.programs.map(printAttached);
      return `attach #${action.id} (${[...programs, ...bytesText(bytes)].join(", ")})${duringText(action)}`;
    }
    case "detach":
      return `detach #${action.id}${duringText(action)}`;
    case "run":
      return `run #${action.id} on cpu ${action.cpu}`;
    case "cpu":
      return `cpu ${action.cpu}`;
    default:
      return action satisfies never;
  }
}

function about(program: ProgramSpec | CaseProgram, bytes: number | undefined): string {
  if (isCaseProgram(program)) return [PROGRAM_BELOW, ...bytesText(bytes)].join(", ");
  const { first, insns, subprograms, probes } = program;
  const some = (n: number, noun: string): string[] => (n === 0 ? [] : [`${n} ${noun}${n === 1 ? "" : "s"}`]);
  const calls = [...some(subprograms, "subprogram"), ...some(probes, "probe")];
  return [`r0 = ${first} ..`, `${insns} insns`, ...calls, ...bytesText(bytes)].join(", ");
}

const bytesText = (bytes: number | undefined): readonly string[] => (bytes === undefined ? [] : [`${bytes} B`]);

function duringText({ fails, others }: Disturbance): string {
  const failing = fails.map(({ step, nth }) => `; ${step} ${nth} fails`);
  const running = others.map(
    ({ cpu, id, at }) => `; cpu ${cpu} runs #${id} ${at === undefined ? "throughout" : `after event ${at}`}`,
  );
  return [...failing, ...running].join("");
}

/**
 * The load of a program whose text follows, but for the program; undefined for any other line.
 *
 * @returns what is wrong with the line, as text
 */
export function parseCaseLoad(line: string): Omit<Action & { kind: "load" }, "program"> | string | undefined {
  const [head = "", ...rest] = line.split(";").map((part) => part.trim());
  const id = /^load #(\d{1,6}) \(the program below(?:, \d+ B)?\)$/.exec(head)?.[1];
  if (id === undefined) return undefined;
  const during = parseDuring(rest);
  return typeof during === "string" ? during : { kind: "load", id: Number(id), ...during };
}

/** @returns the action, or what is wrong with the line. */
export function parseAction(line: string): Action | string {
  const [head = "", ...rest] = line.split(";").map((part) => part.trim());
  const during = parseDuring(rest);
  if (typeof during === "string") return during;
  const isPlain = during === NOTHING_ELSE;
  const load =
    /^load #(\d{1,6}) \(r0 = (\d{1,4}) \.\., (\d{1,6}) insns(?:, (\d{1,3}) subprograms?)?(?:, (\d{1,2}) probes?)?(?:, \d+ B)?\)$/.exec(
      head,
    );
  if (load !== null) return loadOf(load.slice(1), during);
  const other = /^(free|detach) #(\d{1,6})(?: \(\d+ B\))?$/.exec(head);
  if (other !== null) return { kind: other[1] as "free" | "detach", id: Number(other[2]), ...during };
  const attach = /^attach #(\d{1,6}) \((.*)\)$/.exec(head);
  if (attach !== null) {
    const programs = parseAttached(attach[2]!);
    return typeof programs === "string" ? programs : { kind: "attach", id: Number(attach[1]), programs, ...during };
  }
  const run = /^run #(\d{1,6}) on cpu (\d{1,2})$/.exec(head);
  if (run !== null && isPlain) return { kind: "run", id: Number(run[1]), cpu: Number(run[2]) };
  const cpu = /^cpu (\d{1,2})$/.exec(head);
  if (cpu !== null && isPlain) return { kind: "cpu", cpu: Number(cpu[1]) };
  return (
    'expected "load #N (r0 = N .., N insns)", "free #N", "run #N on cpu N", "attach #N (fentry #N)", "detach #N" ' +
    `or "cpu N", got "${line}"`
  );
}

function loadOf(
  [id, first, insns, calls, probes]: readonly (string | undefined)[],
  during: Disturbance,
): Action | string {
  const program = {
    first: Number(first),
    insns: Number(insns),
    subprograms: Number(calls ?? 0),
    probes: Number(probes ?? 0),
  };
  if (program.subprograms > MOST_SUBPROGRAMS) return `more than ${MOST_SUBPROGRAMS} subprograms`;
  const [least, most] = [leastInsns, mostInsns].map((bound) => bound(program.subprograms)) as [number, number];
  if (program.insns < least || program.insns > most) {
    return `${program.insns} insns, expected ${least} to ${most} with ${program.subprograms} subprograms`;
  }
  return { kind: "load", id: Number(id), program, ...during };
}

function parseDuring(parts: readonly string[]): Disturbance | string {
  if (parts.length === 0) return NOTHING_ELSE;
  const fails: Failing[] = [];
  const others: ConcurrentRun[] = [];
  for (const part of parts) {
    const fail = /^([a-zA-Z]+) (\d{1,6}) fails$/.exec(part);
    const run = /^cpu (\d{1,2}) runs #(\d{1,6}) (?:throughout|after event (\d{1,6}))$/.exec(part);
    const step = STEPS.find((name) => name === fail?.[1]);
    if (step !== undefined && Number(fail?.[2]) > 0) fails.push({ step, nth: Number(fail?.[2]) });
    else if (run !== null) {
      others.push({ cpu: Number(run[1]), id: Number(run[2]), at: run[3] === undefined ? undefined : Number(run[3]) });
    } else return `expected "copy 1 fails" or "cpu 1 runs #0 after event 7", got "${part}"`;
  }
  return { fails, others };
}

/** Kernel: BPF_MAX_TRAMP_LINKS. */
const MOST_PROGRAMS = 38;

const printAttached = ({ kind, id, result, enterReturnsZero }: AttachedProgram): string => {
  const who = id === undefined ? `recorder${result === 0 ? "" : ` = ${result}`}` : `#${id}`;
  return `${kind} ${who}${enterReturnsZero ? " kept out" : ""}`;
};

/** @returns the programs, or what is wrong with the text. */
function parseAttached(text: string): readonly AttachedProgram[] | string {
  const items = text.split(", ").filter((item, i, all) => i < all.length - 1 || !/^\d+ B$/.test(item));
  if (items.length === 0) return "nothing is attached";
  if (items.length > MOST_PROGRAMS) return `more than ${MOST_PROGRAMS} programs`;
  const programs: AttachedProgram[] = [];
  for (const item of items) {
    const [, name, id, result, enterReturnsZero] =
      /^([a-z_]+) (?:#(\d{1,6})|recorder(?: = (\d{1,4}))?)( kept out)?$/.exec(item) ?? [];
    const kind = ATTACH_KINDS.find((known) => known === name);
    if (name === "freplace")
      return "freplace (a program in the place of another) is not modelled: attach fentry, fmod_ret or fexit";
    if (kind === undefined)
      return `expected "fentry #1", "fmod_ret recorder = 7" or "fexit recorder kept out", got "${item}"`;
    const who = { id: id === undefined ? undefined : Number(id), result: Number(result ?? 0) };
    programs.push({ kind, ...who, enterReturnsZero: enterReturnsZero !== undefined });
  }
  return programs;
}
