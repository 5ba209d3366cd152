// The code of a loaded program against what our own JIT makes of the same functions at the same places, for a kernel image of
// a version whose profile says that they must be equal.

import { defaultSubject } from "../../subjects/index.js";
import type { LiveProgram } from "../../subjects/session/prepared.js";
import type { ProgramSession } from "../../subjects/session/program-session.js";
import type { Subject } from "../../subjects/subject.js";
import type { Disagreement } from "../verdict.js";
import { compareFunctions, type Difference } from "./compare.js";
import { likeImage } from "./images.js";

/** Who objects to another code. */
export const SAME_CODE = "same-code";

/** Undefined if all is equal, or nobody says that it must be. */
export function differenceFromImpl(
  subject: Subject,
  session: Pick<ProgramSession, "compiled">,
  live: LiveProgram,
): Difference | undefined {
  if (subject.profile === undefined) return undefined;
  const { codes, lse } = live.prepared;
  const like = likeImage(subject);
  const env = { ...like, lse: like.lse && lse };
  const theirs = session.compiled(live);
  let at = 0;
  for (const { length } of codes) {
    const [first, end] = [at, at + length];
    at = end;
    const functions = live.program.functions.slice(first, end).map(({ fn }) => fn);
    const mine = defaultSubject.compile(functions, env, (index) => theirs[first + index]!.roImage);
    if (!mine.ok) return { kind: "refused", what: "by A: our own JIT refuses it" };
    const pairs = mine.images.map(
      (image, i) =>
        [
          { fn: functions[i]!, image },
          { fn: functions[i]!, image: theirs[first + i]! },
        ] as const,
    );
    if (pairs.every(([a, b]) => isEqual(a.image, b.image))) continue;
    const [found] = compareFunctions(pairs, [
      { subject: defaultSubject, env },
      { subject, env },
    ]);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Image = ReturnType<ProgramSession["compiled"]>[number];
/** The code alone: most images have no exception table, and are equal. */
const isEqual = (a: Image, b: Image): boolean =>
  a.jitedBytes === b.jitedBytes &&
  a.entries === 0 &&
  b.entries === 0 &&
  Buffer.compare(a.image.subarray(0, a.jitedBytes), b.image.subarray(0, a.jitedBytes)) === 0;

/** With `--exact` a difference is a failure. */
export const otherCode = ({ kind, what, form, place }: Difference): Disagreement => ({
  ...{ kind: "disagree", oracle: SAME_CODE, reason: describeDifference({ kind, what, ...(form && { form }) }) },
  where:
    place === undefined ? "code" : `code, ${typeof place.part === "number" ? `instruction ${place.part}` : place.part}`,
  expected: "the code of our own JIT in the profile of its version",
  got: describeDifference({ kind, what, ...(form && { form }) }),
});

/** One line. */
export const describeDifference = ({ kind, what, form }: Difference): string =>
  form === undefined ? `${kind}: ${what}` : `${form}: ${what.replace(" | ", " with us, ")} here`;
