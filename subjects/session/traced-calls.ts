// What is to be seen of attached programs while a traced one runs: the kernel's functions around them, and the interpreter,
// which runs those that are not compiled. Each writes a line. What has to be written is the list of steps of spec/trampoline.

import { type Trap, TrapFault } from "../../engines/engine.js";
import { pointer, type Va, vaOf } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { hex64, u64 } from "../../spec/bits.js";
import type { Step } from "../../spec/trampoline/traced.js";
import type { TrampolineEnv } from "../subject.js";
import { textOf } from "../trampoline/kernel-text.js";
import { INTERPRETERS } from "../trampoline/layout.js";

/** What the kernel knows of one program in a trampoline. */
export interface Noted {
  /** For people: `2. fexit recorder`. */
  readonly name: string;
  /** Addresses of its object and of its instructions. */
  readonly object: Va;
  readonly insnsi: Va;
  /** What entering it answers: 0 if it must not run now. */
  readonly start: bigint;
  /** Not compiled: what the interpreter answers. */
  readonly result: bigint;
  /** Comes behind the function, or decides about its result: there is one to see. */
  readonly seesResult: boolean;
}

/** Where kernel functions that trampolines call lie, if the subject has none; the interpreter's entry. */
export const TEXT = textOf(false);
export const INTERPRETER: Va = INTERPRETERS;
/** Argument registers of a program: the context. */
export const NREGS = 1;

const ARGUMENTS_AT = Array.from({ length: NREGS }, (_, k) => BigInt(8 * k));
const NO_LINES: readonly string[] = [];

export class TracedCalls {
  readonly traps: ReadonlyMap<Va, Trap>;
  private lines: readonly string[] = NO_LINES;
  private readonly byObject = new Map<bigint, Noted>();
  private readonly byInsns = new Map<bigint, Noted>();

  constructor(
    private readonly machine: Machine,
    { original, prog }: Pick<TrampolineEnv, "original" | "prog">,
  ) {
    this.traps = new Map<Va, Trap>([
      [original.enter, ([record]) => this.note(lineOf({ kind: "keep", record: record! }))],
      [original.exit, ([record]) => this.note(lineOf({ kind: "letGo", record: record! }))],
      [prog.recur.enter, ([object, ctx]) => this.enter(object!, ctx!)],
      [prog.recur.exit, ([object, start]) => this.note(exitLine(this.known(object!).name, start!))],
      [INTERPRETER, ([ctx, insns]) => this.interpret(ctx!, insns!)],
    ]);
  }

  begin(): void {
    this.lines = NO_LINES;
  }

  /** Since the beginning of the run. */
  get seen(): readonly string[] {
    return this.lines;
  }

  add(noted: Noted): void {
    this.byObject.set(pointer(noted.object), noted);
    this.byInsns.set(pointer(noted.insnsi), noted);
  }

  remove({ object, insnsi }: Noted): void {
    this.byObject.delete(pointer(object));
    this.byInsns.delete(pointer(insnsi));
  }

  private enter(object: bigint, ctx: bigint): bigint {
    const { name, start } = this.known(object);
    this.note(enterLine(name, this.load(ctx)));
    return start;
  }

  private interpret(ctx: bigint, insns: bigint): bigint {
    const noted = this.byInsns.get(insns);
    if (noted === undefined) throw new TrapFault(`nothing to interpret at ${hex64(insns)}`);
    const { name, result, seesResult } = noted;
    const nregs = this.load(ctx - 8n);
    const args = ARGUMENTS_AT.map((at) => this.load(ctx + at));
    this.note(runLine(name, nregs, args, seesResult ? this.load(ctx + BigInt(8 * NREGS)) : undefined));
    return result;
  }

  private known(object: bigint): Noted {
    const noted = this.byObject.get(object);
    if (noted === undefined) throw new TrapFault(`${hex64(object)} is no attached program's object`);
    return noted;
  }

  private note(line: string): bigint {
    this.lines = [...this.lines, line];
    return 0n;
  }

  private load(address: bigint): bigint {
    const va = vaOf(address);
    if (va === undefined || this.machine.mapping(va) === undefined) throw new TrapFault(`read at ${hex64(address)}`);
    return u64(BigInt(this.machine.peek32(va)) | (BigInt(this.machine.peek32(va + 4)) << 32n));
  }
}

/** The lines of the steps that can be seen from outside: neither the function itself nor compiled programs write any. */
export function linesOf(
  steps: readonly Step[],
  programs: readonly (Noted & { readonly isCompiled: boolean })[],
): readonly string[] {
  const lines: string[] = [];
  for (const step of steps) {
    if (step.kind === "original") continue;
    const program = "program" in step ? programs[step.program]! : undefined;
    if (step.kind !== "run" || !program!.isCompiled) lines.push(lineOf(step, program?.name));
  }
  return lines;
}

function lineOf(step: Exclude<Step, { kind: "original" }>, name = ""): string {
  switch (step.kind) {
    case "keep":
      return `keep the trampoline of ${hex64(step.record)}`;
    case "letGo":
      return `let go the trampoline of ${hex64(step.record)}`;
    case "enter":
      return enterLine(name, step.cookie);
    case "run":
      return runLine(name, step.nregs, step.args, step.retval);
    case "exit":
      return exitLine(name, step.start);
    default:
      return step satisfies never;
  }
}

const enterLine = (name: string, cookie: bigint): string => `enter ${name} with cookie ${cookie}`;
const exitLine = (name: string, start: bigint): string => `exit ${name}, entered with ${start}`;
const runLine = (name: string, nregs: bigint, args: readonly bigint[], retval: bigint | undefined): string =>
  `run ${name} of ${nregs} argument ${args.map(hex64).join(", ")}${retval === undefined ? "" : `, result ${hex64(retval)}`}`;
