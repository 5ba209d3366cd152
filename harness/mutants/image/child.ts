// What a child process runs: the attempt at one edit of a kernel image, or at the image as it is.

import { Worker } from "node:worker_threads";
import { edited } from "../../../subjects/linux/edit.js";
import { linuxSubject } from "../../../subjects/linux/index.js";
import { readTypedImage } from "../../../subjects/linux/open.js";
import { machineFor, type QuirkId, type Subject } from "../../../subjects/subject.js";
import { attempt, crashed, processorSeconds, type Task } from "../attempt.js";
import type { FromChild } from "../child.js";
import { IMAGE_EDITS } from "./edits.js";
import { imageSearches } from "./searches.js";

/** Plain data. */
export interface ImageTask extends Task {
  readonly file: string;
  /** Undefined for the image as it is. */
  readonly edit: string | undefined;
  /** Defects of the image as it is. */
  readonly known: readonly QuirkId[];
}

const send = (message: FromChild): unknown => process.send?.(message);

/** Seconds beyond the time of the search and of shrinking: for reading the image, and one step that takes long. */
const GRACE = 25;

process.once("message", (task: ImageTask) => {
  const limit = processorSeconds() + (task.budgetMs + task.shrinkMs) / 1000 + GRACE;
  new Worker(new URL("../watchdog.js", import.meta.url), { workerData: limit, execArgv: [] }).unref();
  let isOver = false;
  let witness: Extract<FromChild, { kind: "done" }>["witness"];
  const end: Parameters<typeof attempt>[2] = (ended) => {
    isOver = true;
    send({ kind: "ended", attempt: ended });
  };
  try {
    witness = attempt(task, imageSearches(subjectOf(task), task.seed), end);
  } catch (error) {
    // Of what the machine code does: it fails when the kernel boots, or where nobody expects it to.
    if (!isOver) end(crashed("boot", error, 0, 0));
  }
  send({ kind: "done", witness });
  process.disconnect?.();
});
send({ kind: "ready" });

/** @throws Error if the edit is not in the memory that runs */
function subjectOf({ file, edit: id, known }: ImageTask): Subject {
  const read = readTypedImage(file);
  if (!read.ok) throw new Error(read.error.got);
  const rest = { known: new Set(known), isExact: true };
  const name = `linux:${file}`;
  const edit = IMAGE_EDITS.find((one) => one.id === id);
  if (edit === undefined) return { ...linuxSubject(name, read.value), ...rest };
  const made = edited(read.value, edit);
  if (typeof made === "string") throw new Error(made);
  const subject = { ...linuxSubject(name, made.image), ...rest };
  const machine = machineFor(subject);
  subject.boot({ machine, random: () => 0 });
  const there = machine.peek32(made.va);
  if (there !== made.after) throw new NotApplied(`${made.place} holds 0x${there.toString(16)}, not the edit`);
  return subject;
}

class NotApplied extends Error {
  override readonly name = "NotApplied";
}
