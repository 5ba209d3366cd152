// A detach as a kernel does it that can pass over single programs (since 7.2): all that is attached is removed first. Should the
// entry keep leading to the trampoline, it calls none of them.

import type { Skip, Tramp } from "../step.js";
import type { Attachments } from "./attachments.js";
import type { Executor } from "./executor.js";
import type { Models } from "./models.js";
import type { LiveProgram } from "./prepared.js";

interface Followers {
  readonly attachments: Attachments;
  readonly executor: Executor;
  readonly models: Models;
  readonly tramps: Map<number, Tramp>;
  /** What became of the word before each program; nothing where a kernel has no such words. */
  readonly skips: Skip[];
}

export function removeAll(
  target: LiveProgram,
  from: Tramp,
  { attachments, executor, models, tramps, skips }: Followers,
): void {
  for (const word of from.releases) executor.patched.add(word);
  attachments.removeEach(target, (place, error) => {
    skips.push(models.passedOver(target.id, place, error));
  });
  const left = attachments.attached.get(target.id);
  if (left !== undefined) tramps.set(target.id, { ...from, answer: left.answer });
}
