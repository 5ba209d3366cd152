// What a function under construction uses of its frame, and where it uses a context with fields: found as its slots are
// appended, since the state knows what each register holds. `validate` finds the same by following the registers through
// the code; where it knows more or less than the state does, only it tells.

import type { HelperArg } from "../../../../spec/bpf/helpers/helper.js";
import { HELPERS } from "../../../../spec/bpf/helpers.js";
import type { Row } from "../../../../spec/bpf/isa.js";
import { STACK_BYTES } from "../../../../spec/bpf/program.js";
import { ARGUMENTS, type Registers } from "./registers.js";

/** Arguments that point to what a helper reads or writes. */
const POINTS: ReadonlySet<HelperArg> = new Set<HelperArg>([
  "keyPointer",
  "valuePointer",
  "bytes",
  "bytesOrNull",
  "room",
  "both",
  "address",
]);

export class Uses {
  /** Slots of loads and stores of a context that has fields. */
  readonly fieldAccesses: number[] = [];
  /** Bytes below r10. */
  #deepest = 0;
  /** A pointer to the frame went where nobody follows it: all of the frame may be used. */
  #escapes = false;
  #callsFunctions = false;
  /** A loop brings an argument register back that may hold a pointer to the frame where it did not at first. */
  #bringsBack = false;
  /** A pointer was used of which the state knows a range of positions. */
  #isUnclear = false;

  constructor(private readonly hasFields: boolean) {}

  /** Bytes of the frame, a multiple of 8, when the function is whole; undefined: only a validation tells. */
  get stackDepth(): number | undefined {
    if (this.#escapes) return STACK_BYTES;
    if (this.#isUnclear || (this.#bringsBack && this.#callsFunctions)) return undefined;
    return (this.#deepest + 7) & ~7;
  }

  /** The slot at `pc` runs in a state. */
  access(row: Row, dst: number, src: number, off: number, state: Registers, pc: number): void {
    switch (row.kind) {
      case "load":
      case "loadAcquire":
        this.#through(src, off, state, pc);
        break;
      case "storeImm":
        this.#through(dst, off, state, pc);
        break;
      case "store":
      case "storeRelease":
      case "atomic":
        if ((state.frames >> src) & 1) this.#escapes = true;
        this.#through(dst, off, state, pc);
        break;
      default:
        break;
    }
  }

  givenToHelper(id: number, state: Registers): void {
    if ((state.frames & ARGUMENTS) === 0) return;
    const sorts = HELPERS.get(id)?.args ?? [];
    for (let i = 0; i < sorts.length; i++) {
      if ((state.frames >> (i + 1)) & 1 && POINTS.has(sorts[i]!)) this.#frame(i + 1, 0, state);
    }
  }

  givenToFunction({ frames }: Registers): void {
    this.#callsFunctions = true;
    if ((frames & ARGUMENTS) !== 0) this.#escapes = true;
  }

  /** To the head of a loop, where the state was `entry`. */
  goesBack({ frames }: Registers, entry: Registers): void {
    if ((frames & ~entry.frames & ARGUMENTS) !== 0) this.#bringsBack = true;
  }

  #through(base: number, off: number, state: Registers, pc: number): void {
    if ((state.frames >> base) & 1) this.#frame(base, off, state);
    else if (this.hasFields && (state.pointers >> base) & 1 && state.pointer(base).region.kind === "context") {
      this.fieldAccesses.push(pc);
    }
  }

  /** Memory at a pointer to the frame. */
  #frame(register: number, off: number, state: Registers): void {
    const { low, high } = state.pointer(register);
    if (low === high) this.#deepest = Math.max(this.#deepest, -(low + off));
    else this.#isUnclear = true;
  }
}
