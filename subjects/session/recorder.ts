// What the machine did in the current step: its events, for oracles; the moments between them, at which other CPUs get
// their turn; and the images that were published. A store through the fixmap slot is told with the text address that it reaches.

import type { Va } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import type { Frame, Machine } from "../../machine/machine.js";
import type { Disturbance } from "../action.js";
import { isAlias, type TraceEvent } from "../step.js";
import type { SubjectKernel } from "../subject.js";

const WORD_BYTES = 8;

/** What happens while a step is performed. */
export interface Recording {
  readonly fails?: Disturbance["fails"];
  /** Called after each event with its position in the step. */
  readonly between?: ((at: number) => void) | undefined;
  /** Whether oracles get the events: reading them costs as much as a small load. */
  readonly isLogged?: boolean;
  /** A run, which allocates nothing that is the kernel's: there is nothing to account for. */
  readonly isRun?: boolean;
}

export class Recorder {
  events: TraceEvent[] = [];
  /** By event, where the kernel's own code was; empty unless asked for. */
  places: (string | undefined)[] = [];
  /** The writable images as they were when the first byte of each was copied into text, in order: until the next step. */
  published: Uint8Array[] = [];
  /** Areas that became executable. */
  executable: Va[] = [];
  /** The first heap object that was allocated and is still there. */
  firstHeapObject: Va | undefined;
  /** Called after each event with its position in the step. */
  private between: ((at: number) => void) | undefined;
  /** Where each page of executable memory is mapped. */
  private readonly placeOf = new Map<Frame, Va>();
  /** The page that the fixmap slot shows. */
  private shown: Va = 0;
  private paused = false;
  /** Heap objects that were allocated, in order. */
  private buffers: { readonly va: Va; readonly bytes: number }[] = [];
  /** Areas that were allocated and are not executable yet. */
  private readonly areas = new Set<Va>();
  /** The buffer that is being copied. */
  private copied: Va | undefined;
  /** Where the published images of this step lie, one behind the other. */
  private copies = new Uint8Array(4096);
  private copiedBytes = 0;

  /**
   * @param isInPlace images are written where they will run, as before the series
   * @param located asked at each event where it is
   */
  constructor(
    private readonly machine: Machine,
    private readonly isInPlace: boolean,
    private readonly located?: Pick<SubjectKernel, "where"> | undefined,
  ) {
    machine.onEvent = (event) => {
      if (!this.paused) this.record(event);
    };
  }

  begin(between: ((at: number) => void) | undefined): void {
    // Whoever has them keeps them; most steps are runs, which leave none.
    if (this.events.length > 0) this.events = [];
    if (this.places.length > 0) this.places = [];
    if (this.published.length > 0) this.published = [];
    if (this.executable.length > 0) this.executable = [];
    this.copiedBytes = 0;
    this.between = between;
    this.firstHeapObject = undefined;
    this.copied = undefined;
    if (this.buffers.length > 0) this.buffers = [];
    // To empty what is empty takes longer than to look.
    if (this.areas.size > 0) this.areas.clear();
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

  private record(event: MachineEvent): void {
    this.events.push(this.noted(event));
    if (this.located?.where !== undefined) this.places.push(this.located.where());
    const { between } = this;
    if (between !== undefined) this.aside(() => between(this.events.length - 1));
  }

  private noted(event: MachineEvent): TraceEvent {
    switch (event.kind) {
      case "map":
        this.mapped(event.va, event.bytes);
        return event;
      case "alloc":
        if (event.area === "vmalloc") this.areas.add(event.va);
        else {
          this.firstHeapObject ??= event.va;
          this.buffers.push(event);
        }
        return event;
      case "free":
        if (event.va === this.copied) this.copied = undefined;
        // What a kernel only needed for a moment, such as a table while it measures a trampoline, is no record of one.
        if (event.va === this.firstHeapObject) this.firstHeapObject = undefined;
        return event;
      case "setPermission":
        if (event.permission === "rox" && this.areas.delete(event.va)) this.madeExecutable(event);
        return event;
      case "write":
        return isAlias(event.va) ? this.textWrite(event) : event;
      default:
        return event;
    }
  }

  private madeExecutable({ va, bytes }: { readonly va: Va; readonly bytes: number }): void {
    this.executable.push(va);
    if (this.isInPlace) this.publish(va, bytes);
  }

  private textWrite({ cpu, va, bytes, from }: MachineEvent & { readonly kind: "write" }): TraceEvent {
    const buffer =
      from === undefined || this.copied !== undefined ? undefined : this.buffers.findLast((one) => one.va === from);
    if (buffer !== undefined) {
      this.copied = from;
      this.publish(buffer.va, buffer.bytes);
    }
    return { kind: "textWrite", cpu, va: this.shown + (va % this.machine.pageBytes), alias: va, bytes };
  }

  private publish(va: Va, bytes: number): void {
    const from = this.copiedBytes;
    const end = from + bytes;
    // Earlier images stay where they are.
    if (end > this.copies.length) this.copies = new Uint8Array(2 * end);
    const image = this.copies.subarray(from, end);
    this.machine.peekInto(va, image);
    this.published.push(image);
    this.copiedBytes = Math.ceil(end / WORD_BYTES) * WORD_BYTES;
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
