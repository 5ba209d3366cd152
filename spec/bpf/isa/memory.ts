// Rows that touch memory: loads, stores, atomics, ordered accesses, and loads of packets as classic BPF had them.

import { ARENA, LD, LDX, SIZES, ST, STX } from "./opcode.js";
import { ATOMIC, FETCH } from "./operations.js";
import type {
  AtomicRow,
  Group,
  LegacyLoadRow,
  LoadAcquireRow,
  LoadRow,
  Mode,
  Since,
  Size,
  StoreImmRow,
  StoreReleaseRow,
  StoreRow,
} from "./row.js";

const memGroup = (size: Size): Group => (size === 8 ? "base64" : "base32");
const LOAD_MODES = [
  { mode: "mem", signed: false, code: 0x60, prefix: "ldx" },
  { mode: "mem", signed: true, code: 0x80, prefix: "ldxs" },
  { mode: "probe", signed: false, code: 0x20, prefix: "probe ldx" },
  { mode: "probe", signed: true, code: 0x40, prefix: "probe ldxs" },
  { mode: "arena", signed: false, code: 0xa0, prefix: "arena ldx" },
  { mode: "arena", signed: true, code: 0xc0, prefix: "arena ldxs" },
] as const;
const SIGNED_ARENA: Since = { linux: "6.18", arm64: "6.18" };
const ACQUIRE_RELEASE: Since = { linux: "6.15", arm64: "6.15" };
const sinceOf = (mode: Mode): { readonly since?: Since } => (mode === "arena" ? { since: ARENA } : {});
export const loadRows: readonly LoadRow[] = LOAD_MODES.flatMap(({ mode, signed, code, prefix }) =>
  SIZES.filter(({ size }) => !(signed && size === 8)).map(
    ({ size, code: sizeCode, name }): LoadRow => ({
      kind: "load",
      id: `${prefix}${name}`,
      mode,
      size,
      signed,
      opcode: LDX | code | sizeCode,
      group: mode !== "mem" ? "kernel" : signed ? "base64" : memGroup(size),
      cpu: signed ? 4 : 1,
      select: {},
      dst: "w",
      src: "r",
      off: "mem",
      imm: "none",
      ...(mode === "arena" && { since: signed ? SIGNED_ARENA : ARENA }),
    }),
  ),
);

const STORE_MODES = [
  { mode: "mem", code: 0x60, prefix: "" },
  { mode: "arena", code: 0xa0, prefix: "arena " },
] as const;
export const storeImmRows: readonly StoreImmRow[] = STORE_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(
    ({ size, code: sizeCode, name }): StoreImmRow => ({
      kind: "storeImm",
      id: `${prefix}st${name}`,
      mode,
      size,
      opcode: ST | code | sizeCode,
      group: mode !== "mem" ? "kernel" : memGroup(size),
      cpu: 1,
      select: {},
      dst: "r",
      src: "none",
      off: "mem",
      imm: "any",
      ...sinceOf(mode),
    }),
  ),
);
export const storeRows: readonly StoreRow[] = STORE_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(
    ({ size, code: sizeCode, name }): StoreRow => ({
      kind: "store",
      id: `${prefix}stx${name}`,
      mode,
      size,
      opcode: STX | code | sizeCode,
      group: mode !== "mem" ? "kernel" : memGroup(size),
      cpu: 1,
      select: {},
      dst: "r",
      src: "r",
      off: "mem",
      imm: "none",
      ...sinceOf(mode),
    }),
  ),
);

const ATOMIC_MODES = [
  { mode: "mem", code: 0xc0, prefix: "" },
  { mode: "arena", code: 0xe0, prefix: "arena " },
] as const;
export const atomicRows: readonly AtomicRow[] = ATOMIC_MODES.flatMap(({ mode, code, prefix }) =>
  ATOMIC.flatMap((atomic) =>
    ([8, 4] as const).flatMap((size) =>
      (atomic.plain ? [false, true] : [true]).map((fetch): AtomicRow => {
        const imm = atomic.imm | (fetch ? FETCH : 0);
        return {
          kind: "atomic",
          id: `${prefix}lock ${fetch && atomic.plain ? "fetch " : ""}${atomic.op}${size === 4 ? "32" : ""}`,
          mode,
          op: atomic.op,
          size,
          fetch,
          symbol: atomic.symbol,
          opcode: STX | code | (size === 8 ? 0x18 : 0x00),
          group: mode !== "mem" ? "kernel" : size === 8 ? "atomic64" : "atomic32",
          cpu: fetch ? 3 : 1,
          select: { imm },
          dst: "r",
          src: fetch && atomic.op !== "cmpxchg" ? "rw" : "r",
          off: "mem",
          imm: "select",
          ...sinceOf(mode),
        };
      }),
    ),
  ),
);

const LOAD_ACQUIRE = 0x100;
const STORE_RELEASE = 0x110;
const ordered = ATOMIC_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(({ size, code: sizeCode, name }) => ({
    mode,
    size,
    prefix,
    name,
    opcode: STX | code | sizeCode,
    group: mode === "mem" ? ("linux" as const) : ("kernel" as const),
    cpu: 4 as const,
    src: "r" as const,
    off: "mem" as const,
    imm: "select" as const,
    since: ACQUIRE_RELEASE,
  })),
);
export const loadAcquireRows: readonly LoadAcquireRow[] = ordered.map(({ prefix, name, ...row }) => ({
  ...row,
  kind: "loadAcquire",
  id: `${prefix}load acquire ${name}`,
  select: { imm: LOAD_ACQUIRE },
  dst: "w",
}));
export const storeReleaseRows: readonly StoreReleaseRow[] = ordered.map(({ prefix, name, ...row }) => ({
  ...row,
  kind: "storeRelease",
  id: `${prefix}store release ${name}`,
  select: { imm: STORE_RELEASE },
  dst: "r",
}));
/** Also for what is refused. */
export const LEGACY_MODES = [
  { mode: "abs", code: 0x20 },
  { mode: "ind", code: 0x40 },
] as const;
export const legacyLoadRows: readonly LegacyLoadRow[] = LEGACY_MODES.flatMap(({ mode, code }) =>
  SIZES.flatMap(({ size, code: sizeCode, name }): readonly LegacyLoadRow[] =>
    size === 8
      ? []
      : [
          {
            kind: "legacyLoad",
            id: `ld${mode}${name}`,
            mode,
            size,
            opcode: LD | code | sizeCode,
            group: "packet",
            cpu: 1,
            select: {},
            dst: "none",
            src: mode === "ind" ? "r" : "none",
            off: "none",
            imm: "any",
          },
        ],
  ),
);
