// What the Linux verifier makes of a program that it has accepted, before its JIT sees it: one instruction array for each
// function, addresses in place of map indexes and helper ids, tail calls as an instruction of their own, and the fields of
// the xdp context as the pointers that they stand for (Linux: jit_subprogs, do_misc_fixups, convert_ctx_accesses).
// Left out: what the verifier does for speed (inlined map lookups, removal of branches that are never taken), and `w0 = w0`
// after a 32-bit cmpxchg whose result is read as 64 bits, which changes nothing on arm64.

import { halves, type Va } from "../../machine/address.js";
import {
  branchTarget,
  type Insn,
  insn,
  isMayGoto,
  isStackArgument,
  stackArgumentsStored,
  withFields,
} from "../../spec/bpf/insn.js";
import { type AluRow, rowById } from "../../spec/bpf/isa.js";
import { mapList } from "../../spec/lists.js";
import { shortInts } from "../../spec/slab.js";
import { guardDivision, isDivision } from "./division.js";
import { countDown, counterBelow, startBudget } from "./may-goto.js";
import { isSeveral, joinPatches, type Patch } from "./patches.js";
import { madeOf, type RewrittenFunction, variantOf } from "./rewritten.js";

/** What the verifier found out about one code. */
export interface CodeFacts {
  /** By start; together they cover the code. Offsets in slots, `end` exclusive; depth in bytes. */
  readonly functions: readonly { readonly start: number; readonly end: number; readonly stackDepth: number }[];
  /** Slots of loads and stores that are to fields of the context. */
  readonly contextLoads: ReadonlySet<number>;
}

export interface VerifierEnv {
  /** The address of the map object, and of its first value. */
  mapObject(index: number): Va;
  mapValues(index: number): Va;
  /** The helper's address minus the base of all calls, as a signed 32-bit number; undefined for an unknown helper. */
  helperOffset(id: number): number | undefined;
  /** The same of the function that a load of so many bytes of the packet calls. Default: there are none. */
  legacyLoadOffset?(size: number): number | undefined;
  /** The same of a kernel function. Default: there are none. */
  kfuncOffset?(id: number): number | undefined;
  /** Where a field of the context is that an access of so many bytes is to; undefined for none. */
  contextField?(offset: number, size: number, how: "load" | "store"): FieldPlace | undefined;
  /** Helpers that the JIT inlines, whose calls therefore keep the id. Default: none. */
  readonly inlineHelpers?: ReadonlySet<number>;
  /** What `may_goto` may fall through in each call of a function. */
  readonly loops: number;
  /** Guard divisions as Linux does. Default: no. */
  readonly rewriteDivision?: boolean;
  /** The register that they go through. Default: R11. */
  readonly scratch?: number;
}

/** Where the kernel keeps a field, and which part of it is wanted. Numbers are bytes. */
export interface FieldPlace {
  /** Places of the pointers on the way. */
  readonly via: readonly number[];
  readonly at: number;
  readonly width: 1 | 2 | 4 | 8;
  /** A part of the field, of `size` bytes that begin there; undefined for all of it. */
  readonly part?: { readonly low: number; readonly size: number; readonly fieldBytes: number };
}

const AX = 11;
const LDDW = rowById("lddw imm64");
const LDDW_HIGH = rowById("lddw high");
const LDXDW = rowById("ldxdw");
const HELPER = rowById("call helper");
const LOADS = { 1: rowById("ldxb"), 2: rowById("ldxh"), 4: rowById("ldxw"), 8: LDXDW } as const;
const STORES = { 1: rowById("stxb"), 2: rowById("stxh"), 4: rowById("stxw"), 8: rowById("stxdw") } as const;
const STORE_IMMS = { 1: rowById("stb"), 2: rowById("sth"), 4: rowById("stw"), 8: rowById("stdw") } as const;
/** Accesses whose base is R11. */
const WITH_BASE = { load: LDXDW, store: STORES[8], storeImm: STORE_IMMS[8] } as const;
const NARROW = {
  32: { shift: rowById("rsh32 imm"), mask: rowById("and32 imm") },
  64: { shift: rowById("rsh imm"), mask: rowById("and imm") },
} as const;
const TAIL_CALL = insn(rowById("tail call"));
const MOV = rowById("mov reg");
const MOV_IMM = rowById("mov imm");
const ADD = rowById("add imm");
const JSGE = rowById("jsge imm");
const XOR32 = rowById("xor32 reg");
const EXIT = insn(rowById("exit"));
const HELPER_TAIL_CALL = 12;

/**
 * Rewrite one valid code. Shifts by constants beyond the width, which Linux refuses, are taken modulo the width, which is
 * what RFC 9669 says of them.
 *
 * @throws RangeError if the code is not valid for `env`, or if a guarded division moves a jump target beyond 16 bits:
 * a program to refuse before this.
 */
