// Loads, stores, atomics.

import * as atomic from "../../../../impl/a64/atomic.js";
import * as access from "../../../../impl/a64/load-store.js";
import { type Is64, type Reg, ZR } from "../../../../impl/a64/registers.js";
import type { A64Insn, Insn } from "../../../../spec/a64/insn.js";
import { shortDistance } from "./control.js";
import { type Form, form, number, oneOf, orSp, REG, type Says, sized, WIDTH } from "./form.js";

const SIZE = oneOf<access.SizeLog>([0, 1, 2, 3]);
const SIGNED_SIZE = oneOf<access.SignedSizeLog>([0, 1, 2]);
const OFFSET = number(16, [
  ...[0, 1, 2, 3, 4, 7, 8, 4094, 4095, 4096, 4095 * 2, 4096 * 2, 4095 * 4, 4096 * 4, 4095 * 8, 4096 * 8],
  ...[4095 * 8 + 1, -1, -8, 2 ** 31, 2 ** 32],
]);

const single = (op: "load" | "store", size: access.SizeLog, signed: boolean, rt: Reg, rn: Reg) =>
  ({
    op,
    bytes: ([1, 2, 4, 8] as const)[size],
    signed,
    width: signed || size === 3 ? 64 : 32,
    rt,
    rn: orSp(rn),
  }) as const;
/** Up to 4095 times the size. */
function scaled(op: "load" | "store", size: access.SizeLog, signed: boolean, rt: Reg, rn: Reg, offset: number): Says {
  const times = offset / 2 ** size;
  if (!Number.isInteger(times) || times < 0 || times > 4095) return "offset";
  return {
    kind: "accessImmediate",
    mode: "scaled",
    ...single(op, size, signed, rt, rn),
    offset,
    offsetValue: BigInt(offset),
  };
}
const indexed = (op: "load" | "store", size: access.SizeLog, signed: boolean, rt: Reg, rn: Reg, rm: Reg): Says => ({
  kind: "accessRegister",
  ...single(op, size, signed, rt, rn),
  rm,
  extend: signed ? "sxtx" : "lsl",
  scaled: false,
});

const PAIR_OFFSET = number(10, [-520, -513, -512, -504, -8, -4, 0, 1, 4, 8, 16, 496, 504, 505, 512, 1024]);
/** Write-back to a register of the pair is unpredictable, as is loading one register twice. */
function pair(op: "load" | "store", rt: Reg, rt2: Reg, base: Reg, offset: number): Says {
  if (offset % 8 !== 0 || offset < -512 || offset > 504) return "offset";
  const overlaps = base !== 31 && (rt === base || rt2 === base);
  if (overlaps || (op === "load" && rt === rt2)) return "unpredictable";
  const form = { op, mode: op === "load" ? "post" : "pre", bytes: 8, signed: false, width: 64 } as const;
  return { kind: "accessPair", ...form, rt, rt2, rn: orSp(base), offset };
}

const ACCESS: readonly Form[] = [
  form("ldrImm", [SIZE, REG, REG, OFFSET], access.ldrImm, (size, t, n, off) => scaled("load", size, false, t, n, off)),
  form("strImm", [SIZE, REG, REG, OFFSET], access.strImm, (size, t, n, off) => scaled("store", size, false, t, n, off)),
  form("ldrsImm", [SIGNED_SIZE, REG, REG, OFFSET], access.ldrsImm, (size, t, n, off) =>
    scaled("load", size, true, t, n, off),
  ),
  form("ldrReg", [SIZE, REG, REG, REG], access.ldrReg, (size, t, n, m) => indexed("load", size, false, t, n, m)),
  form("strReg", [SIZE, REG, REG, REG], access.strReg, (size, t, n, m) => indexed("store", size, false, t, n, m)),
  form("ldrsReg", [SIGNED_SIZE, REG, REG, REG], access.ldrsReg, (size, t, n, m) =>
    indexed("load", size, true, t, n, m),
  ),
  form("ldrLiteral", [WIDTH, REG, shortDistance.operand], access.ldrLiteral, (w, rt, offset) =>
    shortDistance.says(offset, { kind: "loadLiteral", op: "load", signed: false, ...sized(w), rt, offset } as A64Insn),
  ),
  form("stpPre", [REG, REG, REG, PAIR_OFFSET], access.stpPre, (t, t2, n, off) => pair("store", t, t2, n, off)),
  form("ldpPost", [REG, REG, REG, PAIR_OFFSET], access.ldpPost, (t, t2, n, off) => pair("load", t, t2, n, off)),
  form("push", [REG, REG], access.push, (t, t2) => pair("store", t, t2, 31 as Reg, -16)),
  form("pop", [REG, REG], access.pop, (t, t2) => pair("load", t, t2, 31 as Reg, 16)),
];

