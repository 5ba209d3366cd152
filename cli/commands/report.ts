// `rox report`: a campaign as a page for a browser, whether it has ended or is at work.

import path from "node:path";
import { type Define, examples } from "../command.js";
import { CLEAN } from "../io.js";
import { saveCampaignPage } from "../page.js";

export const defineReport: Define = (program, io, finish) => {
  program
    .command("report")
    .description("Write a campaign's report for a browser, also while the campaign is at work.")
    .argument("<campaign>", "the directory that rox fuzz was given as --out")
    .option("--out <dir>", "where index.html goes (default: report, in the campaign's directory)")
    .addHelpText("after", examples(["rox report campaign", "rox report .rox/fuzz-7 --out public"]))
    .action(async (campaign: string, flags: { readonly out?: string }) =>
      finish(await saveCampaignPage(io, campaign, flags.out ?? path.join(campaign, "report"), CLEAN)),
    );
};
