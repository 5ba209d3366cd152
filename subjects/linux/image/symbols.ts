// Symbols of a kernel, by name and by address.

import type { Va } from "../../../machine/address.js";
import { countWhile } from "../../../spec/halving.js";

export interface ListedSymbol {
  readonly name: string;
  readonly va: Va;
  /** As `nm` has it: `T` for a function, upper case for symbols of all files. */
  readonly letter: string;
}

export interface SymbolAt {
  readonly name: string;
  /** From the symbol's start, in bytes. */
  readonly offset: number;
}

const TEXT_LETTERS = new Set([..."tTwW"].map((letter) => letter.charCodeAt(0)));

export class Symbols {
  private readonly first = new Map<string, number>();
  private readonly repeated = new Set<string>();

  /** @param addresses ascending; @param letters as `nm` has them */
  constructor(
    readonly addresses: Float64Array,
    readonly letters: Uint8Array,
    readonly names: readonly string[],
  ) {
    for (const [i, name] of names.entries()) {
      if (this.first.has(name)) this.repeated.add(name);
      else this.first.set(name, i);
    }
  }

  get count(): number {
    return this.names.length;
  }

  /** The first symbol of that name; undefined if there is none. */
  address(name: string): Va | undefined {
    const at = this.first.get(name);
    return at === undefined ? undefined : this.addresses[at];
  }

  /** Of the first symbol of that name, as `nm` has it; undefined if there is none. */
  letter(name: string): string | undefined {
    const at = this.first.get(name);
    return at === undefined ? undefined : String.fromCharCode(this.letters[at]!);
  }

  /** All of that name: static functions of different files may share one. */
  addressesOf(name: string): readonly Va[] {
    const only = this.address(name);
    if (only === undefined || !this.repeated.has(name)) return only === undefined ? [] : [only];
    const found: Va[] = [];
    for (let i = this.first.get(name)!; i < this.count; i++) {
      if (this.names[i] === name) found.push(this.addresses[i]!);
    }
    return found;
  }

  list(): readonly ListedSymbol[] {
    return this.names.map((name, i) => ({
      name,
      va: this.addresses[i]!,
      letter: String.fromCharCode(this.letters[i]!),
    }));
  }

  /** The symbol that an address belongs to; of several at one place, a function. */
  at(va: Va): SymbolAt | undefined {
    const last = this.lastUpTo(va);
    if (last < 0) return undefined;
    const start = this.addresses[last]!;
    let best = last;
    for (let i = last; i >= 0 && this.addresses[i] === start; i--) {
      if (this.isFunction(i) || !this.isFunction(best)) best = i;
    }
    return { name: this.names[best]!, offset: va - start };
  }

  /** First addresses of functions, each once, ascending. */
  functions(): Float64Array {
    const found: Va[] = [];
    for (let i = 0; i < this.count; i++) {
      const va = this.addresses[i]!;
      if (this.isFunction(i) && found[found.length - 1] !== va) found.push(va);
    }
    return Float64Array.from(found);
  }

  private isFunction(i: number): boolean {
    return TEXT_LETTERS.has(this.letters[i]!);
  }

  /** Index of the last symbol at `va` or before; -1 if there is none. */
  private lastUpTo(va: Va): number {
    return countWhile(this.count, (i) => this.addresses[i]! <= va) - 1;
  }
}
