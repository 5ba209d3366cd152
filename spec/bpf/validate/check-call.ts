// What the arguments of a call must be: written, of the sort that the helper wants, and inside the frame where they point
// to it (Linux: check_func_arg, check_stack_range_initialized).

import { ITERATOR_BYTES } from "../helpers/helper.js";
import { type HelperArg, TAIL_CALL } from "../helpers.js";
import type { CallTarget } from "../isa.js";
import { modelOf } from "../kernel-functions.js";
import { hasFields, isDataMap, type MapSpec, type Program, STACK_BYTES } from "../program.js";
import {
  CONSTANT,
  CONTEXT,
  FRAME,
  MAP,
  MAY_BE_CONTEXT,
  MAY_BE_FRAME,
  MAY_BE_NULL,
  OTHER,
  UNINITIALISED,
} from "./lattice.js";
import type { Report } from "./problem.js";
import type { Registers } from "./registers.js";
import type { StackUse } from "./stack-use.js";

/** Where checks are made: what is known there, and who is told. */
export interface Site {
  readonly program: Program;
  readonly registers: Registers;
  readonly stack: StackUse;
  readonly report: Report;
}

/** `r` is read at `pc`. */
export function checkRead({ registers, report }: Site, pc: number, r: number): void {
  if (registers.kind[r] !== UNINITIALISED) return;
  report(pc, "uninitialisedRegister", `r${r} is read, but not written on every path to here`);
  registers.set(r, OTHER, registers.taint(r)); // Once is enough.
}

export function checkLocalCall({ registers, stack }: Site): void {
  for (let r = 1; r <= 5; r++) {
    if ((registers.taint(r) & MAY_BE_FRAME) !== 0) stack.escape();
  }
}

/** A helper, or a kernel function. */
export function checkModelledCall(site: Site, pc: number, target: CallTarget, id: number): void {
  if (target === "helper" && id === TAIL_CALL) checkTailCall(site, pc);
  const sorts = modelOf(target, id)?.args ?? [];
  for (let n = 0; n < sorts.length; n++) checkArgument(site, pc, n + 1, sorts[n]!);
}

function checkTailCall(site: Site, pc: number): void {
  const { registers, stack, report } = site;
  stack.tailCall();
  for (let r = 1; r <= 3; r++) checkRead(site, pc, r);
  if (registers.kind[1] === FRAME || registers.kind[1] === MAP || registers.isScalar(1)) {
    report(pc, "badArgument", "r1 of a tail call is not the context");
  }
  checkMap(site, pc, 2, (map) => map.kind === "progArray");
}

function checkArgument(site: Site, pc: number, r: number, sort: HelperArg): void {
  checkRead(site, pc, r);
  if (typeof sort !== "string") checkMap(site, pc, r, (map) => sort.mapOf.includes(map.kind));
  else if (sort === "mapPointer") checkMap(site, pc, r, isDataMap);
  else if (sort === "iterator") checkIterator(site, pc, r);
  else if (sort === "address") checkAddress(site, pc, r);
  else if (sort === "context") checkContext(site, pc, r);
  else if (sort === "contextOrNull") {
    const { kind, value } = site.registers;
    if (kind[r] !== CONSTANT || value[r] !== 0) checkContext(site, pc, r);
  } else if (sort !== "scalar" && sort !== "size" && sort !== "record") checkBuffer(site, pc, r, sort);
}

/** It lies in a frame, and the function writes it. */
function checkIterator({ registers, stack, report }: Site, pc: number, r: number): void {
  if (registers.kind[r] === FRAME) stack.use(pc, registers.value[r]!, ITERATOR_BYTES, report);
  else if ((registers.taint(r) & MAY_BE_FRAME) !== 0) stack.escape();
  registers.forgetSpills();
}

/** Whatever lies in the frame from there on may be read. */
function checkAddress({ registers, stack, report }: Site, pc: number, r: number): void {
  if (registers.kind[r] === FRAME) stack.use(pc, registers.value[r]!, 1, report);
  else if ((registers.taint(r) & MAY_BE_FRAME) !== 0) stack.escape();
}

export function checkContext({ registers, report }: Site, pc: number, r: number): void {
  const isOne = registers.kind[r] === CONTEXT && registers.value[r] === 0;
  if (!isOne && registers.kind[r] !== OTHER) report(pc, "badArgument", `r${r} is not the context`);
}

/** A pointer that went through memory is taken on trust; Linux knows what it is. */
function checkMap({ program, registers, report }: Site, pc: number, r: number, fits: (map: MapSpec) => boolean): void {
  if (registers.kind[r] === OTHER && registers.taint(r) === 0) return;
  const map = registers.kind[r] === MAP ? program.maps[registers.value[r]!] : undefined;
  if (map === undefined || !fits(map)) report(pc, "badArgument", `r${r} is not a map of the sort that is wanted here`);
}

type BufferSort = "keyPointer" | "valuePointer" | "bytes" | "bytesOrNull" | "room" | "both";

/** A key or a value of the map in r1, or as many bytes as the next register says. */
function checkBuffer(site: Site, pc: number, r: number, sort: BufferSort): void {
  const { program, registers, stack, report } = site;
  const kind = registers.kind[r]!;
  const taint = registers.taint(r);
  const map = registers.kind[1] === MAP ? program.maps[registers.value[1]!] : undefined;
  if (sort === "bytesOrNull" && kind === CONSTANT && registers.value[r] === 0) return;
  const bytes = sort === "keyPointer" || sort === "valuePointer" ? bufferBytes(map, sort) : sizeIn(registers, r + 1);
  if (kind === FRAME) {
    stack.use(pc, registers.value[r]!, bytes, report);
    if (sort === "room" || sort === "both") registers.forgetSpills();
  } else if ((taint & MAY_BE_FRAME) !== 0) stack.escape();
  if ((taint & MAY_BE_CONTEXT) !== 0 && hasFields(program.context)) {
    report(pc, "contextAccess", `r${r} may point to the ${program.context} context, which helpers must not read`);
  }
  if ((taint & MAY_BE_NULL) !== 0) report(pc, "nullPointer", `r${r} may be 0, expected a pointer to bytes`);
  if (kind === MAP || registers.isScalar(r)) {
    report(pc, "badArgument", `r${r} is ${kind === MAP ? "a map" : "a number"}, expected a pointer to bytes`);
  }
}

/** At least one, if the size is not known. */
const sizeIn = ({ kind, value }: Registers, r: number): number =>
  kind[r] === CONSTANT ? Math.max(1, Math.min(value[r]!, STACK_BYTES + 1)) : 1;

/** At least one, if the map is not known. */
function bufferBytes(map: MapSpec | undefined, sort: "keyPointer" | "valuePointer"): number {
  if (map?.kind === "mapOfMaps") return sort === "keyPointer" ? map.keyBytes : 1;
  if (!isDataMap(map)) return 1;
  return sort === "keyPointer" ? map.keyBytes : map.valueBytes;
}
