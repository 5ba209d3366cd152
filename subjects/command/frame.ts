// Where r10 of an image is, for adapters that cannot say: the image's own prologue tells, once it has set the register that
// holds r10. Images that begin alike have it at the same place.

import type { Engine } from "../../engines/engine.js";
import { type Va, vaOf } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { execute } from "../run/execute.js";
import { ENTRY_SP, STACK } from "../run/layout.js";

/** Words that are looked at: what tells one prologue from another. */
const PROLOGUE_WORDS = 24;
const MOST_KNOWN = 4096;
/** The register has its value once it has not changed for so many words. */
const SETTLED = 3;

export class FrameFinder {
  private readonly known = new Map<string, number | undefined>();

  constructor(
    /** The first that is set to a place on the stack tells. */
    private readonly registers: readonly number[],
    private readonly engine: Engine,
  ) {}

  /** Bytes from r10 up to SP at entry; undefined if the prologue sets the register to nothing on the stack. */
  find(machine: Machine, entry: Va, image: Uint8Array, args: readonly bigint[]): number | undefined {
    const key = Buffer.from(image.buffer, image.byteOffset, Math.min(image.length, 4 * PROLOGUE_WORDS)).toString(
      "latin1",
    );
    if (this.known.has(key)) return this.known.get(key);
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    const found = this.look(machine, entry, args);
    this.known.set(key, found);
    return found;
  }

  private look(machine: Machine, entry: Va, args: readonly bigint[]): number | undefined {
    const seen = this.registers.map((register): Seen => ({ register, value: undefined, same: 0 }));
    execute(this.engine, {
      machine,
      entry,
      args,
      fuel: PROLOGUE_WORDS,
      trace({ x }) {
        for (const one of seen) {
          const now = x[one.register]!;
          if (one.same >= SETTLED || !isOnStack(now)) continue;
          one.same = now === one.value ? one.same + 1 : 0;
          one.value = now;
        }
      },
    });
    const value = seen.find((one) => one.value !== undefined)?.value;
    return value === undefined ? undefined : ENTRY_SP - vaOf(value)!;
  }
}

/** What a register has held. */
interface Seen {
  readonly register: number;
  value: bigint | undefined;
  same: number;
}

function isOnStack(value: bigint): boolean {
  const va = vaOf(value);
  return va !== undefined && va >= STACK.base && va <= ENTRY_SP;
}
