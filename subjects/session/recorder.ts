// The machine's events of one step, kept for the oracles; and the moments between them, at which other CPUs get their
// turn. A store through the fixmap slot is told with the text address that it reaches.

import type { Va } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import type { Frame, Machine } from "../../machine/machine.js";
import { isAlias, type TraceEvent } from "../step.js";

export class Recorder {
  /** Of the current step. */
  events: TraceEvent[] = [];
  /** Told after each event, with its position in the step. */
  between: ((at: number) => void) | undefined;
  /** Where each page of executable memory is mapped. */
  private readonly placeOf = new Map<Frame, Va>();
  /** The page that the fixmap slot shows. */
  private shown: Va = 0;
  private paused = false;

  constructor(private readonly machine: Machine) {
    machine.onEvent = (event) => {
      if (!this.paused) this.hear(event);
    };
  }

  begin(between: ((at: number) => void) | undefined): void {
    this.events = [];
    this.between = between;
  }

  /** The first heap object that was allocated in this step. */
  get firstHeapObject(): Va | undefined {
    for (const event of this.events) if (event.kind === "alloc" && event.area === "kvmalloc") return event.va;
    return undefined;
  }

  /** Do something that is not part of the step. */
  aside<T>(action: () => T): T {
    const before = this.paused;
    this.paused = true;
    try {
      return action();
    } finally {
      this.paused = before;
    }
  }

  private hear(event: MachineEvent): void {
    if (event.kind === "map") this.mapped(event.va, event.bytes);
    const isTextWrite = event.kind === "write" && isAlias(event.va);
    this.events.push(isTextWrite ? this.textWrite(event) : event);
    if (this.between === undefined) return;
    const { between } = this;
    this.aside(() => between(this.events.length - 1));
  }

  private textWrite({ cpu, va, bytes }: MachineEvent & { readonly kind: "write" }): TraceEvent {
    return { kind: "textWrite", cpu, va: this.shown + (va % this.machine.pageBytes), alias: va, bytes };
  }

  private mapped(va: Va, bytes: number): void {
    const { machine, placeOf } = this;
    if (isAlias(va)) {
      this.shown = placeOf.get(machine.mapping(va)!.frame) ?? 0;
      return;
    }
    for (let page = va; page < va + bytes; page += machine.pageBytes) placeOf.set(machine.mapping(page)!.frame, page);
  }
}
