// `rox report`: a campaign as a page for a browser, whether it has ended or is at work.

import path from "node:path";
import { complain, type Define, examples } from "../command.js";
import { CLEAN } from "../io.js";
import { pagePlace, saveCampaignPage } from "../page.js";

export const defineReport: Define = (program, io, finish) => {
  program
    .command("report")
    .description("Write a campaign's report for a browser, also while the campaign is at work.")
    .argument("<campaign>", "the directory that rox fuzz was given as --out")
    .option("--out <dir>", "where index.html goes (default: report, in the campaign's directory)")
    .option("--baseline <dir>", "what is new, gone, gained and lost since that report or campaign")
    .addHelpText(
      "after",
      examples(["rox report campaign", "rox report .rox/fuzz-7 --out public --baseline .rox/fuzz-6"]),
    )
    .action(async (campaign: string, flags: { readonly out?: string; readonly baseline?: string }) => {
      const place = pagePlace({ report: flags.out ?? path.join(campaign, "report"), baseline: flags.baseline });
      if (!place.ok) return finish(complain(io, place.error));
      return finish(await saveCampaignPage(io, campaign, place.value!, CLEAN));
    });
};
