import path from "node:path";
import { expect, test } from "vitest";
import { referenceEngine } from "../engines/reference/engine.js";
import { wasmEngine } from "../engines/wasm/engine.js";
import { openSubject } from "../subjects/open.js";
import { isKernel } from "../subjects/program-subject.js";
import type { QuirkId } from "../subjects/subject.js";
import { linuxKernels } from "../testing/linux-kernels.js";
import { withDefects } from "../testing/with-defects.js";
import { findInCounts, findKnownDefects } from "./find-known.js";

test.each([
  [[]],
  [["copyFaultIgnored"]],
  [["finalizeFailureSize"]],
  [["finalizeFailureCharge"]],
  [["extraPassFailureKeepsImage"]],
  [["copyFaultIgnored", "finalizeFailureSize", "finalizeFailureCharge", "extraPassFailureKeepsImage"]],
] as const)("failures of a load are told from each other: with %s, these are found", (ids) => {
  const ofLoads = ["copyFaultIgnored", "finalizeFailureSize", "finalizeFailureCharge", "extraPassFailureKeepsImage"];
  const found = findKnownDefects(withDefects(ids), referenceEngine);
  expect(ofLoads.filter((id) => found.has(id as QuirkId))).toEqual(ids);
});

test.each([[[]], [["emptySlotsCount"]], [["returnedCallsForgotten"]]] as const)(
  "how tail calls count is told by what programs return: with %s, these are found",
  (ids) => {
    expect(findInCounts(withDefects(ids), wasmEngine)).toEqual(ids);
  },
);

/** Of Linux 6.12.117 all but what newer ones brought, and what only a very long program shows. */
const IN_6_12: readonly QuirkId[] = [
  ...(["arenaStoreImmBase", "exclusiveAliasedBase", "staleTail"] as const),
  ...(["finalizeFailureSize", "finalizeFailureCharge", "copyFaultIgnored", "extraPassFailureKeepsImage"] as const),
  ...(["freeLeaksOffsets", "secondFlush", "trampolineRefusalLeak"] as const),
  ...(["pltPageWritable", "pltResetFirst", "newPackNotFlushed"] as const),
];

const kernels = linuxKernels().filter((file) => path.basename(file).startsWith("vmlinuz-6.12.117"));
test.runIf(kernels.length > 0).each(kernels)("all known defects of %s are found", { timeout: 300_000 }, (file) => {
  const opened = openSubject(`linux:${file}`);
  if (!opened.ok || !isKernel(opened.subject)) throw new Error("no kernel");
  expect([...findKnownDefects(opened.subject, wasmEngine)].sort()).toEqual([...IN_6_12].sort());
});
