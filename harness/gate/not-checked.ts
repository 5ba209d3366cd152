// What a green gate does not say. Printed with every summary, so that nobody takes the gate for more than it is.

import { mutedBy } from "../../properties/oracles/index.js";
import { defaultSubject } from "../../subjects/index.js";
import type { AnySubject } from "../../subjects/program-subject.js";

export const NOT_CHECKED: readonly string[] = [
  "helpers, kfuncs and maps beyond those that the interpreter models",
  "programs that a verifier would refuse",
  "two CPUs in kernel code of which one holds a lock, and a detach while a CPU is inside the trampoline",
  "timing, speculation and weak memory order between CPUs",
];
/** Of our own JIT, which is a copy. */
const NOT_CHECKED_OF_A_COPY: readonly string[] = [
  "image bytes against a real kernel (rox golden does, on recordings)",
  "profile linux-6.12, beyond what its corpus entries show",
];

/** A line for each. */
export const notCheckedOf = (subject: AnySubject): readonly string[] => [
  ...NOT_CHECKED,
  ...(subject === defaultSubject ? NOT_CHECKED_OF_A_COPY : []),
  ...mutedBy(subject),
];
