// How the JIT lowers one BPF instruction, as a small set of names: the second axis of the coverage matrix. The name is
// read off the emitted words alone, by the decoder of `spec/a64`, so that it says what was emitted and not what was meant.

import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { SP } from "../../spec/a64/registers.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { type Row, rowById, STACK_ARGUMENTS } from "../../spec/bpf/isa.js";
import { classOf } from "./words.js";

/** In the order of the matrix's columns. */
export const STRATEGIES = [
  { id: "nothing", title: "no word" },
  { id: "register", title: "registers" },
  { id: "quotient", title: "quotient, MSUB" },
  { id: "immediate", title: "immediate" },
  { id: "shifted", title: "immediate LSL 12" },
  { id: "negated", title: "negated" },
  { id: "negatedShifted", title: "negated LSL 12" },
  { id: "bitmask", title: "bitmask" },
  { id: "bitfield", title: "bitfield" },
  { id: "via1", title: "register, 1 word" },
  { id: "via2", title: "register, 2 words" },
  { id: "reverse", title: "reverse" },
  { id: "reverseExtend", title: "reverse, extend" },
  { id: "constant1", title: "MOVZ" },
  { id: "constant2", title: "MOVZ + 1" },
  { id: "constant3", title: "MOVZ + 2" },
  { id: "constant4", title: "MOVZ + 3" },
  { id: "inverted1", title: "MOVN" },
  { id: "inverted2", title: "MOVN + 1" },
  { id: "inverted3", title: "MOVN + 2" },
  { id: "branch", title: "branch" },
  { id: "stackOffset", title: "SP + offset" },
  { id: "scaledOffset", title: "base + offset" },
  { id: "registerOffset", title: "base + register" },
  { id: "lse", title: "LSE" },
  { id: "lseOffset", title: "LSE, offset" },
  { id: "loop", title: "LL/SC loop" },
  { id: "loopOffset", title: "LL/SC, offset" },
  { id: "loopCopied", title: "LL/SC, copied base" },
  { id: "ordered", title: "LDAR or STLR" },
  { id: "orderedOffset", title: "LDAR or STLR, offset" },
  { id: "direct", title: "BL" },
  { id: "indirect", title: "BLR" },
  { id: "inlined", title: "inlined" },
  { id: "tailCall", title: "tail call" },
  { id: "other", title: "other" },
] as const;
export type Strategy = (typeof STRATEGIES)[number]["id"];

const ARGUMENT_ROWS = { load: "ldx argument", store: "stx argument", storeImm: "st argument" } as const;

/** Accesses to arguments beyond five are like others, but for their base, which no other has. */
export function meantRow({ row, dst, src }: Insn): Row {
  if (row.kind !== "load" && row.kind !== "store" && row.kind !== "storeImm") return row;
  const base = row.kind === "load" ? src : dst;
  return base === STACK_ARGUMENTS ? rowById(ARGUMENT_ROWS[row.kind]) : row;
}

/**
 * The strategy by which `words[from, to)` lower one instruction of that row; `other` if they look like none that is
 * known. Words that do not decode count as `other`.
 */
export function strategyOf(row: Row, words: Uint32Array, from = 0, to = words.length): Strategy {
  const code: A64Insn[] = [];
  for (let i = from; i < to; i++) {
    const insn = decode(words[i]!);
    if (insn === undefined) return "other";
    code.push(insn);
  }
  const constants = constantWords(code);
  const rest = code.slice(constants);
  switch (row.kind) {
    case "alu":
      if (rest.length === 0) return constant(code);
      // A move is spelled as an addition of zero.
      if (row.op === "mov") return rest.length === 1 ? "register" : "other";
      return through(constants) ?? operation(rest, row.op === "add" ? "add" : "sub");
    case "neg":
    case "movsx":
    case "end":
      return rest.length === 0 ? "nothing" : operation(rest, "sub");
    case "jump":
      return through(constants) ?? operation(rest.slice(0, -1), "sub");
    case "ja":
    case "exit":
      return code.length === 0 ? "nothing" : code[0]?.kind === "branch" ? "branch" : "other";
    case "load":
    case "store":
    case "storeImm":
      return access(code.at(-1));
    case "stackArgument":
      if (rest.length === 0) return constant(code);
      return rest.length > 1 ? "other" : rest[0]?.kind === "accessImmediate" ? access(rest[0]) : "register";
    case "atomic":
      return atomic(code, constants);
    case "loadAcquire":
    case "storeRelease":
      return ordered(code);
    case "call":
      return callee(rest);
    case "lddw":
      return constant(code);
    case "kernel":
      return row.op === "tailCall" ? "tailCall" : "other";
    default:
      return "other";
  }
}

