// Arguments beyond five while a program runs. They live where a machine likes, some of them in registers that calls do not
// keep: so a function loads its own before it stores one or calls, and what it stores is for its next call alone.

import { ARGUMENT_BYTES } from "./insn.js";
import { MOST_STACK_ARGUMENTS } from "./isa.js";

/** @typeParam T what is kept of an argument: its bits, or what is known of them */
export class StackArguments<T> {
  #own: (T | undefined)[] = [];
  #stored: (T | undefined)[] = [];
  /** Whether those of the function that runs may be gone. */
  #isLate = false;

  /** The function's own at that offset from R11; undefined if there is none. */
  load(off: number): T | undefined {
    return this.#isLate ? undefined : this.#own[off / ARGUMENT_BYTES - 1];
  }

  /** For the next call. @returns false if no argument has that offset */
  store(off: number, value: T): boolean {
    const index = -off / ARGUMENT_BYTES - 1;
    if (!Number.isInteger(index) || index < 0 || index >= MOST_STACK_ARGUMENTS) return false;
    this.#isLate = true;
    this.#stored[index] = value;
    return true;
  }

  /** A local call: what was stored is the callee's. */
  enter(): void {
    this.#own = this.#stored;
    this.#stored = [];
    this.#isLate = false;
  }

  /** Another call, or a return. */
  forget(): void {
    this.#isLate = true;
    if (this.#stored.length > 0) this.#stored = [];
  }

  /** A program begins, which has none. */
  clear(): void {
    this.#own = [];
    this.#stored = [];
    this.#isLate = false;
  }

  /** Why `load` has no answer, as the end of a sentence. */
  missing(off: number): string {
    const name = `argument ${ARGUMENTS_IN_REGISTERS + off / ARGUMENT_BYTES}`;
    return this.#isLate
      ? `${name} after an argument of a call was stored, or a call, when it may be gone`
      : `${name}, which no caller has stored`;
  }
}
const ARGUMENTS_IN_REGISTERS = 5;
