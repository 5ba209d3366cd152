// Programs that histories give by a few numbers, built once. Those that were used last are kept, as many as there is room
// for: one program can have as many slots as ten thousand others.

import type { ProgramSpec } from "../action.js";

const MOST = 4000;
const MOST_SLOTS = 400_000;

export class BuiltPrograms<P> {
  /** Those that were not used for longest come first. */
  private readonly kept = new Map<string, { readonly program: P; readonly slots: number }>();
  private slots = 0;

  get(spec: ProgramSpec, build: () => P): P {
    const key = `${spec.first} ${spec.insns} ${spec.subprograms} ${spec.probes}`;
    const known = this.kept.get(key);
    const one = known ?? { program: build(), slots: spec.insns * (spec.subprograms + 1) };
    if (known === undefined) this.makeRoom(one.slots);
    else this.kept.delete(key);
    this.kept.set(key, one);
    return one.program;
  }

  private makeRoom(slots: number): void {
    this.slots += slots;
    for (const [key, old] of this.kept) {
      if (this.slots <= MOST_SLOTS && this.kept.size < MOST) return;
      this.kept.delete(key);
      this.slots -= old.slots;
    }
  }
}
