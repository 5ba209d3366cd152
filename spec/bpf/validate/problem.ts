// What can be wrong with a program before anything runs it. Each problem names the slot and a reason from a closed list,
// so that a generator, a shrinker or a person knows what to change.

export type Strictness = "verifier" | "rfc";

/**
 * `proven`: no path may use what is undefined, as far as an analysis of the text can tell. `run`: whatever a JIT can be
 * given is a program, and whether it is defined is found out when it runs.
 */
export type Definedness = "proven" | "run";

type Reason =
  | "empty"
  | "tooLong"
  | "tooManyFunctions"
  | "badRegister"
  | "reservedField"
  | "badSelector"
  | "unpairedLddw"
  | "badStackArgument"
  | "notSupported"
  | "notModelled"
  | "badMapIndex"
  | "writeToFramePointer"
  | "divisorZero"
  | "shiftRange"
  | "jumpOutOfRange"
  | "jumpIntoLddw"
  | "fallsOffEnd"
  | "unreachable"
  | "badCallTarget"
  | "callDepth"
  | "combinedStack"
  | "uninitialisedRegister"
  | "stackOutOfBounds"
  | "misalignedAtomic"
  | "contextAccess"
  | "badArgument"
  | "pointerMisuse"
  | "nullPointer";

export interface Problem {
  /** Index into `Program.code`. */
  readonly code: number;
  /** Slot index within that code. */
  readonly pc: number;
  readonly reason: Reason;
  /** One line for people: what was found and what was expected. */
  readonly message: string;
}

/** What to do about a problem that is not the program's own. */
const MENDS: Partial<Record<Reason, string>> = {
  notModelled: "give --unknown-calls",
  notSupported: "name another program",
};

export const mendOf = ({ reason }: Problem): string => MENDS[reason] ?? "correct the program";

/** The same where the file of the program is a text, whose head says it. */
export const mendInText = (problem: Problem): string =>
  problem.reason === "notModelled" ? "say # unknown: 1 in its head" : mendOf(problem);

/** What RFC 9669 gives a meaning to, or says nothing about, but Linux refuses to load. */
const LINUX_ONLY: ReadonlySet<Reason> = new Set<Reason>([
  "divisorZero",
  "shiftRange",
  "unreachable",
  "combinedStack",
  "pointerMisuse",
  "nullPointer",
]);

/** What only some paths, or none that is ever taken, may do: where the interpreter follows the run, it finds out. */
const OF_A_RUN: ReadonlySet<Reason> = new Set<Reason>([
  "uninitialisedRegister",
  "stackOutOfBounds",
  "misalignedAtomic",
  "contextAccess",
  "badArgument",
  "pointerMisuse",
  "nullPointer",
  "writeToFramePointer",
]);

/** Problems kept per program: a broken program of a million slots is not worth a million messages. */
const KEPT = 100;

export type Report = (pc: number, reason: Reason, message: string) => void;

/** Collects the problems that count at one strictness. */
export class Problems {
  readonly list: Problem[] = [];
  /** All of them, those not kept included. */
  count = 0;

  constructor(
    readonly strictness: Strictness,
    readonly definedness: Definedness,
  ) {}

  /** Where the problems of one code are reported to. */
  reportFor(code: number): Report {
    return (pc, reason, message) => {
      if (this.strictness === "rfc" && LINUX_ONLY.has(reason)) return;
      if (this.definedness === "run" && OF_A_RUN.has(reason)) return;
      this.count++;
      if (this.list.length < KEPT) this.list.push({ code, pc, reason, message });
    };
  }
}
