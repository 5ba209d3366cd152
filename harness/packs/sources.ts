// Where long histories of loads and frees come from: a workload, a history, or a recording of a kernel's allocations.

import { isTrace, readTraceOp } from "../../properties/recordings/allocations.js";
import { HEADER_BYTES, packedBytes } from "../../spec/pack/allocator.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { LINUX_6_12, type Subject } from "../../subjects/subject.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { loadWorkload } from "../cost/cost.js";
import { Programs } from "../cost/programs.js";
import { stepsOf } from "../cost/workload.js";
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
  const programs = new Programs(seed);
  const draw = new Draw(randomSource(seed, 2));
  const ids = new Map<string, number>();
  const events: SizeEvent[] = [];
  for (const { step } of stepsOf(workload.value, seed)) {
    if (step.kind === "load") {
      const bytes = subject.imageBytes(programs.make(step.slots, step.contents), LINUX_6_12);
      if (typeof bytes !== "number") continue;
      ids.set(step.name, events.length);
      events.push(loadOf(events.length, bytes));
    } else if (step.kind === "free" && ids.size > 0) {
      const freed = step.name ?? draw.pick([...ids.keys()]);
      const id = ids.get(freed);
      ids.delete(freed);
      if (id !== undefined) events.push({ kind: "free", id });
    }
  }
  return loaded(events);
}
