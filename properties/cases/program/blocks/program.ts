// One program of a case: how many local functions it has and who must call whom, each function made after those that it
// may call, and all of them put together with the distances of their calls.

import type { Insn } from "../../../../spec/bpf/insn.js";
import { MOST_STACK_ARGUMENTS } from "../../../../spec/bpf/isa.js";
import { hasFields, ofOneShape } from "../../../../spec/bpf/program.js";
import type { Facts } from "../../../../spec/bpf/validate/validate.js";
import { mapList, times } from "../../../../spec/lists.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import type { Body, Plan } from "./body.js";
import { type FunctionPlan, makeFunction } from "./function.js";
import type { Callee, Parameter, Signature } from "./plan.js";

const MAIN: Signature = { parameters: [], stackArguments: 0, main: true };
const MAX_FUNCTIONS = 3;
/** Instructions that a function executes apart from the calls that it owes. */
const COST_LIMIT = 1500;
/** The same where 34 programs may follow each other. */
const COST_LIMIT_TAIL_CALLS = 200;

export interface Size {
  readonly slots: number;
  readonly longJump: number;
}

/** A program, and what a validation finds out about it. */
interface Made {
  readonly code: readonly Insn[];
  /** Undefined: only a validation tells. */
  readonly functions: Facts["functions"] | undefined;
  readonly contextLoads: Facts["contextLoads"][number];
}

/** Make a program of about that size. `plan.callees` is overwritten. */
export function makeProgram(draw: Draw, plan: Plan, index: number, size: Size): Made {
  const mayHaveFunctions = plan.features.calls && (index === 0 || !plan.tailCallsFromFunctions);
  const functions = mayHaveFunctions ? draw.between(1, Math.min(MAX_FUNCTIONS, 1 + Math.floor(size.slots / 12))) : 0;
  const signatures: Signature[] = [];
  const owes = times(functions + 1, (): number[] => []);
  // Function i is owed a call by an earlier one; function -1 is main, kept last in `owes`.
  for (let i = 0; i < functions; i++) {
    const caller = draw.chance(50) ? functions : draw.below(i + 1) - 1;
    const index = caller < 0 ? functions : caller;
    owes[index]!.push(i);
    signatures.push(makeSignature(draw, plan, index === functions || hasContext(signatures[index]!)));
  }
  plan.callees = times(functions, () => undefined);
  const bodies: Body[] = [];
  for (let i = functions - 1; i >= 0; i--) {
    const slots = draw.between(2, Math.max(4, Math.min(20, size.slots)));
    const body = makeFunction(
      draw,
      plan,
      functionPlan(draw, plan, signatures[i]!, owes[i]!, { slots, longJump: 0 }, true),
    );
    bodies[i] = body;
    plan.callees[i] = { signature: signatures[i]!, cost: body.cost };
  }
  const main = makeFunction(draw, plan, functionPlan(draw, plan, MAIN, owes[functions]!, size, functions > 0));
  const all = [main, ...bodies];
  const starts = startsOf(all);
  nameTables(plan, index, all, starts);
  return {
    code: join(all, starts),
    functions: functionsOf(index, all, starts),
    contextLoads: contextLoadsOf(plan, all, starts),
  };
}

function functionsOf(code: number, all: readonly Body[], starts: readonly number[]): Made["functions"] {
  const functions: Facts["functions"][number][] = [];
  for (let i = 0; i < all.length; i++) {
    const { stackDepth } = all[i]!.uses;
    if (stackDepth === undefined) return undefined;
    functions.push({ code, start: starts[i]!, end: starts[i]! + all[i]!.here, stackDepth });
  }
  return functions;
}

const NOWHERE: ReadonlySet<number> = new Set();

function contextLoadsOf({ kind }: Plan, all: readonly Body[], starts: readonly number[]): Made["contextLoads"] {
  if (!hasFields(kind)) return NOWHERE;
  const slots = new Set<number>();
  for (const [i, { uses }] of all.entries()) for (const pc of uses.fieldAccesses) slots.add(starts[i]! + pc);
  return slots;
}

/** By function, its first slot. */
function startsOf(all: readonly Body[]): readonly number[] {
  let next = 0;
  return mapList(all, ({ here }) => {
    next += here;
    return next - here;
  });
}

/** Each table of the functions becomes a map. */
function nameTables({ maps, tables }: Plan, code: number, all: readonly Body[], starts: readonly number[]): void {
  for (const [i, body] of all.entries()) {
    for (const { lddw, slots } of body.tables) {
      body.slots[lddw]!.imm = maps.length + tables.length;
      const named = slots.map((slot) => starts[i]! + slot);
      tables.push(ofOneShape({ kind: "insnArray", entries: slots.length, code, slots: named }));
    }
  }
}

