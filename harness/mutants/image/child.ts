// What a child process runs: the searches for edits of a kernel image, one after the other, and at the image as it is.

import { placeEdit, withEdit } from "../../../subjects/linux/edit.js";
import { linuxSubject } from "../../../subjects/linux/index.js";
import { readTypedImage } from "../../../subjects/linux/open.js";
import { machineFor, type QuirkId, type Subject } from "../../../subjects/subject.js";
import type { Task } from "../search-mutant.js";
import { serve } from "../serve.js";
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

/** All tasks of a process are of one image. */
let opened: ReturnType<typeof readTypedImage> | undefined;

serve<ImageTask>({
  // For reading the image, and one step that takes long.
  grace: 25,
  // Of what the machine code does: it fails when the kernel boots, or where nobody expects it to.
  beginning: "boot",
  searches: (task) => {
    const asItIs = task.edit === undefined ? undefined : () => subjectOf({ ...task, edit: undefined });
    return imageSearches(subjectOf(task), task.seed, asItIs);
  },
});

/** @throws Error if the edit is not in the memory that runs */
function subjectOf({ file, edit: id, known }: ImageTask): Subject {
  opened ??= readTypedImage(file);
  const read = opened;
  if (!read.ok) throw new Error(read.error.got);
  const rest = { known: new Set(known), isExact: true };
  const name = `linux:${file}`;
  const edit = IMAGE_EDITS.find((one) => one.id === id);
  if (edit === undefined) return { ...linuxSubject(name, read.value), ...rest };
  const made = placeEdit(read.value, edit);
  if (typeof made === "string") throw new Error(made);
  const subject = { ...linuxSubject(name, withEdit(read.value, made)), ...rest };
  const machine = machineFor(subject);
  subject.boot({ machine, random: () => 0 });
  const there = machine.peek32(made.va);
  if (there !== made.after) throw new NotApplied(`${made.place} holds 0x${there.toString(16)}, not the edit`);
  return subject;
}

class NotApplied extends Error {
  override readonly name = "NotApplied";
}
