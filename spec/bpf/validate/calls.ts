// The call graph of one piece of code: an order in which callers come before callees, how deep the frames get, and
// whether the frames of a chain fit into the one stack that Linux gives them (Linux: check_max_stack_depth).

import { times } from "../../lists.js";
import { isPrivateDepth, MAX_CALL_DEPTH, STACK_BYTES } from "../program.js";
import type { Call, Functions } from "./functions.js";
import type { Report } from "./problem.js";
import type { StackUse } from "./stack-use.js";

/** With tail calls in a callee, the frames above it may take no more than this (Linux: check_max_stack_depth). */
const ABOVE_TAIL_CALL_BYTES = 256;

/**
 * Function indexes, callers before callees.
 * @returns undefined, and reports, if a function can reach itself.
 */
export function callOrder({ starts, calls }: Functions, report: Report): readonly number[] | undefined {
  if (calls.length === 0) return MAIN_ALONE;
  const callsFrom = groupByCaller(starts.length, calls);
  const state = new Uint8Array(starts.length); // 0 new, 1 on the path, 2 done
  const finished: number[] = [];
  let recursive = false;
  const visit = (f: number): void => {
    state[f] = 1;
    for (const { pc, to } of callsFrom[f]!) {
      if (state[to] === 0) visit(to);
      else if (state[to] === 1) {
        recursive = true;
        report(pc, "callDepth", `call of slot ${starts[to]}, which leads back here`);
      }
    }
    state[f] = 2;
    finished.push(f);
  };
  for (let f = 0; f < starts.length; f++) if (state[f] === 0) visit(f);
  return recursive ? undefined : finished.reverse();
}

/** Every other function begins where a call leads. */
const MAIN_ALONE: readonly number[] = [0];

/** Report chains of more than eight frames. */
export function checkDepth({ starts, calls }: Functions, order: readonly number[], report: Report): void {
  if (calls.length === 0) return;
  const callsFrom = groupByCaller(starts.length, calls);
  const frames = new Int32Array(starts.length).fill(1);
  for (const f of order) {
    for (const { pc, to } of callsFrom[f]!) {
      frames[to] = Math.max(frames[to]!, frames[f]! + 1);
      if (frames[f] === MAX_CALL_DEPTH) {
        report(pc, "callDepth", `call in frame ${MAX_CALL_DEPTH}, expected at most that many frames`);
      }
    }
  }
}

/** Report chains whose frames together are too large: without those that lie in memory of their own. */
export function checkCombinedStack(
  { starts, calls }: Functions,
  order: readonly number[],
  { deepest, tailCalls }: StackUse,
  mayBePrivate: boolean,
  report: Report,
): void {
  const isPrivate = mayBePrivate && !tailCalls.includes(1);
  const callsFrom = groupByCaller(starts.length, calls);
  const above = new Int32Array(starts.length);
  for (const f of order) {
    const own = Math.ceil(deepest[f]! / 16) * 16;
    const total = above[f]! + (isPrivate && isPrivateDepth(own) ? 0 : own);
    const found = (what: string): void =>
      report(starts[f]!, "combinedStack", `${what} bytes of stack in a chain of calls`);
    if (total > STACK_BYTES) found(`${total}, expected at most ${STACK_BYTES},`);
    if (f !== 0 && tailCalls[f] === 1 && above[f]! >= ABOVE_TAIL_CALL_BYTES) {
      found(`${above[f]}, expected less than ${ABOVE_TAIL_CALL_BYTES} above a tail call,`);
    }
    for (const { to } of callsFrom[f]!) above[to] = Math.max(above[to]!, total);
  }
}

function groupByCaller(functions: number, calls: readonly Call[]): readonly (readonly Call[])[] {
  const groups: Call[][] = times(functions, () => []);
  for (const call of calls) groups[call.from]!.push(call);
  return groups;
}
