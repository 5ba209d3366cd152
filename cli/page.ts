// Reports for a browser: `--report` of the gate and of campaigns, and `rox report`.

import { type Loaded, loaded, refuse } from "../harness/bad-input.js";
import { isCampaign } from "../harness/loop/directory.js";
import { readCampaign } from "../harness/loop/read.js";
import { type RunSummary, readSummary } from "../harness/report/baseline.js";
import { campaignSummary } from "../harness/report/campaign-summary.js";
import type { ReportData } from "../harness/report/data.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";

interface PagePlace {
  readonly directory: string;
  readonly baseline?: RunSummary | undefined;
}

interface PageFlags {
  readonly report?: string | undefined;
  readonly baseline?: string | undefined;
}

/** Read before the run, which may write its report into the same folder. Undefined where no page is wanted. */
export function pagePlace({ report, baseline }: PageFlags): Loaded<PagePlace | undefined> {
  if (report === undefined) {
    if (baseline === undefined) return loaded(undefined);
    const next = "say with --report where the page goes";
    return refuse({ subject: "--baseline", expected: "--report with it", got: "none", next });
  }
  if (baseline === undefined) return loaded({ directory: report });
  const read = isCampaign(baseline) ? summaryOfCampaign(baseline) : readSummary(baseline);
  return read.ok ? loaded({ directory: report, baseline: read.value }) : read;
}

function summaryOfCampaign(directory: string): Loaded<RunSummary> {
  const read = readCampaign(directory);
  return read.ok ? loaded(campaignSummary(read.value)) : read;
}

/** Returns the exit code: `code`, or bad input if there is no writing there. */
export async function savePage(
  io: Io,
  { directory, baseline }: PagePlace,
  data: () => Promise<ReportData>,
  code: number,
): Promise<number> {
  // Loaded only where it is wanted: the plotting library is large.
  const { writePage } = await import("../harness/report/page.js");
  const written = writePage(directory, { ...(await data()), ...(baseline === undefined ? {} : { baseline }) });
  if (!written.ok) return complain(io, written.error);
  io.err(`rox: the report is ${written.value}\n`);
  return code;
}

/** The same of a campaign's directory, which must be one. */
export async function saveCampaignPage(io: Io, campaign: string, place: PagePlace, code: number): Promise<number> {
  const read = readCampaign(campaign);
  if (!read.ok) return complain(io, read.error);
  const { campaignData } = await import("../harness/report/campaign-data.js");
  return savePage(io, place, () => campaignData(campaign, read.value), code);
}
