// What a campaign came to, for its page and for what is compared with it.

import { defaultSubject } from "../../subjects/index.js";
import { foundCause } from "../counterexample.js";
import type { ReadCampaign } from "../loop/read.js";
import type { RunSummary } from "./baseline.js";

export function campaignSummary({ settings, state, findings }: ReadCampaign): RunSummary {
  const { subject = defaultSubject.name, version, origin, seed } = settings;
  const found = findings.map(({ facts, shrunk }) => foundCause(facts, shrunk, ""));
  return {
    ...{ format: 1, command: "rox fuzz", subject, version, commit: origin?.commit, seed },
    date: origin?.date ?? "an unknown date",
    findings: found.map(({ cause = "", title }) => ({ cause, title })),
    points: [...state.points.keys()].sort(),
    speed: { perSecond: perSecond(state), unit: "cases a second" },
  };
}

export const perSecond = ({ sums, elapsedMs }: ReadCampaign["state"]): number =>
  sums.cases / Math.max(0.001, elapsedMs / 1000);
