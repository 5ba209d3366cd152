// The traps of one image: which address each row is at, which register holds which of its parameters, and everything else at
// which kernel code must stop.

import { Stops } from "../../engines/stops.js";
import type { Va } from "../../machine/address.js";
import type { BootedKernel } from "./booted-kernel.js";
import { closureOf } from "./closure.js";
import type { TypedImage } from "./kernel-image.js";
import { type BugEntry, bugTable, type ExceptionEntry, exceptionTable } from "./tables.js";
import { TRAPS } from "./traps/index.js";
import type { ParameterNames, TrapRow } from "./traps/trap.js";

/** Where a called function returns to: nothing is mapped there. */
export const RETURN: Va = 0xffff_e000_0000;

interface Action {
  readonly kind: TrapRow["kind"];
  readonly name: string;
  /** Whether the call may sleep. */
  sleeps(x: BigUint64Array): boolean;
  act(kernel: BootedKernel, x: BigUint64Array): bigint | undefined;
}

export interface Resolved {
  readonly actions: ReadonlyMap<Va, Action>;
  readonly stops: Stops;
  readonly exceptions: ReadonlyMap<Va, ExceptionEntry>;
  readonly bugs: ReadonlyMap<Va, BugEntry>;
  /** Of the function that an address is in; empty where none is. Looked up once. */
  nameAt(va: Va): string;
}

const resolvedOf = new WeakMap<TypedImage, Resolved>();

/** Made once for an image. @param bytes as they run */
export function resolve(image: TypedImage, bytes: Uint8Array): Resolved {
  const known = resolvedOf.get(image);
  if (known !== undefined) return known;
  const actions = new Map<Va, Action>();
  for (const row of TRAPS) {
    for (const name of row.names) {
      const va = image.address(name);
      if (va !== undefined) actions.set(va, actionOf(image, row, name));
    }
  }
  const { native } = closureOf(image, bytes);
  const stops = new Stops([RETURN, ...actions.keys()]);
  for (const va of image.functions) if (!native.has(va) && !actions.has(va)) stops.add(va);
  const resolved = { actions, stops, exceptions: exceptionTable(image), bugs: bugTable(image), nameAt: namesOf(image) };
  resolvedOf.set(image, resolved);
  return resolved;
}

function namesOf(image: TypedImage): Resolved["nameAt"] {
  const names = new Map<Va, string>();
  return (va) => {
    const known = names.get(va);
    if (known !== undefined) return known;
    const name = image.symbolAt(va)?.name ?? "";
    // Code of programs comes and goes; a kernel has so many places.
    if (name !== "") names.set(va, name);
    return name;
  };
}

/** Those that may wait whatever they are asked; an allocation may if its flags say so. */
const SLEEPING: ReadonlySet<string> = new Set([
  ...["mutex_lock", "mutex_lock_nested", "__might_sleep", "__might_resched", "__cond_resched", "synchronize_rcu"],
  ...["execmem_alloc", "execmem_free", "module_alloc", "module_memfree", "bpf_jit_alloc_exec", "bpf_jit_free_exec"],
  ...["vmalloc", "vmalloc_noprof", "vzalloc", "vzalloc_noprof", "vfree"],
  ...["set_memory_ro", "set_memory_rw", "set_memory_x", "set_memory_nx"],
]);
const GFP_DIRECT_RECLAIM = 0x400n;
const NO_REGISTERS = new BigUint64Array(0);

function actionOf(image: TypedImage, row: TrapRow, name: string): Action {
  const registers = registersOf(image.types.parameters(name), row.parameters);
  const gfp = registers.find(([key]) => key === "gfp")?.[1];
  const sleeps = SLEEPING.has(name);
  // Traps are most of what a load asks of us: one object reads the registers of all calls.
  let current: BigUint64Array = NO_REGISTERS;
  const args: Record<string, bigint> = {};
  for (const [key, register] of registers) Object.defineProperty(args, key, { get: () => current[register]! });
  return {
    kind: row.kind,
    name,
    sleeps: (x) => (gfp === undefined ? sleeps : (x[gfp]! & GFP_DIRECT_RECLAIM) !== 0n),
    act(kernel, x) {
      current = x;
      return row.act(kernel, args, name);
    },
  };
}

/** By a row's own name of a parameter, the register that holds it. */
function registersOf(
  known: readonly string[] | undefined,
  wanted: ParameterNames,
): readonly (readonly [string, number])[] {
  return Object.entries(wanted).map(([key, names], position) => {
    const found = known?.findIndex((name) => names.includes(name)) ?? -1;
    return [key, found < 0 ? position : found] as const;
  });
}
