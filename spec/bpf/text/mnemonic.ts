// The syntax of the public BPF ISA conformance suite: `add32 %r0, 1`, `ldxw %r0, [%r1+4]`, `jeq %r0, 15, failed`.
// Targets count slots from the next one, as everywhere. Two names stand for the unconditional byte swap: `swap16` is
// printed, `bswap16` is accepted too.

import type { Row } from "../isa.js";
import { BRANCHES, LDDW_WORDS } from "./words.js";

/** Canonical template first; the others are accepted. */
export function mnemonicTemplates(row: Row): readonly string[] {
  switch (row.kind) {
    case "alu":
      return [`${row.op}${suffix(row.width)} {dst}, ${row.operand === "reg" ? "{src}" : "{imm}"}`];
    case "neg":
      return [`neg${suffix(row.width)} {dst}`];
    case "movsx":
      return [`movsx${row.from}${row.width} {dst}, {src}`];
    case "end":
      return [`${row.id} {dst}`, ...(row.order === "swap" ? [`b${row.id} {dst}`] : [])];
    case "ja":
      return BRANCHES[row.field].map((target) => `${row.field === "off" ? "ja" : "ja32"} ${target}`);
    case "jump": {
      const operands = `{dst}, ${row.operand === "reg" ? "{src}" : "{imm}"}`;
      return BRANCHES.off.map((target) => `${row.op}${suffix(row.width)} ${operands}, ${target}`);
    }
    case "call":
      return CALLS[row.target];
    case "exit":
      return ["exit"];
    case "lddw":
      return (row.source === "imm64" ? ["{imm64}"] : LDDW_WORDS[row.source]).map((value) => `lddw {dst}, ${value}`);
    case "lddwHigh":
      return [];
    case "load":
      return places("{src}").map((place) => `${row.id} {dst}, ${place}`);
    case "storeImm":
      return places("{dst}").map((place) => `${row.id} ${place}, {imm}`);
    case "store":
    case "atomic":
      return places("{dst}").map((place) => `${row.id} ${place}, {src}`);
    case "loadAcquire":
      return places("{src}").map((place) => `${words(row.id)} {dst}, ${place}`);
    case "storeRelease":
      return places("{dst}").map((place) => `${words(row.id)} ${place}, {src}`);
    case "legacyLoad":
      return row.mode === "abs" ? [`${row.id} {imm}`] : [`${row.id} {src}, {imm}`];
    case "mayGoto":
      return BRANCHES.off.map((target) => `may_goto ${target}`);
    case "gotox":
      return ["gotox {dst}"];
    case "stackArgument":
      return ["[%r11{off}]", "[r11{off}]"].map(
        (place) =>
          ({ load: `ldxdw {dst}, ${place}`, store: `stxdw ${place}, {src}`, storeImm: `stdw ${place}, {imm}` })[row.op],
      );
    case "kernel":
      return [KERNEL[row.op]];
    default:
      return row satisfies never;
  }
}

/** `load acquire dw` -> `load_acquire_dw`. */
const words = (id: string): string =>
  id.replace("load acquire ", "load_acquire_").replace("store release ", "store_release_");
const suffix = (width: 32 | 64): string => (width === 32 ? "32" : "");
const places = (base: string): readonly string[] => [`[${base}{off}]`, `[${base}]`];

const CALLS = {
  helper: ["call {imm}"],
  local: ["call local {far}", "call local {label}"],
  kfunc: ["call kfunc {imm}"],
} as const;

const KERNEL = {
  tailCall: "tail_call",
  percpu: "percpu {dst}, {src}",
  castUser: "cast_user {dst}, {src}",
  castKernel: "cast_kernel {dst}, {src}",
  nospec: "nospec",
} as const;
