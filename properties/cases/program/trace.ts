// Both witnesses' steps through one run, side by side: for each BPF instruction the registers after it in the
// interpreter and in the compiled code, and the A64 words that the JIT ran for it.

/** One instruction as one witness ran it. */
export interface BpfStep {
  readonly code: number;
  readonly pc: number;
  readonly bpf: string;
  /** R0..R10 before it. */
  readonly registers: readonly bigint[];
  /** The registers that it sets. */
  readonly sets: readonly number[];
  /** Enters a local function, may enter another program, leaves a function, or does none of this. */
  readonly flow: "call" | "tailCall" | "exit" | "on";
}

export interface WordStep {
  /** Low 48 bits. */
  readonly va: number;
  readonly word: number;
  readonly text: string;
  /** Where it belongs: a slot, or the name of a part of the image. */
  readonly part: number | string;
  /** Index into `Program.code`. */
  readonly code: number;
  /** Whether it is the first word of its part. */
  readonly first: boolean;
  /** R0..R10 before it, out of the registers that hold them. */
  readonly registers: readonly bigint[];
}

export interface TraceRow {
  readonly part: number | string;
  readonly bpf: string;
  readonly words: readonly WordStep[];
  /** Registers that the interpreter set, with their new values. */
  readonly changes: readonly string[];
  /** What the JIT has otherwise after the instruction. */
  readonly differences: readonly string[];
}

/** Words of one part that ran one after another; a jump back to the first word of a slot begins a new step. */
export function groupWords(words: readonly WordStep[], selfJumps: (code: number, pc: number) => boolean): WordStep[][] {
  const groups: WordStep[][] = [];
  for (const word of words) {
    const last = groups.at(-1)?.at(-1);
    const again = word.first && typeof word.part === "number" && selfJumps(word.code, word.part);
    if (last !== undefined && last.part === word.part && last.code === word.code && !again) groups.at(-1)?.push(word);
    else groups.push([word]);
  }
  return groups;
}

/**
 * Pair the two. Instructions without words stand alone; where the paths part, the words go on alone with a remark.
 *
 * @param isPromised whether the interpreter vouches for a value: not for what a call leaves in a register, nor for
 * where the frame of a callee lies.
 */
export function pairSteps(
  steps: readonly BpfStep[],
  groups: readonly (readonly WordStep[])[],
  isPromised: (value: bigint) => boolean,
): TraceRow[] {
  const rows: TraceRow[] = [];
  const known = new KnownRegisters();
  let at = 0;
  let bare = false;
  const passTo = (end: number): void => {
    while (at < end) rows.push(alone(groups[at++] ?? []));
  };
  for (const [i, step] of steps.entries()) {
    const next = afterBetween(groups, at);
    const head = groups[next]?.[0];
    const ran = head !== undefined && head.code === step.code && head.part === step.pc;
    // An exit that has become nothing stands before the epilogue, the next one after the return of the first.
    if (ran) passTo(next);
    else if (bare) passTo(afterReturn(groups, at));
    bare = !ran;
    const group = ran ? groups[at++] : undefined;
    const jitAfter = groups[at]?.[0]?.registers;
    const following = steps[i + 1];
    known.step(step);
    const isComparable = following !== undefined && jitAfter !== undefined;
    rows.push({
      part: step.pc,
      bpf: step.bpf,
      words: group ?? [],
      changes: following === undefined ? [] : newValues(step.sets, following.registers),
      differences: isComparable ? different(following.registers, jitAfter, known.now, isPromised) : [],
    });
  }
  for (const group of groups.slice(at)) rows.push(alone(group));
  return rows;
}

/** Prologues and epilogues, and what is left of a call when the callee has returned. */
const isBetween = ([head]: readonly WordStep[]): boolean => typeof head?.part === "string" || head?.first === false;

function afterBetween(groups: readonly (readonly WordStep[])[], from: number): number {
  let next = from;
  for (let group = groups[next]; group !== undefined && isBetween(group); group = groups[++next]);
  return next;
}

/** Behind the rest of the call that the callee returns to; `from` if it returns to none. */
function afterReturn(groups: readonly (readonly WordStep[])[], from: number): number {
  const rest = groups.slice(from, afterBetween(groups, from)).findIndex(([head]) => typeof head?.part === "number");
  return rest < 0 ? from : from + rest + 1;
}

const alone = (group: readonly WordStep[]): TraceRow => ({
  part: group[0]?.part ?? "",
  bpf: typeof group[0]?.part === "number" ? "(goes on)" : "",
  words: group,
  changes: [],
  differences: [],
});

const name = (register: number): string => `r${register}`;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

const newValues = (sets: readonly number[], after: readonly bigint[]): string[] =>
  sets.map((r) => `${name(r)} = ${hex(after[r] ?? 0n)}`);

const different = (
  interpreter: readonly bigint[],
  jit: readonly bigint[],
  known: ReadonlySet<number>,
  isPromised: (value: bigint) => boolean,
): string[] =>
  interpreter.flatMap((value, r) => {
    const other = jit[r];
    if (!known.has(r) || other === undefined || other === value || !isPromised(value)) return [];
    return [`${name(r)} = ${hex(other)}`];
  });

const CONTEXT_ONLY: ReadonlySet<number> = new Set([1]);
const LAST_ARGUMENT = 5;

/**
 * Which BPF registers have a value that two witnesses must agree on, step by step through a run: those that the running
 * function has set itself or has got as arguments. Unspecified are what a callee saved, what a call left behind, and the
 * registers of a program that made a tail call.
 */
class KnownRegisters {
  now: ReadonlySet<number> = CONTEXT_ONLY;
  private tailCalled = false;
  /** What the callers know. */
  private readonly callers: ReadonlySet<number>[] = [];
  private returned: ReadonlySet<number> | undefined;

  step({ pc, flow, sets }: BpfStep): void {
    // A tail call that is taken enters a program that knows nothing.
    const before = this.tailCalled && pc === 0 ? CONTEXT_ONLY : (this.returned ?? this.now);
    this.tailCalled = flow === "tailCall";
    this.returned = undefined;
    this.now = sets.length === 0 ? before : new Set([...before, ...sets]);
    if (flow === "call") {
      this.callers.push(this.now);
      this.now = new Set([...this.now].filter((r) => r <= LAST_ARGUMENT));
    } else if (flow === "tailCall") {
      this.returned = new Set([...before].filter((r) => r > LAST_ARGUMENT));
      this.now = new Set();
    } else if (flow === "exit") {
      // Until the epilogue has run, the saved registers are still those of the callee.
      const saved = [...(this.callers.pop() ?? [])].filter((r) => r > LAST_ARGUMENT);
      this.returned = new Set([0, ...saved]);
      this.now = new Set();
    }
  }
}
