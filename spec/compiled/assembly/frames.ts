// What enters and leaves functions: local calls, exits and tail calls, each with its stack.

import {
  BUDGET, CALLEE_STACKS_END, CODE_ADDRESSES, CODE, CODE_BYTES, CODE_FRAME, CODE_FRAME_BYTES, CODE_MARKS, CODE_PLACE, CODE_SLOTS,CODES, 
  CONTEXT, COUNTS_EMPTY_SLOTS, FAULTED, FORGETS_RETURNED, FRAME_BYTES, FRAME_CODE, FRAME_COUNTED, FRAME_LEFT, FRAME_PC, FRAMES, HIDES_ARGUMENTS, MAIN_STACK, MAP_ENTRIES, MAP_SORT, MAP_STATE, MOST_FRAME_BYTES, PROG_ARRAY,REGION_BASE, REGION_BYTES, REGION_PLACE, REGION_SIZE, REGION_WRITTEN, 
  REGIONS, REGISTERS, RETURNED, SLOT_ADDRESSES,
} from "../layout";
import { mapAt } from "./maps";
import { BAD } from "./memory";
import { forgetArguments, passArguments } from "./stack-arguments";

const POISON: u64 = 0xbad0_c0de_bad0_c0de;
const STACK_BYTES: u32 = 512;
const DEEPEST: u32 = 7;
const MOST_TAIL_CALLS: u32 = 33;
const ARGUMENTS: usize = 5;
/** r6..r10. */
const SAVED: usize = REGISTERS + 48;
const SAVED_BYTES: usize = 40;
const FP: usize = REGISTERS + 80;

/** Of the code that runs: its slots, how many, and what they did. */
export let slots: usize;
export let length: u32;
export let marks: usize;
/** Where to go on after a call or exit. */
export let next: u32;
/** What is left of the budget of `may_goto` in the function that runs. */
let left: u32;
let depth: u32;
/** Tail calls that count toward the limit. */
let counted: u32;

export function goTo(pc: u32): void {
  next = pc;
}

export function start(): void {
  depth = 0;
  counted = 0;
  const code: usize = CODES;
  store<u64>(FP, load<u64>(code, CODE_FRAME) + <u64>load<u32>(code, CODE_FRAME_BYTES));
  enter(0);
}

function turnTo(code: u32): void {
  const entry = <usize>CODES + <usize>code * CODE_BYTES;
  store<u32>(CODE, code);
  slots = <usize>load<u32>(entry, CODE_PLACE);
  length = load<u32>(entry, CODE_SLOTS);
  marks = <usize>load<u32>(entry, CODE_MARKS);
}

function enter(code: u32): void {
  turnTo(code);
  memory.fill(REGISTERS, 0, 80);
  if (load<u32>(HIDES_ARGUMENTS) != 0) poisonArguments();
  store<u64>(REGISTERS + 8, load<u64>(CONTEXT));
  forgetArguments();
  left = load<u32>(BUDGET);
  next = 0;
}

/** Whether a `may_goto` jumps. */
export function isSpent(): bool {
  if (left == 0) return true;
  left--;
  return false;
}

/** The slot of the code that runs which an address of an instruction array stands for, or its length for none. */
export function slotAt(address: u64): u32 {
  const first = (<u64>0xffff << 48) + SLOT_ADDRESSES + <u64>load<u32>(CODE) * CODE_ADDRESSES;
  const at = address - first;
  return (at & 7) == 0 ? <u32>min(at >> 3, <u64>length) : length;
}

export function poisonArguments(): void {
  for (let i: usize = 1; i <= ARGUMENTS; i++) store<u64>(i << 3, POISON, REGISTERS);
  forgetArguments();
}

// @ts-ignore: decorator
@inline
function stackAt(at: u32): usize {
  return <usize>REGIONS + (<usize>MAIN_STACK + <usize>at) * REGION_BYTES;
}