/** By row, and by a hash of the words. */
const KNOWN = new Map<Row, Map<number, Strategy>>();

/** The same, kept for words that differ in registers and constants only: campaigns ask about the same few. */
export function knownStrategyOf(row: Row, words: Uint32Array, from: number, to: number): Strategy {
  let known = KNOWN.get(row);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(row, known);
  }
  let hash = to - from;
  for (let i = from; i < to; i++) {
    const word = words[i]!;
    // Whether the base is the stack pointer, and whether words build one constant, is in the registers.
    const base = ((word >>> 5) & 31) === 31 ? 1 : 0;
    const same = ((word ^ words[from]!) & 31) === 0 ? 2 : 0;
    hash = Math.imul(hash ^ classOf(word) ^ base ^ same, 0x0100_0193) ^ (hash >>> 15);
  }
  const found = known.get(hash) ?? strategyOf(row, words, from, to);
  known.set(hash, found);
  return found;
}

/** How many words at the start build one constant. */
function constantWords(code: readonly A64Insn[]): number {
  const [first] = code;
  if (first?.kind !== "moveWide" || first.op === "movk") return 0;
  const end = code.findIndex(
    (insn, i) => i > 0 && !(insn.kind === "moveWide" && insn.op === "movk" && insn.rd === first.rd),
  );
  return end < 0 ? code.length : end;
}

const CONSTANTS = ["constant1", "constant2", "constant3", "constant4"] as const;
const INVERTED = ["inverted1", "inverted2", "inverted3"] as const;

function constant(code: readonly A64Insn[]): Strategy {
  const [first] = code;
  if (first === undefined) return "nothing";
  const names = first.kind === "moveWide" && first.op === "movn" ? INVERTED : CONSTANTS;
  return (constantWords(code) === code.length ? names[code.length - 1] : undefined) ?? "other";
}

const through = (constants: number): Strategy | undefined =>
  constants === 0 ? undefined : constants === 1 ? "via1" : constants === 2 ? "via2" : "other";

/** @param op what the instruction would be with its immediate as it is: the other one means that it was negated. */
function operation(code: readonly A64Insn[], op: "add" | "sub"): Strategy {
  const [first, second] = code;
  if (code.length === 2 && first?.kind === "twoSource" && second?.kind === "threeSource") return "quotient";
  if (code.length === 2 && first?.kind === "reverse" && second?.kind === "bitfield") return "reverseExtend";
  if (code.length !== 1) return "other";
  switch (first?.kind) {
    case "addSubImmediate":
      if (first.op === op) return first.shift === 0 ? "immediate" : "shifted";
      return first.shift === 0 ? "negated" : "negatedShifted";
    case "logicalImmediate":
      return "bitmask";
    case "bitfield":
    case "reverse":
      return first.kind;
    case "addSubShifted":
    case "logicalShifted":
    case "twoSource":
    case "threeSource":
      return "register";
    default:
      return "other";
  }
}

function access(last: A64Insn | undefined): Strategy {
  if (last?.kind === "accessRegister") return "registerOffset";
  if (last?.kind === "accessImmediate") return last.rn === SP ? "stackOffset" : "scaledOffset";
  return "other";
}

function atomic(code: readonly A64Insn[], constants: number): Strategy {
  const load = code.findIndex(({ kind }) => kind === "loadExclusive");
  if (load >= 0) return constants > 0 ? "loopOffset" : load > 1 ? "loopCopied" : "loop";
  const last = code.at(-1)?.kind;
  if (last !== "atomicMemory" && last !== "compareAndSwap") return "other";
  return constants > 0 ? "lseOffset" : "lse";
}

function ordered(code: readonly A64Insn[]): Strategy {
  if (code.at(-1)?.kind !== "accessOrdered") return "other";
  return code.length === 1 ? "ordered" : "orderedOffset";
}

function callee([first]: readonly A64Insn[]): Strategy {
  if (first?.kind === "branch" && first.link) return "direct";
  if (first?.kind === "branchRegister" && first.op === "blr") return "indirect";
  return first?.kind === "readSystem" ? "inlined" : "other";
}
