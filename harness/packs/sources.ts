// Where long histories of loads and frees come from: a workload, a history, or a recording of a kernel's allocations.

import type { RoAddr } from "../../machine/address.js";
import { isTrace, readTraceOp } from "../../properties/recordings/allocations.js";
import { CHUNK_BYTES, HEADER_BYTES, packedBytes } from "../../spec/pack/allocator.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { LINUX_6_12, machineFor, type Subject, type SubjectTrampolines } from "../../subjects/subject.js";
import { textOf } from "../../subjects/trampoline/kernel-text.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { loadWorkload } from "../cost/cost.js";
import { requestOf } from "../cost/kernel-target.js";
import { Programs } from "../cost/programs.js";
import { stepsOf } from "../cost/workload.js";
import { refuseFault, WorkloadFault, WorkloadRun, type WorkloadTarget } from "../cost/workload-run.js";
import { RECORDING_EXTENSIONS, readRecords } from "../golden/records.js";
import { loadHistory } from "../history-file.js";
import { packHistory } from "../report/pack-map.js";
import type { SizeEvent } from "./over-time.js";

export async function sizeEvents(name: string, subject: Subject, seed: number): Promise<Loaded<readonly SizeEvent[]>> {
  const read = await readEvents(name, subject, seed);
  if (!read.ok || read.value.some(({ kind }) => kind === "load")) return read;
  return refuse({ subject: name, expected: "at least one load", got: "none", next: "name another file" });
}

function readEvents(
  name: string,
  subject: Subject,
  seed: number,
): Loaded<readonly SizeEvent[]> | Promise<Loaded<readonly SizeEvent[]>> {
  if (name.endsWith(".history")) return ofHistory(name, subject);
  if (RECORDING_EXTENSIONS.some((extension) => name.endsWith(extension))) return ofRecording(name);
  return ofWorkload(name, subject, seed);
}

function ofHistory(name: string, subject: Subject): Loaded<readonly SizeEvent[]> {
  const history = loadHistory(name);
  if (!history.ok) return history;
  const { events } = packHistory(history.value, name, subject);
  return loaded(
    events.flatMap((event): SizeEvent[] => {
      if (event.kind === "free") return [{ kind: "free", id: event.id }];
      return event.kind === "load" ? [{ kind: "load", id: event.id, bytes: event.bytes, code: event.used }] : [];
    }),
  );
}

async function ofRecording(name: string): Promise<Loaded<readonly SizeEvent[]>> {
  const events: SizeEvent[] = [];
  for await (const record of readRecords(name)) {
    if (!record.ok) return record;
    const { json } = record.value;
    const op = isTrace(json) ? readTraceOp(json) : "a program";
    if (typeof op === "string") {
      const next = "name a recording of loads and frees";
      return refuse({ subject: record.value.name, expected: "a load or a free", got: op, next });
    }
    if (op.op === "free") events.push({ kind: "free", id: op.id });
    else if (op.op === "load") events.push(loadOf(op.id, op.jitedLen + LITERAL_BYTES));
  }
  return loaded(events);
}

const loadOf = (id: number, imageBytes: number): SizeEvent => ({
  ...{ kind: "load", id, bytes: packedBytes(imageBytes), code: HEADER_BYTES + imageBytes },
});

function ofWorkload(name: string, subject: Subject, seed: number): Loaded<readonly SizeEvent[]> {
  const workload = loadWorkload(name);
  if (!workload.ok) return workload;
  const sizes = new SizeTarget(subject, new Programs(seed));
  const run = new WorkloadRun(sizes, new Draw(randomSource(seed, 2)));
  try {
    for (const { step } of stepsOf(workload.value, seed)) run.step(step);
  } catch (error) {
    return refuseFault(workload.value, error);
  }
  return loaded(sizes.events);
}

/** A program, and the trampoline that leads to it, by the numbers of their loads. */
interface Sized {
  readonly id: number;
  trampoline?: number;
}

/** Only sizes are asked for: nothing is loaded. */
class SizeTarget implements WorkloadTarget<Sized> {
  readonly events: SizeEvent[] = [];
  private readonly trampolines: Pick<SubjectTrampolines, "archBpfTrampolineSize">;

  constructor(
    private readonly subject: Subject,
    private readonly programs: Programs,
  ) {
    const kernel = subject.boot({ machine: machineFor(subject, subject.fixed ?? {}), random: () => 0 });
    this.trampolines = kernel.trampolines(textOf(false));
  }

  load({ name, slots, contents }: Parameters<WorkloadTarget<Sized>["load"]>[0]): Sized {
    const bytes = this.subject.imageBytes(this.programs.make(slots, contents), LINUX_6_12);
    if (typeof bytes !== "number") throw new WorkloadFault(`${name} is not compiled: ${bytes?.kind ?? "nobody knows"}`);
    return { id: this.take(loadOf(this.events.length, bytes)) };
  }

  free({ id }: Sized): void {
    this.events.push({ kind: "free", id });
  }

  /** The new trampoline is there before the old one goes. */
  attach(target: Sized, programs: readonly Sized[]): void {
    const request = requestOf(TEXT, Array<RoAddr>(programs.length).fill(TEXT));
    const size = this.trampolines.archBpfTrampolineSize(request);
    if (!size.ok) throw new WorkloadFault(`a trampoline for ${programs.length} programs is refused: ${size.error}`);
    const bytes = Math.ceil(size.bytes / CHUNK_BYTES) * CHUNK_BYTES;
    const id = this.take({ kind: "load", id: this.events.length, bytes, code: size.bytes });
    this.detach(target);
    target.trampoline = id;
  }

  detach(target: Sized): void {
    if (target.trampoline !== undefined) this.events.push({ kind: "free", id: target.trampoline });
    delete target.trampoline;
  }

  private take(event: SizeEvent): number {
    this.events.push(event);
    return event.id;
  }
}

/** Any place in text: sizes count every call as far. */
const TEXT = 0x8000_8300_0000 as RoAddr;
