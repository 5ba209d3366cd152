// Random cases: one to four verifier-only instructions, through pointers that are good, beside their memory, or wild.

import type { Random } from "fast-check";
import { pointer } from "../../../machine/address.js";
import { u64 } from "../../../spec/bits.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import {
  type AtomicRow,
  type KernelRow,
  type LoadAcquireRow,
  type LoadRow,
  ROWS,
  rowById,
  type StoreImmRow,
  type StoreReleaseRow,
  type StoreRow,
} from "../../../spec/bpf/isa.js";
import { mapList } from "../../../spec/lists.js";
import { Draw } from "../../../subjects/random/draw.js";
import { displacement, immediate } from "../program/blocks/immediates.js";
import {
  ARENA,
  ARENA_BASE,
  BRANCH_HISTORIES,
  type Classic,
  CPU_NUMBER_HELPER,
  DATA,
  LATER_VERSIONS,
  NAMED_REGISTERS,
  PLAIN,
  TASK_HELPERS,
  type VerifierOnlyCase,
} from "./case.js";
import { meaningfulBody } from "./meaning.js";

const LOADS = ROWS.filter((row): row is LoadRow => row.kind === "load" && row.mode !== "mem");
const STORES = ROWS.filter((row): row is StoreRow => row.kind === "store" && row.mode === "arena");
const STORE_IMMS = ROWS.filter((row): row is StoreImmRow => row.kind === "storeImm" && row.mode === "arena");
const ATOMICS = ROWS.filter((row): row is AtomicRow => row.kind === "atomic");
const ORDERED = ROWS.filter(
  (row): row is LoadAcquireRow | StoreReleaseRow =>
    (row.kind === "loadAcquire" || row.kind === "storeRelease") && row.mode === "arena",
);
/** A tail call needs a frame and a map. */
const OTHERS = ROWS.filter((row): row is KernelRow => row.kind === "kernel" && row.op !== "tailCall");
const HELPER = rowById("call helper");
const CLASSICS = Object.keys(BRANCH_HISTORIES) as readonly Classic[];

/** Roles of registers on entry; all others are numbers. */
export const DATA_POINTER = 1;
export const ARENA_POINTER = 2;
export const WILD_POINTER = 3;
const NUMBERS = [0, 4, 5, 7, 8, 9] as const;

export function verifierOnlyCase(source: Pick<Random, "nextInt">): VerifierOnlyCase {
  const draw = new Draw(source);
  const lse = draw.chance(60);
  const body = Array.from({ length: draw.between(1, 4) }, () => row(draw, lse));
  const wild = [0n, 0x1000n, pointer(0x8000_d000_0000), 0x1234_5678_9abc_def0n][draw.below(4)]!;
  const number = (): bigint => BigInt.asUintN(64, BigInt(immediate(draw)));
  const drawn: VerifierOnlyCase = {
    body: [...(draw.chance(15) ? halfEqual(draw, lse) : []), ...body, ...(draw.chance(25) ? [aliased(draw)] : [])],
    registers: mapList(
      [number(), pointer(DATA.base + 64 * draw.below(32)), arenaPointer(draw), wild, number(), number()],
      u64,
    ),
    env: { lse, vhe: draw.chance(30), bti: draw.chance(20) },
    ...(draw.chance(40) ? { version: draw.pick(LATER_VERSIONS) } : {}),
    ...(draw.chance(15) ? { classic: draw.pick(CLASSICS) } : {}),
    isBlinded: draw.chance(30),
    isCalled: draw.chance(30),
  };
  // What an instruction leaves in a pointer may be no address for the next one.
  const meant = meaningfulBody(drawn);
  return { ...drawn, body: meant.length > 0 ? meant : [PLAIN] };
}

/** Mostly in the arena, sometimes null or beside it. */
function arenaPointer(draw: Draw): bigint {
  if (draw.chance(12)) return 0n;
  return BigInt(ARENA.base - ARENA_BASE + 8 * draw.below(ARENA.bytes / 8));
}

function row(draw: Draw, lse: boolean): Insn {
  const how = draw.below(100);
  if (how < 30) return load(draw);
  if (how < 45)
    return insn(draw.pick(STORES), { dst: ARENA_POINTER, src: draw.pick(NAMED_REGISTERS), off: displacement(draw) });
  if (how < 65)
    return insn(draw.pick(STORE_IMMS), { dst: ARENA_POINTER, off: displacement(draw), imm: immediate(draw) });
  if (how < 80) return atomic(draw, lse);
  if (how < 90) return insn(HELPER, { imm: draw.pick([CPU_NUMBER_HELPER, ...TASK_HELPERS]) });
  const src = draw.pick([0, ARENA_POINTER, 4, 9]);
  return insn(draw.pick(OTHERS), { dst: draw.chance(30) ? src : draw.pick(NUMBERS), src });
}

function load(draw: Draw): Insn {
  const row = draw.pick(LOADS);
  const src = row.mode === "arena" ? ARENA_POINTER : draw.pick([DATA_POINTER, DATA_POINTER, WILD_POINTER]);
  const off = draw.chance(50) ? draw.between(0, 512) : displacement(draw);
  return insn(row, { dst: draw.pick(NUMBERS), src, off });
}

function atomic(draw: Draw, lse: boolean): Insn {
  if (draw.chance(30)) return ordered(draw);
  // Without LSE there are no atomics into arenas.
  const rows = ATOMICS.filter(({ mode }) => mode === (lse ? "arena" : "mem"));
  const row = draw.pick(rows);
  const dst = lse ? ARENA_POINTER : DATA_POINTER;
  return insn(row, { dst, src: draw.pick([4, 5, 8]), off: 8 * draw.between(0, 64) });
}

/** Needs no LSE, and mostly reaches the arena. */
function ordered(draw: Draw): Insn {
  const row = draw.pick(ORDERED);
  const off = draw.chance(80) ? 8 * draw.between(0, 64) : 8 * draw.between(-4096, 4095);
  const other = draw.pick([4, 5, 8]);
  return row.kind === "loadAcquire"
    ? insn(row, { dst: draw.chance(20) ? ARENA_POINTER : other, src: ARENA_POINTER, off })
    : insn(row, { dst: ARENA_POINTER, src: other, off });
}

/** What is compared is equal in its lower half, and mostly in no more. */
function halfEqual(draw: Draw, lse: boolean): readonly Insn[] {
  const mode = lse ? "arena" : "probe";
  const pointer = lse ? ARENA_POINTER : DATA_POINTER;
  const off = 8 * draw.between(0, 64);
  return [
    insn(rowById(`${mode} ldx${draw.pick(["w", "dw"])}`), { dst: 0, src: pointer, off }),
    insn(rowById(`${lse ? "arena " : ""}lock cmpxchg`), { dst: pointer, src: draw.pick([4, 5]), off }),
  ];
}

/** The register that gets the old value is the pointer itself. */
function aliased(draw: Draw): Insn {
  const row = draw.pick(ATOMICS.filter(({ mode, fetch, op }) => mode === "mem" && fetch && op !== "cmpxchg"));
  return insn(row, { dst: DATA_POINTER, src: DATA_POINTER });
}