export function rewrite(
  code: readonly Insn[],
  facts: CodeFacts,
  env: VerifierEnv,
): { readonly functions: readonly RewrittenFunction[] } {
  const indexOf = new Map(facts.functions.map(({ start }, index) => [start, index]));
  const hasStackArguments = code.some((one) => isStackArgument(one));
  const isGuarded = env.rewriteDivision === true && code.some(isDivision);
  const isOneForOne = !isGuarded && facts.contextLoads.size === 0 && !code.some(isExpanded);
  return {
    functions: mapList(facts.functions, (fn, index) => {
      const rewriteAt = (pc: number): Patch => rewriteSlot(code, pc, facts.contextLoads, indexOf, env);
      const rewritten = isOneForOne
        ? rewriteOneForOne(code, fn, index, indexOf, env)
        : rewriteFunction(fn, index, rewriteAt, env);
      if (!hasStackArguments) return rewritten;
      return variantOf(rewritten, { stackArguments: stackArgumentsStored(code.slice(fn.start, fn.end)) });
    }),
  };
}

/** Always takes several slots. */
const isExpanded = ({ row }: Insn): boolean => row.kind === "mayGoto" || row.kind === "legacyLoad";

/** Where each slot stays one slot, which is nearly everywhere. */
function rewriteOneForOne(
  code: readonly Insn[],
  { start, end, stackDepth }: CodeFacts["functions"][number],
  index: number,
  indexOf: ReadonlyMap<number, number>,
  env: VerifierEnv,
): RewrittenFunction {
  const insns: Insn[] = [];
  const origin = shortInts(end - start);
  for (let pc = start; pc < end; pc++) {
    origin[pc - start] = pc;
    insns.push(rewriteAlone(code, pc, indexOf, env));
  }
  return madeOf(index, insns, origin, stackDepth, undefined);
}

function rewriteFunction(
  { start, end, stackDepth }: CodeFacts["functions"][number],
  index: number,
  rewriteAt: (pc: number) => Patch,
  env: VerifierEnv,
): RewrittenFunction {
  const { rewriteDivision = false, scratch = AX } = env;
  const patches: Patch[] = [];
  const counter = counterBelow(stackDepth);
  let counts = false;
  for (let pc = start; pc < end; pc++) {
    const patch = rewriteAt(pc);
    if (isSeveral(patch)) patches.push(patch);
    else if (isMayGoto(patch)) {
      counts = true;
      patches.push(countDown(patch, counter, scratch));
    } else patches.push((rewriteDivision ? guardDivision(patch, scratch) : undefined) ?? patch);
  }
  const joined = joinPatches(patches);
  if (!joined.ok) {
    const { slot, distance } = joined;
    throw new RangeError(`slot ${start + slot} would have to jump by ${distance}, which does not fit into 16 bits`);
  }
  const { insns, origin } = joined;
  for (let i = 0; i < origin.length; i++) origin[i]! += start;
  if (!counts) return madeOf(index, insns, origin, stackDepth, undefined);
  // In front of the first instruction, so that a jump back to that one leaves the budget as it is.
  const counting = [startBudget(counter, env.loops), ...insns];
  const origins = shortInts(counting.length);
  origins[0] = start;
  origins.set(origin, 1);
  return madeOf(index, counting, origins, -counter, counter);
}

function rewriteSlot(
  code: readonly Insn[],
  pc: number,
  contextLoads: ReadonlySet<number>,
  indexOf: ReadonlyMap<number, number>,
  env: VerifierEnv,
): Patch {
  const slot = code[pc]!;
  const { kind } = slot.row;
  if ((kind === "load" || kind === "store" || kind === "storeImm") && contextLoads.has(pc)) {
    return rewriteField(slot, pc, env);
  }
  if (kind === "legacyLoad") return rewriteLegacyLoad(slot, slot.row.size, pc, env);
  return rewriteAlone(code, pc, indexOf, env);
}

const CONTEXT = 6;

/** A call, and the end of the function where it gives an error (Linux: bpf_gen_ld_abs). */
function rewriteLegacyLoad({ row, src, imm }: Insn, size: number, pc: number, env: VerifierEnv): readonly Insn[] {
  const offset = env.legacyLoadOffset?.(size);
  if (offset === undefined) throw new RangeError(`slot ${pc} loads from the packet, for which there is no function`);
  const moved = imm === 0 ? [] : [insn(ADD, { dst: 2, imm })];
  return [
    ...(row.src === "none" ? [insn(MOV_IMM, { dst: 2, imm })] : [insn(MOV, { dst: 2, src }), ...moved]),
    insn(MOV, { dst: 1, src: CONTEXT }),
    insn(HELPER, { imm: offset }),
    insn(JSGE, { dst: 0, off: 2 }),
    insn(XOR32, { dst: 0, src: 0 }),
    EXIT,
  ];
}