/** A stack for the call at this depth, of which nothing has been written, with r10 at its top. */
function freshStack(at: u32): void {
  const region = stackAt(at);
  const low = load<u64>(CALLEE_STACKS_END) - <u64>(at * STACK_BYTES);
  store<u64>(region, low, REGION_BASE);
  store<u32>(region, STACK_BYTES, REGION_SIZE);
  memory.fill(<usize>load<u32>(region, REGION_WRITTEN), 0, STACK_BYTES);
  store<u64>(FP, low + STACK_BYTES);
}

/** The call at `pc` of the function at `target`. @returns 0, or what ends the run */
export function callLocal(pc: u32, target: u32): u32 {
  if (depth >= DEEPEST) return FAULTED;
  const frame = <usize>FRAMES + <usize>depth * FRAME_BYTES;
  memory.copy(frame, SAVED, SAVED_BYTES);
  store<u32>(frame, load<u32>(CODE), FRAME_CODE);
  store<u32>(frame, pc + 1, FRAME_PC);
  store<u32>(frame, left, FRAME_LEFT);
  store<u32>(frame, counted, FRAME_COUNTED);
  left = load<u32>(BUDGET);
  depth++;
  freshStack(depth);
  passArguments();
  next = target;
  return 0;
}

/** @returns 0, or what ends the run */
export function exit(): u32 {
  if (depth == 0) return RETURNED;
  store<u32>(stackAt(depth), 0, REGION_SIZE);
  depth--;
  const frame = <usize>FRAMES + <usize>depth * FRAME_BYTES;
  turnTo(load<u32>(frame, FRAME_CODE));
  memory.copy(SAVED, frame, SAVED_BYTES);
  poisonArguments();
  left = load<u32>(frame, FRAME_LEFT);
  if (load<u32>(FORGETS_RETURNED) != 0) counted = load<u32>(frame, FRAME_COUNTED);
  next = load<u32>(frame, FRAME_PC);
  return 0;
}

/** @returns 0, or what ends the run */
export function tailCall(pc: u32): u32 {
  if (load<u64>(REGISTERS + 8) != load<u64>(CONTEXT)) return FAULTED;
  const map = mapAt(load<u64>(REGISTERS + 16));
  if (map == BAD || load<u32>(map, MAP_SORT) != PROG_ARRAY) return FAULTED;
  const slot = load<u32>(REGISTERS + 24);
  const isThere = slot < load<u32>(map, MAP_ENTRIES);
  const target = isThere ? load<i32>(<usize>load<u32>(map, MAP_STATE) + (<usize>slot << 2)) : -1;
  const mayCount = isThere && counted < MOST_TAIL_CALLS;
  if (mayCount && target < 0 && load<u32>(COUNTS_EMPTY_SLOTS) != 0) counted++;
  if (target < 0 || !mayCount) {
    poisonArguments();
    next = pc + 1;
    return 0;
  }
  counted++;
  if (depth > 0) freshStack(depth);
  else replaceMainStack(<u32>target);
  enter(<u32>target);
  return 0;
}

/** The frame that is left is gone; of the one that is entered nothing has been written. */
function replaceMainStack(code: u32): void {
  const entry = <usize>CODES + <usize>code * CODE_BYTES;
  const bytes = load<u32>(entry, CODE_FRAME_BYTES);
  const base = load<u64>(entry, CODE_FRAME);
  const region = stackAt(0);
  const place = <usize>load<u32>(region, REGION_PLACE);
  store<u64>(region, base, REGION_BASE);
  store<u32>(region, bytes, REGION_SIZE);
  // The bytes of the marks lie behind those of the largest frame.
  store<u32>(region, <u32>place + MOST_FRAME_BYTES, REGION_WRITTEN);
  memory.fill(place, 0, 2 * MOST_FRAME_BYTES);
  store<u64>(FP, base + <u64>bytes);
}
