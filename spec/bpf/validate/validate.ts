// Is this a program that a JIT would be given? Says by slot and reason why not, and for a good program what the stages
// after a verifier need to know. An abstract interpretation over registers (`registers.ts`), far simpler than Linux's: it
// does not follow values through memory, does not prune branches, and does not prove that loops end.

import { mapList } from "../../lists.js";
import { HELPERS, TAIL_CALL } from "../helpers.js";
import type { Insn } from "../insn.js";
import { namedSlots, type Program } from "../program.js";
import { callOrder, checkCombinedStack, checkDepth } from "./calls.js";
import { Checker } from "./check.js";
import { checkFields } from "./fields.js";
import { Flow } from "./flow.js";
import { type Functions, findFunctions } from "./functions.js";
import { type Definedness, type Problem, Problems, type Strictness } from "./problem.js";
import type { StackUse } from "./stack-use.js";

export interface ValidateOptions {
  /** `verifier` (default): what Linux loads. `rfc`: also unreachable code, division by 0, shifts beyond the width. */
  readonly strictness?: Strictness;
  /** Default: `proven`. */
  readonly definedness?: Definedness;
  /** Each slot is known to be right by itself: only what the registers hold is followed. Default: no. */
  readonly areSlotsKnown?: boolean;
  /** The helpers that exist, by id; by default those of `helpers.ts` and the tail call. */
  readonly helpers?: ReadonlySet<number>;
}

interface FunctionFacts {
  /** Index into `Program.code`. */
  readonly code: number;
  /** First slot, and one past the last. */
  readonly start: number;
  readonly end: number;
  /** Bytes, a multiple of 8; all 512 if any byte of the frame may be reached. */
  readonly stackDepth: number;
}

export interface Facts {
  /** By code, then by start. */
  readonly functions: readonly FunctionFacts[];
  /** Per code: the slots of loads whose base is the xdp context. */
  readonly contextLoads: readonly ReadonlySet<number>[];
}

/** The facts of one code, as the stage that lowers it takes them. */
export const factsOfCode = (
  facts: Facts,
  code: number,
): { readonly functions: readonly FunctionFacts[]; readonly contextLoads: ReadonlySet<number> } => ({
  functions: facts.functions.filter((f) => f.code === code),
  contextLoads: facts.contextLoads[code]!,
});

type Validity =
  | { readonly ok: true; readonly facts: Facts }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const MAX_SLOTS = 1_000_000;

const ALL_HELPERS: ReadonlySet<number> = new Set([...HELPERS.keys(), TAIL_CALL]);

/** Check `program`. Problems come by code and pass; a later pass is not run where an earlier one refused. */
export function validate(program: Program, options: ValidateOptions = {}): Validity {
  const problems = new Problems(options.strictness ?? "verifier", options.definedness ?? "proven");
  if (program.code.length === 0) problems.reportFor(0)(0, "empty", "no code");
  const shapes = mapList(program.code, (code, index) => shapeOf(program, code, options, problems, index));
  const flows = (leaked: boolean): readonly (Flow | undefined)[] =>
    mapList(shapes, (s) => s && new Flow(s.code, s.functions, s.order, program.context, leaked));
  // A pointer to the xdp context that one code puts into memory may come back in any other.
  const clean = flows(false);
  const leaked = clean.some((flow) => flow?.leaks === true);
  const functions: FunctionFacts[] = [];
  const contextLoads: ReadonlySet<number>[] = [];
  (leaked ? flows(true) : clean).forEach((flow, index) => {
    if (flow === undefined) return;
    const report = problems.reportFor(index);
    const checker = new Checker(flow, program, leaked, report);
    checkCombinedStack(flow.functions, shapes[index]!.order, checker.stack, program.privateStack === true, report);
    functions.push(...functionFacts(index, flow.functions, checker.stack));
    contextLoads.push(checker.contextLoads);
  });
  const { list } = problems;
  return list.length === 0 ? { ok: true, facts: { functions, contextLoads } } : { ok: false, problems: list };
}

interface Shape {
  readonly code: readonly Insn[];
  readonly functions: Functions;
  /** Function indexes, callers before callees. */
  readonly order: readonly number[];
}

/** What does not depend on the registers; undefined if something was refused that leaves no flow to follow. */
function shapeOf(
  program: Program,
  code: readonly Insn[],
  { helpers = ALL_HELPERS, areSlotsKnown = false }: ValidateOptions,
  problems: Problems,
  index: number,
): Shape | undefined {
  const report = problems.reportFor(index);
  const before = problems.count;
  if (code.length === 0) report(0, "empty", "no instructions, expected at least an exit");
  if (code.length > MAX_SLOTS) report(MAX_SLOTS, "tooLong", `${code.length} slots, expected at most ${MAX_SLOTS}`);
  if (problems.count > before) return undefined;
  const { maps, context, unknownCalls } = program;
  const around = { maps, context, unknownCalls, helpers };
  if (!areSlotsKnown) for (let pc = 0; pc < code.length; pc++) checkFields(code, pc, around, report);
  if (problems.count > before) return undefined;
  const functions = findFunctions(code, namedSlots(maps, index), report);
  if (problems.count > before) return undefined;
  const order = callOrder(functions, report);
  if (order === undefined) return undefined;
  checkDepth(functions, order, report);
  return { code, functions, order };
}

function functionFacts(code: number, { starts, ends }: Functions, stack: StackUse): readonly FunctionFacts[] {
  return mapList(starts, (start, f) => ({
    code,
    start,
    end: ends[f]!,
    stackDepth: stack.depth(f),
  }));
}
