// What happens when a function is called that programs are attached to: who runs in which order, with what, and what the
// caller gets. A trampoline is right if nobody can tell it from this list of steps.

/** One attached program, and what it and the kernel's bookkeeping around it answer in this call. */
export interface AttachedProgram {
  readonly id: number;
  readonly cookie: bigint;
  readonly sleepable: boolean;
  readonly recursionChecked: boolean;
  readonly lsmCgroup: boolean;
  /**
   * One link for entry and exit (kernel: `BPF_TRACE_FSESSION`, since Linux 7.0): the program is in both lists. `leaves`: what
   * it puts at the entry into eight bytes of its own, to be found at the exit; undefined if it has none.
   */
  readonly session?: { readonly leaves: bigint | undefined };
  /** What entering it answers: 0 if it must not run now. */
  readonly start: bigint;
  readonly result: bigint;
}

export interface Attachment {
  readonly fentry: readonly AttachedProgram[];
  readonly fmodRet: readonly AttachedProgram[];
  readonly fexit: readonly AttachedProgram[];
  /** The one fentry program is the function. `returns`: its result is the call's, else nobody looks at it. */
  readonly structOps: { readonly returns: boolean } | undefined;
  /** The function's address, if programs may ask for it. */
  readonly ip: bigint | undefined;
  /** The trampoline's record. */
  readonly record: bigint;
  /** While the original function runs, the trampoline is released: what would have come behind it is left out. */
  readonly released: boolean;
  /** Programs that were removed since: the trampoline is as it was, and passes over them. */
  readonly passedOver?: ReadonlySet<number>;
}

export interface TracedCall {
  /**
   * By word, as the function gets them: eight are in registers, and since Linux 6.16 up to four more on the stack. A struct
   * that the last registers do not hold is on the stack as a whole, with all that follows.
   */
  readonly args: readonly bigint[];
  /** As programs are told them; default: the same. Of words on the stack, the bytes behind an argument are cleared. */
  readonly told?: readonly bigint[];
  /** What the original function answers. */
  readonly original: bigint;
}

/** Which of the kernel's functions is called around a program. */
type Entry = "plain" | "sleepable" | "recur" | "sleepableRecur" | "lsmCgroup";

/** Who called, from the frame records, the innermost first. */
export type Frames = readonly ("function" | "caller")[];

export type Step =
  | { readonly kind: "enter"; readonly program: number; readonly entry: Entry; readonly cookie: bigint; frames: Frames }
  | {
      readonly kind: "run";
      readonly program: number;
      readonly ip: bigint | undefined;
      /** Whether it is the exit that a session runs at, and what it finds in the bytes of its own, if it has some. */
      readonly session?: { readonly isReturn: boolean; readonly finds: bigint | undefined };
      /** How many argument words there are, as the program is told. */
      readonly nregs: bigint;
      readonly args: readonly bigint[];
      /** The result of the function so far; undefined before there can be one. */
      readonly retval: bigint | undefined;
    }
  | { readonly kind: "exit"; readonly program: number; readonly entry: Entry; readonly start: bigint }
  /** The trampoline must not be freed from here ... */
  | { readonly kind: "keep"; readonly record: bigint }
  | { readonly kind: "original"; readonly args: readonly bigint[] }
  /** ... to here. */
  | { readonly kind: "letGo"; readonly record: bigint };

export interface Traced {
  readonly steps: readonly Step[];
  /** Undefined if the caller may find anything. */
  readonly result: bigint | undefined;
}

/** @param attachment undefined: nothing is attached. */
export function traced(attachment: Attachment | undefined, call: TracedCall): Traced {
  const original: Step = { kind: "original", args: call.args };
  if (attachment === undefined) return { steps: [original], result: call.original };
  const { fentry, fmodRet, fexit, structOps, record } = attachment;
  const run = (program: AttachedProgram, retval?: bigint): readonly Step[] =>
    stepsOf(attachment, call, program, { retval, isReturn: false });
  const runAtExit = (program: AttachedProgram, retval: bigint): readonly Step[] =>
    stepsOf(attachment, call, program, { retval, isReturn: true });
  if (structOps !== undefined) {
    const program = fentry[0]!;
    return { steps: run(program), result: structOps.returns ? program.result : undefined };
  }
  // With a session the result is told to all, and is 0 until there is one.
  const early = fentry.some(({ session }) => session !== undefined) ? 0n : undefined;
  const steps = ofEach(fentry, (program) => run(program, early));
  // Nothing comes behind the function: it is gone back to, and returns to its caller by itself.
  if (fmodRet.length === 0 && fexit.length === 0) return { steps: [...steps, original], result: call.original };
  const runs = ({ id }: AttachedProgram): boolean => attachment.passedOver?.has(id) !== true;
  const decision = fmodRet.findIndex((one) => runs(one) && one.start !== 0n && one.result !== 0n);
  const asked = decision < 0 ? fmodRet : fmodRet.slice(0, decision + 1);
  const result = decision < 0 ? call.original : fmodRet[decision]!.result;
  const behind = decision < 0 && attachment.released ? [] : fexit;
  return {
    steps: [
      { kind: "keep", record },
      ...steps,
      ...ofEach(asked, (program) => run(program, 0n)),
      ...(decision < 0 ? [original] : []),
      ...ofEach(behind, (program) => runAtExit(program, result)),
      { kind: "letGo", record },
    ],
    result,
  };
}

/** Those of one program after those of the other. */
function ofEach(
  programs: readonly AttachedProgram[],
  stepsOfOne: (program: AttachedProgram) => readonly Step[],
): readonly Step[] {
  const steps: Step[] = [];
  for (const program of programs) steps.push(...stepsOfOne(program));
  return steps;
}

function stepsOf(
  { ip, structOps, passedOver }: Attachment,
  { args, told = args }: TracedCall,
  { id, cookie, start, session, ...kind }: AttachedProgram,
  { retval, isReturn }: { readonly retval: bigint | undefined; readonly isReturn: boolean },
): readonly Step[] {
  if (passedOver?.has(id) === true) return [];
  const finds = session?.leaves === undefined || isReturn ? session?.leaves : 0n;
  const ofSession = session && { session: { isReturn, finds } };
  const entry = entryOf(kind);
  const frames: Frames = structOps === undefined ? ["function", "caller"] : ["caller"];
  return [
    { kind: "enter", program: id, entry, cookie, frames },
    ...(start === 0n
      ? []
      : [{ kind: "run", program: id, ip, nregs: BigInt(args.length), args: told, retval, ...ofSession } as const]),
    { kind: "exit", program: id, entry, start },
  ];
}

function entryOf({
  sleepable,
  recursionChecked,
  lsmCgroup,
}: Pick<AttachedProgram, "sleepable" | "recursionChecked" | "lsmCgroup">): Entry {
  if (recursionChecked) return sleepable ? "sleepableRecur" : "recur";
  if (lsmCgroup) return "lsmCgroup";
  return sleepable ? "sleepable" : "plain";
}
