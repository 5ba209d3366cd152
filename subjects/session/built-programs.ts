// Programs that histories give by a few numbers, built once. Those that were built last are kept, as many as there is room
// for: one program can have as many slots as ten thousand others.

import type { ProgramSpec } from "../action.js";

const MOST = 4000;
/** All that is drawn, 365 programs of 516,609 slots. With room for less, a large one drives out the small ones of every history. */
const MOST_SLOTS = 600_000;

interface Built<P> {
  readonly spec: ProgramSpec;
  readonly program: P;
  readonly slots: number;
}

export class BuiltPrograms<P> {
  /** By slots of a function: the other numbers take few values, and to make one key of all takes longer than to look. */
  private readonly kept = new Map<number, readonly Built<P>[]>();
  /** In the order in which they were built. */
  private readonly order: Built<P>[] = [];
  private slots = 0;

  get(spec: ProgramSpec, build: (spec: ProgramSpec) => P): P {
    for (const one of this.kept.get(spec.insns) ?? []) if (isSame(one.spec, spec)) return one.program;
    const built = { spec, program: build(spec), slots: spec.insns * (spec.subprograms + 1) };
    this.makeRoom(built.slots);
    this.order.push(built);
    this.kept.set(spec.insns, [...(this.kept.get(spec.insns) ?? []), built]);
    return built.program;
  }

  private makeRoom(slots: number): void {
    this.slots += slots;
    while (this.order.length > 0 && (this.slots > MOST_SLOTS || this.order.length >= MOST)) {
      const oldest = this.order.shift()!;
      const { insns } = oldest.spec;
      const left = this.kept.get(insns)!.filter((one) => one !== oldest);
      if (left.length > 0) this.kept.set(insns, left);
      else this.kept.delete(insns);
      this.slots -= oldest.slots;
    }
  }
}

const isSame = (a: ProgramSpec, b: ProgramSpec): boolean =>
  a.insns === b.insns && a.first === b.first && a.subprograms === b.subprograms && a.probes === b.probes;
