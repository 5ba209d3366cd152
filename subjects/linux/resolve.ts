// The traps of one image: which address each row is at, which register holds which of its parameters, and everything else at
// which kernel code must stop.

import { Stops } from "../../engines/stops.js";
import type { Va } from "../../machine/address.js";
import type { BootedKernel } from "./booted-kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { NATIVE, SUFFIXES } from "./native.js";
import { type BugEntry, bugTable, type ExceptionEntry, exceptionTable } from "./tables.js";
import { TRAPS } from "./traps/index.js";
import type { ParameterNames, TrapRow } from "./traps/trap.js";

/** Where a called function returns to: nothing is mapped there. */
export const RETURN: Va = 0xffff_e000_0000;

interface Action {
  readonly kind: TrapRow["kind"];
  readonly name: string;
  act(kernel: BootedKernel, x: BigUint64Array): bigint | undefined;
}

export interface Resolved {
  readonly actions: ReadonlyMap<Va, Action>;
  readonly stops: Stops;
  readonly exceptions: ReadonlyMap<Va, ExceptionEntry>;
  readonly bugs: ReadonlyMap<Va, BugEntry>;
}

const resolvedOf = new WeakMap<TypedImage, Resolved>();

/** Made once for an image. */
export function resolve(image: TypedImage): Resolved {
  const known = resolvedOf.get(image);
  if (known !== undefined) return known;
  const actions = new Map<Va, Action>();
  for (const row of TRAPS) {
    for (const name of row.names) {
      const va = image.address(name);
      if (va !== undefined) actions.set(va, actionOf(image, row, name));
    }
  }
  const native = new Set(
    NATIVE.flatMap((name) => SUFFIXES.flatMap((suffix) => image.symbols.addressesOf(name + suffix))),
  );
  const stops = new Stops([RETURN, ...actions.keys()]);
  for (const va of image.functions) if (!native.has(va) && !actions.has(va)) stops.add(va);
  const resolved = { actions, stops, exceptions: exceptionTable(image), bugs: bugTable(image) };
  resolvedOf.set(image, resolved);
  return resolved;
}

function actionOf(image: TypedImage, row: TrapRow, name: string): Action {
  const registers = registersOf(image.types.parameters(name), row.parameters);
  return {
    kind: row.kind,
    name,
    act: (kernel, x) =>
      row.act(kernel, Object.fromEntries(registers.map(([key, register]) => [key, x[register]!])), name),
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
