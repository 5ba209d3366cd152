// The syntax that LLVM reads and writes and that the kernel's verifier log resembles: `r0 += 1`, `if w1 s> w2 goto +2`.
// Where LLVM has no form, this file makes one: loads of maps (`r1 = map_fd 0 ll`, `r1 = map_fd_value 0 + 8 ll`), a
// local call by distance (`call pc+3`, as the verifier's log has it; LLVM takes a label), a call of a kernel function
// (`call kfunc 7`) and the forms of the kernel dialect. `call 12` and `call -5` are helpers by number, as in LLVM.

import type { AtomicRow, LddwSource, Row, Size } from "../isa.js";
import { BRANCHES, LDDW_WORDS } from "./words.js";

/** Canonical template first; the others are accepted. Registers, where `w` is true, are written w0..w10. */
export function llvmTemplates(row: Row): readonly string[] {
  switch (row.kind) {
    case "alu":
      return [`${dst(row.width)} ${row.symbol} ${row.operand === "reg" ? src(row.width) : "{imm}"}`];
    case "neg":
      return [`${dst(row.width)} = -${dst(row.width)}`];
    case "movsx":
      return [`${dst(row.width)} = (s${row.from})${src(row.width)}`];
    case "end":
      return [`{dst} = ${row.order === "swap" ? "bswap" : row.order}${row.bits} {dst}`];
    case "ja":
      return BRANCHES[row.field].map((target) => `${row.field === "off" ? "goto" : "gotol"} ${target}`);
    case "jump": {
      const right = row.operand === "reg" ? src(row.width) : "{imm}";
      return BRANCHES.off.map((target) => `if ${dst(row.width)} ${row.symbol} ${right} goto ${target}`);
    }
    case "call":
      return CALLS[row.target];
    case "exit":
      return ["exit"];
    case "lddw":
      return lddw(row.source).map((value) => `{dst} = ${value} ll`);
    case "lddwHigh":
      return [];
    case "load": {
      const from = `${mode(row.mode)}${place(row.size, row.signed ? "s" : "u", "{src}")}`;
      return row.signed || row.size === 8 ? [`{dst} = ${from}`] : [`{dst} = ${from}`, `{wdst} = ${from}`];
    }
    case "storeImm":
      return [`${mode(row.mode)}${place(row.size, "u", "{dst}")} = {imm}`];
    case "store": {
      const to = `${mode(row.mode)}${place(row.size, "u", "{dst}")}`;
      return row.size === 8 ? [`${to} = {src}`] : [`${to} = {src}`, `${to} = {wsrc}`];
    }
    case "atomic":
      return atomic(row).map((text) => `${mode(row.mode)}${text}`);
    case "loadAcquire":
      return ordered(row.size, "dst").map(
        (to) => `${mode(row.mode)}${to} = load_acquire((u${row.size * 8} *)({src} {off}))`,
      );
    case "storeRelease":
      return ordered(row.size, "src").map(
        (from) => `${mode(row.mode)}store_release((u${row.size * 8} *)({dst} {off}), ${from})`,
      );
    case "legacyLoad": {
      const at = row.mode === "abs" ? ["{imm}"] : ["{src}", "{src} {plus}"];
      return at.map((where) => `r0 = *(u${row.size * 8} *)skb[${where}]`);
    }
    case "mayGoto":
      return BRANCHES.off.map((target) => `may_goto ${target}`);
    case "gotox":
      return ["gotox {dst}"];
    case "stackArgument": {
      const at = place(8, "u", "r11");
      return [row.op === "load" ? `{dst} = ${at}` : `${at} = ${row.op === "store" ? "{src}" : "{imm}"}`];
    }
    case "kernel":
      return [KERNEL[row.op]];
    default:
      return row satisfies never;
  }
}

const dst = (width: 32 | 64): string => (width === 32 ? "{wdst}" : "{dst}");
const src = (width: 32 | 64): string => (width === 32 ? "{wsrc}" : "{src}");
const mode = (mode: "mem" | "probe" | "arena"): string => (mode === "mem" ? "" : `${mode} `);
const place = (size: Size, sign: "u" | "s", base: string): string => `*(${sign}${size * 8} *)(${base} {off})`;

/** A register, by the width that LLVM names it with first. */
const ordered = (size: Size, field: "dst" | "src"): readonly string[] =>
  size === 8 ? [`{${field}}`] : [`{w${field}}`, `{${field}}`];

const CALLS = {
  helper: ["call {imm}"],
  local: ["call pc{far}", "call {label}"],
  kfunc: ["call kfunc {imm}"],
} as const;

const KERNEL = {
  tailCall: "tail_call",
  percpu: "{dst} = percpu {src}",
  castUser: "{dst} = addr_space_cast({src}, 1, 0)",
  castKernel: "{dst} = addr_space_cast({src}, 0, 1)",
  nospec: "nospec",
} as const;

function lddw(source: LddwSource): readonly string[] {
  return source === "imm64" ? ["{imm64}"] : LDDW_WORDS[source];
}

function atomic(row: AtomicRow): readonly string[] {
  const wide = row.size === 8;
  const reg = wide ? "{src}" : "{wsrc}";
  const to = `({dst} {off}`;
  if (row.op === "cmpxchg") {
    const old = wide ? "r0" : "w0";
    return [`${old} = ${wide ? "cmpxchg_64" : "cmpxchg32_32"}${to}, ${old}, ${reg})`];
  }
  if (row.op === "xchg") return [`${reg} = ${wide ? "xchg_64" : "xchg32_32"}${to}, ${reg})`];
  if (row.fetch) return [`${reg} = atomic_fetch_${row.op}((u${row.size * 8} *)${to}), ${reg})`];
  const place = `lock *(u${row.size * 8} *)${to}) ${row.symbol}`;
  return wide ? [`${place} ${reg}`] : [`${place} ${reg}`, `${place} {src}`];
}
