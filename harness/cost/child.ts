// What runs a workload in a process whose module loader serves an older version of the series.

import { runWorkload, type WorkloadOptions, type WorkloadResult } from "./run-workload.js";
import type { Workload } from "./workload.js";
import { WorkloadFault } from "./workload-run.js";

export interface ToCostChild {
  readonly workload: Workload;
  readonly options: Omit<WorkloadOptions, "subject" | "stop">;
}
export type FromCostChild =
  | { readonly kind: "ran"; readonly result: WorkloadResult }
  | { readonly kind: "fault"; readonly why: string };

process.once("message", ({ workload, options }: ToCostChild) => {
  const send = (message: FromCostChild): void => void process.send?.(message, () => process.disconnect?.());
  try {
    send({ kind: "ran", result: runWorkload(workload, options) });
  } catch (error) {
    if (!(error instanceof WorkloadFault)) throw error;
    send({ kind: "fault", why: error.message });
  }
});
