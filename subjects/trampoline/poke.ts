// A poke of a patch site, while another CPU runs through it.

import type { RoAddr, Va } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import type { Machine } from "../../machine/machine.js";
import type { Traced } from "../../spec/trampoline/traced.js";
import type { Errno, SubjectTrampolines } from "../subject.js";

export interface Watched {
  readonly error: Errno;
  /** What the other CPU saw, call by call. */
  readonly seen: readonly (Traced | string)[];
  /** Whether the address behind the long jump was stored in parts. */
  readonly isTorn: boolean;
}

/** Where a CPU runs into a page that somebody has made writable. */
const TAKEN = /^notExecutable at (0x[0-9a-f]+): fetch from a page that is rw$/;

/** Whether what a CPU saw is that the page with the address behind the function's code is not executable. */
export function isKeptOut(seen: Traced | string, { machine: { pageBytes }, target, tramp }: Site): boolean {
  const pc = typeof seen === "string" ? TAKEN.exec(seen)?.[1] : undefined;
  const { start, bytes } = tramp.symbols.lookup(target)!;
  const pageOf = (va: Va): number => Math.floor(va / pageBytes);
  return pc !== undefined && pageOf(Number(pc)) === pageOf(start + bytes);
}

interface Site {
  readonly machine: Machine;
  /** The function. */
  readonly target: RoAddr;
  readonly tramp: SubjectTrampolines;
}

/** @param call the function, on that CPU: at each memory event that `isMoment` chooses, and behind each store */
export function pokeWatched(
  { machine, target, tramp }: Site,
  call: (cpu: number) => Traced | string,
  from: RoAddr | undefined,
  to: RoAddr | undefined,
  isMoment: ((event: number) => boolean) | undefined,
): Watched {
  const { start, bytes } = tramp.symbols.lookup(target)!;
  const literal = (start + bytes) % machine.pageBytes;
  let isTorn = false;
  const seen: (Traced | string)[] = [];
  let events = 0;
  let busy = false;
  const isStore = ({ kind }: MachineEvent): boolean => kind === "write";
  const listen = (event: MachineEvent): void => {
    // Through whatever alias: the address behind the long jump, and less than all of it.
    if (!busy && event.kind === "write" && event.va % machine.pageBytes === literal) isTorn ||= event.bytes < 8;
    if (busy || isMoment === undefined || !(isMoment(events++) || isStore(event))) return;
    busy = true;
    seen.push(call(1));
    busy = false;
  };
  const { onEvent } = machine;
  machine.onEvent = (event) => {
    onEvent?.(event);
    listen(event);
  };
  const error = tramp.bpfArchTextPoke(target, "call", from, to);
  machine.onEvent = onEvent;
  return { error, seen, isTorn };
}
