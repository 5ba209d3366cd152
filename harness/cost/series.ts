// Older versions of the series: source edits of ours, built aside and run in a process of their own, so that what runs has
// no switches for them. Needs a checkout.

import path from "node:path";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import { buildVariants } from "../mutants/build.js";
import { type Variant, variantOf } from "../mutants/collection.js";
import { parseMutant } from "../mutants/mutant.js";
import { forkVariant } from "../mutants/run-child.js";
import { projectRoot } from "../project.js";
import type { FromCostChild, ToCostChild } from "./child.js";
import type { WorkloadOptions, WorkloadResult } from "./run-workload.js";
import type { Workload } from "./workload.js";

/** The last is what our sources are as they stand. */
export const SERIES = ["v3", "v4", "v5", "v6"] as const;
export type SeriesVersion = (typeof SERIES)[number];
export const PRESENT: SeriesVersion = "v6";

export type OldVersion = Exclude<SeriesVersion, "v6">;

/** The sources of an old version. */
export function sourcesOf(version: OldVersion): Loaded<Variant> {
  const root = projectRoot();
  const file = path.join(root, "mutants", "versions", `${version}.edits`);
  const text = readTextFile(file);
  if (!text.ok) {
    return refuse({
      ...{ subject: `--series ${version}`, expected: "a checkout, with mutants/versions", got: "none" },
      next: `run from a checkout, or leave ${version} out`,
    });
  }
  const mutant = parseMutant(file, "versions", text.value);
  return mutant.ok ? variantOf(root, mutant.value) : mutant;
}

/** Runs a workload on each of these versions, one after the other. */
export async function runVersions(
  versions: readonly OldVersion[],
  workload: Workload,
  options: Omit<WorkloadOptions, "subject" | "stop">,
  stop: AbortSignal,
): Promise<Loaded<ReadonlyMap<OldVersion, WorkloadResult>>> {
  const variants: Variant[] = [];
  for (const version of versions) {
    const variant = sourcesOf(version);
    if (!variant.ok) return variant;
    variants.push(variant.value);
  }
  const result = new Map<OldVersion, WorkloadResult>();
  if (variants.length === 0) return loaded(result);
  const built = await buildVariants(projectRoot(), variants);
  if (!built.ok) return built;
  const build = built.value;
  try {
    for (const [i, { id }] of variants.entries()) {
      if (stop.aborted) break;
      const version = versions[i]!;
      const complaint = build.broken.get(id);
      if (complaint !== undefined) return refuse(broken(version, complaint));
      const child = forkVariant(build, id, "cost/child.js", stop);
      const task: ToCostChild = { workload, options };
      const { message, said } = await child.ask<FromCostChild>(task);
      if (message === undefined) return refuse(broken(version, said));
      if (message.kind === "fault") return refuse(broken(version, message.why));
      result.set(version, message.result);
    }
    return loaded(result);
  } finally {
    build.remove();
  }
}

const broken = (version: OldVersion, got: string) => ({
  ...{ subject: `mutants/versions/${version}.edits`, expected: "a version that runs the workload", got },
  next: "carry the edits over to the present source",
});
