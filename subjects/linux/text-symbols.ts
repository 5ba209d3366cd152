// Which BPF text lies where, as a kernel's list of symbols says.

import type { RoAddr, Va } from "../../machine/address.js";
import type { SubjectTrampolines } from "../subject.js";

type Symbols = SubjectTrampolines["symbols"];

export class TextSymbols implements Symbols {
  private readonly symbols = new Map<Va, { readonly start: RoAddr; readonly bytes: number }>();

  add(symbol: { readonly start: RoAddr; readonly bytes: number }): void {
    this.symbols.set(symbol.start, symbol);
  }
  remove(start: RoAddr): void {
    this.symbols.delete(start);
  }
  lookup(ip: Va): { readonly start: RoAddr; readonly bytes: number } | undefined {
    for (const symbol of this.symbols.values()) {
      if (ip >= symbol.start && ip < symbol.start + symbol.bytes) return symbol;
    }
    return undefined;
  }
}
