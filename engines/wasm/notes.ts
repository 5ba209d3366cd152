// What the interpreter has gathered for the machine to hear of: stores to where code may come to lie, and maintenance.

import type { Machine } from "../../machine/machine.js";
import { Maintenance } from "../maintenance.js";
import type { Host } from "./host.js";
import * as at from "./layout.js";

export class Notes {
  private readonly maintenance = new Maintenance();

  constructor(
    private readonly machine: Machine,
    private readonly cpu: number,
  ) {}

  /** @returns how to tell the machine, if there is something that it must hear of now. */
  take(host: Host): (() => void) | undefined {
    const kind = host.words[at.PENDING / 4];
    if (kind === 0) return undefined;
    host.words[at.PENDING / 4] = 0;
    const from = host.lowAddress(at.PENDING_FROM);
    const bytes = host.lowAddress(at.PENDING_END) - from;
    if (kind === at.PENDING_WRITE) return () => this.machine.runOn(this.cpu, () => this.machine.stored(from, bytes));
    this.maintenance.add(kind === at.PENDING_CLEAN ? "clean" : "invalidate", from, bytes);
    this.show(host);
    return undefined;
  }

  /** Maintenance that is not of a line: the interpreter stopped at it. */
  begin(host: Host): void {
    this.maintenance.begin(host.words[at.STOP_BYTES / 4]!, host.wide[at.STOP_ADDRESS / 8]!);
    this.show(host);
  }

  complete(): void {
    this.machine.runOn(this.cpu, () => this.maintenance.complete(this.machine));
  }

  /** Have the interpreter know whether a DSB has anything to complete. */
  show(host: Host): void {
    host.words[at.UNDER_WAY / 4] = this.maintenance.isUnderWay ? 1 : 0;
  }
}
