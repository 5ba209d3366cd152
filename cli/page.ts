// Reports for a browser: `--report` of the gate and of campaigns, and `rox report`.

import { readCampaign } from "../harness/loop/read.js";
import type { ReportData } from "../harness/report/data.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";

/** Returns the exit code: `code`, or bad input if there is no writing there. */
export async function savePage(
  io: Io,
  directory: string,
  data: () => Promise<ReportData>,
  code: number,
): Promise<number> {
  // Loaded only where it is wanted: the plotting library is large.
  const { writePage } = await import("../harness/report/page.js");
  const written = writePage(directory, await data());
  if (!written.ok) return complain(io, written.error);
  io.err(`rox: the report is ${written.value}\n`);
  return code;
}

/** The same of a campaign's directory, which must be one. */
export async function saveCampaignPage(io: Io, campaign: string, directory: string, code: number): Promise<number> {
  const read = readCampaign(campaign);
  if (!read.ok) return complain(io, read.error);
  const { campaignData } = await import("../harness/report/campaign-data.js");
  return savePage(io, directory, () => campaignData(campaign, read.value), code);
}