const hasContext = ({ main, parameters }: Signature): boolean =>
  main || parameters.some(({ kind }) => kind === "context");

/** At most one parameter is the context, and none if the function that must call this one has no context to give. */
function makeSignature(draw: Draw, plan: Plan, callerHasContext: boolean): Signature {
  const parameters = times(draw.below(5), (): Parameter => {
    const how = draw.below(10);
    if (how < 4) return { kind: "scalar" };
    if (how < 6) return { kind: "count" };
    if (how < 8) return { kind: "memory", bytes: 8 * draw.between(1, 2) };
    return { kind: plan.tailCallsFromFunctions || draw.chance(50) ? "context" : "scalar" };
  });
  const contexts = parameters.filter(({ kind }) => kind === "context").length;
  const stackArguments = plan.rows.has("ldx argument") && draw.chance(15) ? draw.between(1, MOST_STACK_ARGUMENTS) : 0;
  const isTooMany = contexts > (callerHasContext ? 1 : 0);
  const kept = isTooMany ? parameters.filter(({ kind }) => kind !== "context") : parameters;
  return { main: false, parameters: kept, stackArguments };
}

/** Frames of a chain of calls share 512 bytes, those above a tail call in a callee less than 256. */
const MAIN_FRAMES = [0, 1, 4, 8, 12, 16, 24, 32, 40, 64, 96, 128, 256, 496] as const;
const MAIN_FRAMES_WITH_CALLS = [0, 8, 16, 24, 32, 64, 96] as const;
/** They must be cleared. */
const MAIN_FRAMES_WITH_TAIL_CALLS = [0, 0, 8, 16, 24, 40] as const;
const CALLEE_FRAMES = [0, 0, 8, 8, 16, 24, 32] as const;
/** So that keys, values and arguments in memory have room. */
const ENOUGH = 16;

function functionPlan(
  draw: Draw,
  plan: Plan,
  signature: Signature,
  owes: readonly number[],
  { slots, longJump }: Size,
  calls: boolean,
): FunctionPlan {
  const { features, progArrays } = plan;
  const owed = mapList(owes, (i) => (plan.callees[i] as Callee).signature.parameters);
  const needsRoom = owed.some((parameters) => parameters.some(({ kind }) => kind === "memory"));
  const wantsRoom = features.maps || (features.memory && draw.chance(50));
  const tailCalls = progArrays.length > 0;
  const mainFrames = tailCalls ? MAIN_FRAMES_WITH_TAIL_CALLS : calls ? MAIN_FRAMES_WITH_CALLS : MAIN_FRAMES;
  const drawn = signature.main ? draw.pick<number>(mainFrames) : draw.pick(CALLEE_FRAMES);
  const spills = features.pointers ? draw.below(3) : 0;
  return {
    signature,
    frameBytes: inFrame(plan, signature, drawn < ENOUGH && (needsRoom || wantsRoom) ? ENOUGH : drawn, spills),
    spills,
    clear: !signature.main || tailCalls || !plan.zeroedFrame,
    keepContext:
      hasContext(signature) &&
      (owed.some((parameters) => parameters.some(({ kind }) => kind === "context")) ||
        ((tailCalls || features.kernel || plan.kind === "skb") && draw.chance(80))),
    owes,
    slots,
    costLimit: tailCalls ? COST_LIMIT_TAIL_CALLS : COST_LIMIT,
    longJump,
    tailCall: tailCalls && signature.main && draw.chance(60),
  };
}

/** Bytes of data that the subject has room for beside what is spilled; whole words where only those can be stored or followed. */
function inFrame(plan: Plan, { main }: Signature, bytes: number, spills: number): number {
  const most = Math.max(0, (main ? plan.stackBytes : plan.calleeStackBytes) - 8 * spills);
  const fitting = Math.min(bytes, most);
  return plan.rows.stores.length === SIZES && plan.zeroedFrame ? fitting : Math.ceil(fitting / 8) * 8;
}
/** Sizes of stores. */
const SIZES = 4;

/** The main function, then the others, with every local call aimed. */
function join(all: readonly Body[], starts: readonly number[]): readonly Insn[] {
  const [main, ...functions] = all;
  if (functions.length === 0) return main!.slots;
  all.forEach((body, i) => {
    for (const { pc, callee } of body.callSites) body.slots[pc]!.imm = starts[callee + 1]! - (starts[i]! + pc) - 1;
  });
  return main!.slots.concat(...functions.map((body) => body.slots));
}
