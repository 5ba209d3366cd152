// A small campaign with findings, for tests: its witnesses refuse every division and every free of something.

import { referenceEngine } from "../engines/reference/engine.js";
import { runCampaign } from "../harness/loop/campaign.js";
import { type CaseChecker, type CaseCheckers, makeCaseCheckers } from "../harness/loop/case-checker.js";
import { createCampaign } from "../harness/loop/directory.js";
import { inlinePool } from "../harness/loop/pool.js";
import { type ReadCampaign, readCampaign } from "../harness/loop/read.js";
import { WHOLE } from "../harness/loop/shard.js";
import { FORMAT } from "../harness/loop/state.js";
import { version } from "../harness/project.js";
import type { Verdict } from "../properties/verdict.js";
import type { History } from "../subjects/action.js";
import type { Case } from "../subjects/case.js";
import { defaultSubject } from "../subjects/index.js";

const real = makeCaseCheckers({ engines: [referenceEngine] });

const objecting = (checker: CaseChecker, objection: (c: unknown) => Verdict | undefined): CaseChecker => ({
  ...checker,
  check(c, notice) {
    const tried = checker.check(c, notice);
    return { ...tried, verdict: objection(c) ?? tried.verdict };
  },
});

const NO_DIVISION = { oracle: "compiles", reason: "no division", where: "compilation", expected: "an image" };
const NO_FREE = { oracle: "no-leak", reason: "objects", where: "step 3", expected: "no breach" };

/** Every program that has a division, and every history that loads and frees, is answered wrong. */
export const wrongCheckers: CaseCheckers = {
  ...real,
  programs: objecting(real.programs!, (c) =>
    (c as Case).program.code.flat().some(({ row }) => row.kind === "alu" && row.op === "div")
      ? { kind: "disagree", ...NO_DIVISION, got: "no division" }
      : undefined,
  ),
  histories: objecting(real.histories!, (c) =>
    ["load", "free"].every((wanted) => (c as History).actions.some(({ kind }) => kind === wanted))
      ? { kind: "disagree", ...NO_FREE, got: "3 objects are left" }
      : undefined,
  ),
};

export async function smallCampaign(directory: string): Promise<ReadCampaign> {
  const opened = createCampaign(directory, {
    ...{ format: FORMAT, version: version(), seed: 7, shard: WHOLE, lanes: 8, chunk: 8, feedback: true },
    ...{ engine: "reference", kinds: ["programs", "histories"] },
  });
  if (!opened.ok) throw new Error(opened.error.got);
  const limits = { cases: 64, ms: 1e9, stop: new AbortController().signal, shrink: { runs: 500, ms: 1e9 } };
  await runCampaign(
    opened.value,
    inlinePool({ subject: defaultSubject, checkers: wrongCheckers }),
    wrongCheckers,
    limits,
  );
  opened.value.close();
  const read = readCampaign(directory);
  if (!read.ok) throw new Error(read.error.got);
  return read.value;
}
