// What the machine is to hear of: stores to where code may come to lie, in one piece as long as they follow each other, and
// maintenance, of lines that follow each other in one piece.

import type { Va } from "../../machine/address.js";
import { ALL, type Machine } from "../../machine/machine.js";
import { Maintenance } from "../maintenance.js";

type Kind = "write" | "clean" | "invalidate";

export class Notes {
  private readonly maintenance = new Maintenance();
  private pending: { readonly kind: Kind; from: Va; end: Va } | undefined;

  /** @param afterwards is called whenever the machine was told something: others may have done anything meanwhile */
  constructor(
    private readonly machine: Machine,
    private readonly cpu: number,
    private readonly afterwards: () => void,
  ) {}

  /** @returns false if what is pending has to be told first. */
  note(kind: Kind, va: Va, bytes: number): boolean {
    const { pending } = this;
    if (pending === undefined) {
      this.pending = { kind, from: va, end: va + bytes };
      return true;
    }
    if (pending.kind !== kind || va > pending.end || va + bytes < pending.from) return false;
    pending.from = Math.min(pending.from, va);
    pending.end = Math.max(pending.end, va + bytes);
    return true;
  }

  tell(): void {
    const { pending } = this;
    if (pending === undefined) return;
    this.pending = undefined;
    const { kind, from, end } = pending;
    if (kind !== "write") this.maintenance.add(kind, from, end - from);
    else this.act(() => this.machine.stored(from, end - from));
  }

  /** A whole instruction cache, or translations: all, or those of a page. */
  begin(kind: "invalidate" | "translations", va: Va, bytes: number = ALL): void {
    this.tell();
    this.maintenance.add(kind, va, bytes);
  }

  /** Maintenance that has no effect here, but that a barrier must complete. */
  beginNothing(): void {
    this.tell();
    this.maintenance.isUnderWay = true;
  }

  /** @returns whether there was anything to complete. */
  complete(): boolean {
    if (this.pending?.kind !== "write") this.tell();
    if (!this.maintenance.isUnderWay) return false;
    this.tell();
    this.act(() => this.maintenance.complete(this.machine));
    return true;
  }

  synchronize(): void {
    this.tell();
    this.act(() => this.machine.contextSync());
  }

  private act(action: () => void): void {
    this.machine.runOn(this.cpu, action);
    this.afterwards();
  }
}