/** What the kernel does instead of an access to a field (Linux: convert_ctx_accesses). */
function rewriteField(slot: Insn, pc: number, env: VerifierEnv): readonly Insn[] {
  const { row, dst, src, off, imm } = slot;
  if (row.kind !== "load" && row.kind !== "store" && row.kind !== "storeImm") return [slot];
  const field = env.contextField?.(off, row.size, row.kind === "load" ? "load" : "store");
  if (field === undefined) throw new RangeError(`slot ${pc} accesses the context at ${off}`);
  const { via, at, width, part } = field;
  if (row.kind === "store") return [insn(STORES[width], { dst, src, off: at })];
  if (row.kind === "storeImm") return [insn(STORE_IMMS[width], { dst, off: at, imm })];
  const pointers = mapList(via, (place, i) => insn(LDXDW, { dst, src: i === 0 ? src : dst, off: place }));
  const loaded = insn(LOADS[width], { dst, src: via.length === 0 ? src : dst, off: at });
  if (part === undefined) return [...pointers, loaded];
  const { shift, mask } = NARROW[part.fieldBytes > 4 ? 64 : 32];
  const shifted = part.low === 0 ? [] : [insn(shift, { dst, imm: 8 * part.low })];
  // A mask of 32 bits would be sign-extended: what is left of the word is moved instead.
  const cut =
    part.size === 4
      ? insn(rowById("mov32 reg"), { dst, src: dst })
      : insn(mask, { dst, imm: 2 ** (8 * part.size) - 1 });
  return [...pointers, loaded, ...shifted, cut];
}

function rewriteAlone(code: readonly Insn[], pc: number, indexOf: ReadonlyMap<number, number>, env: VerifierEnv): Insn {
  const slot = code[pc]!;
  switch (slot.row.kind) {
    case "alu":
      return rewriteShift(slot, slot.row);
    case "lddw":
      return slot.row === LDDW ? slot : withFields(slot, { row: LDDW, src: 0, imm: addressOf(code, pc, env).low | 0 });
    case "lddwHigh":
      return code[pc - 1]!.row === LDDW ? slot : insn(LDDW_HIGH, { imm: addressOf(code, pc - 1, env).high | 0 });
    case "call":
      return rewriteCall(slot, pc, indexOf, env);
    case "stackArgument":
      return withFields(slot, { row: WITH_BASE[slot.row.op] });
    default:
      return slot;
  }
}

function rewriteShift(slot: Insn, { imm, width }: AluRow): Insn {
  const inRange = imm !== "shift" || (slot.imm >= 0 && slot.imm < width);
  return inRange ? slot : withFields(slot, { imm: slot.imm & (width - 1) });
}

/** The pointer that the `lddw` of a map at `pc` stands for. */
function addressOf(code: readonly Insn[], pc: number, env: VerifierEnv): ReturnType<typeof halves> {
  const { row, imm } = code[pc]!;
  const source = row.kind === "lddw" ? row.source : row.id;
  switch (source) {
    case "mapFd":
    case "mapIndex":
      return halves(env.mapObject(imm));
    case "mapFdValue":
    case "mapIndexValue":
      return halves(env.mapValues(imm) + code[pc + 1]!.imm);
    default:
      throw new RangeError(`slot ${pc} is ${row.id}, expected a load of a map`);
  }
}

function rewriteCall(slot: Insn, pc: number, indexOf: ReadonlyMap<number, number>, env: VerifierEnv): Insn {
  if (slot.row.kind === "call" && slot.row.target === "local") {
    const target = branchTarget(slot, pc)!;
    const off = indexOf.get(target);
    if (off === undefined) throw new RangeError(`slot ${pc} calls slot ${target}, where no function starts`);
    return withFields(slot, { off });
  }
  if (slot.row.kind === "call" && slot.row.target === "kfunc") {
    const imm = env.kfuncOffset?.(slot.imm);
    if (imm === undefined) throw new RangeError(`slot ${pc} calls kfunc ${slot.imm}, which has no address`);
    return insn(HELPER, { imm });
  }
  if (slot.imm === HELPER_TAIL_CALL) return TAIL_CALL;
  if (env.inlineHelpers?.has(slot.imm) === true) return slot;
  const imm = env.helperOffset(slot.imm);
  if (imm === undefined) throw new RangeError(`slot ${pc} calls helper ${slot.imm}, which has no address`);
  return withFields(slot, { imm });
}
