// What plays a workload in a process whose module loader serves an older version of the series.

import { type Played, type PlayOptions, playWorkload } from "./play.js";
import { WorkloadFault } from "./player.js";
import type { Workload } from "./workload.js";

export interface ToCostChild {
  readonly workload: Workload;
  readonly options: Omit<PlayOptions, "subject" | "stop">;
}
export type FromCostChild =
  | { readonly kind: "played"; readonly played: Played }
  | { readonly kind: "fault"; readonly why: string };

process.once("message", ({ workload, options }: ToCostChild) => {
  const send = (message: FromCostChild): void => void process.send?.(message, () => process.disconnect?.());
  try {
    send({ kind: "played", played: playWorkload(workload, options) });
  } catch (error) {
    if (!(error instanceof WorkloadFault)) throw error;
    send({ kind: "fault", why: error.message });
  }
});
