// A campaign's report for a browser, written by `rox fuzz --report` and by `rox report`.

import { readCampaign } from "../harness/loop/read.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";

/** Returns the exit code: `code`, or bad input if there is no campaign or no writing there. */
export async function saveCampaignPage(io: Io, campaign: string, directory: string, code: number): Promise<number> {
  const read = readCampaign(campaign);
  if (!read.ok) return complain(io, read.error);
  // Loaded only where it is wanted: the plotting library is large.
  const { campaignData } = await import("../harness/report/campaign-data.js");
  const { writePage } = await import("../harness/report/page.js");
  const written = writePage(directory, await campaignData(campaign, read.value));
  if (!written.ok) return complain(io, written.error);
  io.err(`rox: the report is ${written.value}\n`);
  return code;
}
