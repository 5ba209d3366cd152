import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { smallCampaign } from "../../testing/campaign.js";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";
import { mergeCampaigns } from "../loop/merge.js";
import { readCorpus } from "./store.js";

test("a campaign that was merged is minimized to its findings and to seeds that reach all of it", async () => {
  const files = makeFiles({});
  const [campaign, all, out] = [path.join(files, "c"), path.join(files, "all"), path.join(files, "out")];
  const { state, findings } = await smallCampaign(campaign);
  expect(mergeCampaigns(all, [campaign])).toMatchObject({ ok: true });
  const first = await capture(["corpus", "minimize", all, "--out", out]);
  expect(first).toMatchObject({ code: 1, err: "" });
  expect(first.out).toContain(`reach ${state.points.size} of ${state.points.size} coverage points`);
  const { entries } = readCorpus([out]);
  const seeds = readCorpus([path.join(campaign, "seeds")]).entries;
  expect(entries.length).toBeLessThan(seeds.length + findings.length);
  const kept = new Set(entries.map(({ id }) => id));
  for (const { shrunk, facts } of findings) {
    expect(
      [...kept].some((id) => shrunk.includes(id)),
      facts.name,
    ).toBe(true);
  }
  // Without a seed, a point is missing and is not passed over.
  const needed = seeds.find(({ id }) => kept.has(id))!;
  rmSync(path.join(all, "seeds", path.basename(needed.file)));
  const lacking = await capture(["corpus", "minimize", all]);
  expect(lacking).toMatchObject({ code: 2 });
  expect(lacking.err).toMatch(/expected a case for each coverage point, got no case for \d+ points?/);
  expect(await capture(["corpus", "minimize", all, campaign])).toMatchObject({ code: 2, out: "" });
});
