// A step that may crash the kernel under test.

import { NotModelled } from "../not-modelled.js";
import type { StepResult } from "../step.js";

/** A crash of kernel code cuts the step short. What the subject lacks is no crash, and ends the case. */
export function guarded(perform: () => StepResult): StepResult {
  try {
    return perform();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof NotModelled) throw error;
    return { kind: "crashed", error };
  }
}
