// Trampolines of a kernel image: which BPF text lies where, for the kernel to look up before it pokes.

import type { RoAddr, Va } from "../../machine/address.js";
import type { SubjectTrampolines, TrampolineEnv } from "../subject.js";
import { NotModelled } from "./kernel-image.js";

type Symbols = SubjectTrampolines["symbols"];

class TextSymbols implements Symbols {
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

const missing = (): never => {
  throw new NotModelled("trampolines of a kernel image cannot be made here yet");
};

/** For kernels whose trampolines are not called. */
export const noTrampolines = (env: TrampolineEnv): SubjectTrampolines => ({
  env,
  symbols: new TextSymbols(),
  pokeOffset: 1,
  archBpfTrampolineSize: missing,
  archAllocBpfTrampoline: missing,
  archPrepareBpfTrampoline: missing,
  frameBytes: missing,
  bpfTrampImageMake: missing,
  bpfTrampImagePut: missing,
  bpfTrampImageFree: missing,
  bpfTrampolineUpdate: missing,
  bpfArchTextPoke: missing,
});
