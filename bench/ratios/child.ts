// Measures the workloads of one build, when it is told to: a process of its own, so that no build sees what another has
// compiled or left on the heap. Forked by `ratios.ts` with the folder of the build and what is under test.

import { type Batch, WORKLOADS } from "./workloads.js";

const [, , build = "", subject] = process.argv;

/** Measure so many cases of a workload, from an index on. */
export interface Order {
  readonly workload: number;
  readonly from: number;
  readonly cases: number;
}

/** Processor time of all threads of the process, and how many cases agreed. */
export interface Measured {
  readonly ms: number;
  readonly compared: number;
}

const opened = new Map<number, Promise<Batch>>();

process.on("message", async ({ workload, from, cases }: Order) => {
  const known = opened.get(workload) ?? WORKLOADS[workload]!.open(build, subject);
  opened.set(workload, known);
  const batch = await known;
  const before = process.cpuUsage();
  const compared = batch(from, cases);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ ms: (user + system) / 1000, compared } satisfies Measured);
});