/** The status register may be none of the others. */
const storeExclusive = (release: boolean, w: Is64, rs: Reg, rt: Reg, rn: Reg): Says =>
  rs === rt || (rs === rn && rn !== 31)
    ? "unpredictable"
    : { kind: "storeExclusive", release, ...sized(w), rs, rt, rn: orSp(rn) };

const ORDER = oneOf<atomic.Order>([atomic.RELAXED, atomic.ACQUIRE_RELEASE]);
const atomicMemory = (op: Insn<"atomicMemory">["op"], w: Is64, ordered: boolean, rs: Reg, rt: Reg, rn: Reg): Says => ({
  ...{ kind: "atomicMemory", op, acquire: ordered, release: ordered, ...sized(w), rs, rt, rn: orSp(rn) },
});
const FETCH = [
  ["ldadd", "stadd", "add"],
  ["ldclr", "stclr", "clr"],
  ["ldeor", "steor", "eor"],
  ["ldset", "stset", "set"],
] as const;

/** The size, and whether it is a load or a store, as of any access; the address is that of a register. */
const ordered = (op: "load" | "store", size: access.SizeLog, rt: Reg, rn: Reg): Says => ({
  ...{ kind: "accessOrdered", order: "sequential", offset: 0 },
  ...{ ...single(op, size, false, rt, rn), signed: false },
});

const ATOMIC: readonly Form[] = [
  form("ldxr", [WIDTH, REG, REG], atomic.ldxr, (w, rt, rn) => ({
    ...{ kind: "loadExclusive", acquire: false, ...sized(w), rt, rn: orSp(rn) },
  })),
  form("stxr", [WIDTH, REG, REG, REG], atomic.stxr, (w, s, t, n) => storeExclusive(false, w, s, t, n)),
  form("stlxr", [WIDTH, REG, REG, REG], atomic.stlxr, (w, s, t, n) => storeExclusive(true, w, s, t, n)),
  form("ldar", [SIZE, REG, REG], atomic.ldar, (size, t, n) => ordered("load", size, t, n)),
  form("stlr", [SIZE, REG, REG], atomic.stlr, (size, t, n) => ordered("store", size, t, n)),
  ...FETCH.flatMap(([load, store, op]) => [
    form(load, [WIDTH, ORDER, REG, REG, REG], atomic[load], (w, order, s, t, n) =>
      atomicMemory(op, w, order === 3, s, t, n),
    ),
    form(store, [WIDTH, REG, REG], atomic[store], (w, s, n) => atomicMemory(op, w, false, s, ZR, n)),
  ]),
  form("swp", [WIDTH, ORDER, REG, REG, REG], atomic.swp, (w, order, s, t, n) =>
    atomicMemory("swp", w, order === 3, s, t, n),
  ),
  form("casal", [WIDTH, REG, REG, REG], atomic.casal, (w, rs, rt, rn) => ({
    ...{ kind: "compareAndSwap", acquire: true, release: true, ...sized(w), rs, rt, rn: orSp(rn) },
  })),
];

export const MEMORY: readonly Form[] = [...ACCESS, ...ATOMIC];
