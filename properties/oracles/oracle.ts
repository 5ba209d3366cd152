// What an oracle is. Oracles only look at steps (`subjects/step.ts`). `index.ts` lists them; whoever plays a history asks
// them after every step.

import type { Scene, Step } from "../../subjects/step.js";

export interface Oracle {
  readonly name: string;
  /** One sentence. */
  readonly statement: string;
  /** Where the series or the kernel says so. */
  readonly source: string;
  /** Is asked about a step that a crash cut short, too: nothing else means anything then. */
  readonly seesCrashes?: true;
  /** After a step: one line for each breach. The cost is in proportion to what the step touched. */
  check(step: Step): readonly string[];
  /** At the end of a history: everything, whatever it costs. */
  sweep?(scene: Scene): readonly string[];
}

/** No breach. Shared, since nearly every check ends like this. */
export const PASS: readonly string[] = [];
