// What the machine does about kernel code that breaks a rule: it stops, as a kernel would with an oops. Callers catch
// `KernelFault` at the top of a case and report it; nothing below handles it.

import type { Va } from "./address.js";

type KernelFaultWhy =
  /** No mapping, or the permission forbids it. */
  | "badRead"
  | "badWrite"
  /** Writable and executable at once, or a change of a page that is not mapped. */
  | "badMapping"
  /** Freed twice, freed where nothing was allocated, or written outside the object. */
  | "badFree"
  /** Taken twice, released unheld, or a sleeping call with interrupts off. */
  | "badLock"
  /** A jump into code that the CPU may see in an older version. */
  | "staleFetch"
  | "badFetch"
  /** Memory is asked for where none is left: more than any kernel needs here, as one does that never stops asking. */
  | "noMemory";

export class KernelFault extends Error {
  override readonly name = "KernelFault";
  constructor(
    readonly why: KernelFaultWhy,
    readonly va: Va,
    private readonly detail: string,
  ) {
    super(`${why} at 0x${va.toString(16)}: ${detail}`);
  }

  /** The same, told with the functions that led there, unless it says so already. */
  in(backtrace: string): KernelFault {
    return this.detail.includes(" < ") ? this : new KernelFault(this.why, this.va, `${this.detail}, in ${backtrace}`);
  }
}
