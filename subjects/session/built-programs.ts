// Programs that histories give by a few numbers, built once. Those that were built last are kept, as many as there is room
// for: one program can have as many slots as ten thousand others.

import type { ProgramSpec } from "../action.js";

const MOST = 4000;
const MOST_SLOTS = 400_000;

export class BuiltPrograms<P> {
  /** In the order in which they were built. */
  private readonly kept = new Map<string, { readonly program: P; readonly slots: number }>();
  private slots = 0;

  get(spec: ProgramSpec, build: (spec: ProgramSpec) => P): P {
    const key = `${spec.first} ${spec.insns} ${spec.subprograms} ${spec.probes}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known.program;
    const program = build(spec);
    const slots = spec.insns * (spec.subprograms + 1);
    this.makeRoom(slots);
    this.kept.set(key, { program, slots });
    return program;
  }

  private makeRoom(slots: number): void {
    this.slots += slots;
    for (const [key, oldest] of this.kept) {
      if (this.slots <= MOST_SLOTS && this.kept.size < MOST) return;
      this.kept.delete(key);
      this.slots -= oldest.slots;
    }
  }
}
