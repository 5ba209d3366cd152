// Which BPF text lies where: programs by their code without the literal behind it, trampolines by their whole image. Only
// text that is found here may be poked.

import type { RoAddr, Va } from "../../machine/address.js";

interface BpfSymbol {
  readonly start: RoAddr;
  readonly bytes: number;
}

export class BpfSymbols {
  private readonly symbols = new Map<Va, BpfSymbol>();

  add(symbol: BpfSymbol): void {
    this.symbols.set(symbol.start, symbol);
  }

  /** Must precede the free of the text. */
  remove(start: RoAddr): void {
    this.symbols.delete(start);
  }

  /** Kernel: `__bpf_address_lookup`. */
  lookup(ip: Va): BpfSymbol | undefined {
    for (const symbol of this.symbols.values()) {
      if (ip >= symbol.start && ip < symbol.start + symbol.bytes) return symbol;
    }
    return undefined;
  }
}
