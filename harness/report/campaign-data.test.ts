import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { smallCampaign } from "../../testing/campaign.js";
import { campaignData } from "./campaign-data.js";
import { renderPage } from "./page.js";

const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-campaign-page-")), "c");

test("a campaign's page has its findings, its coverage and what it reached over its time", async () => {
  const directory = scratch();
  const data = await campaignData(directory, await smallCampaign(directory));
  expect(data.verdict).toMatchObject({ state: "failed", headline: `${data.findings.length} findings` });
  expect(data.findings.length).toBeGreaterThan(1);
  expect(new Set(data.findings.map(({ oracle }) => oracle))).toEqual(new Set(["compiles", "no-leak"]));
  for (const { listing, actions, replay, times, oracle } of data.findings) {
    const isProgram = oracle === "compiles";
    expect(isProgram ? listing.length : actions?.length).toBeGreaterThan(0);
    expect(replay).toMatch(isProgram ? /^npx rox run \S+\/case\.bpf$/ : /^npx rox history \S+\/case\.history$/);
    expect(times).toBeGreaterThan(0);
  }
  expect(data.coverage.lowerings["mov imm"]?.constant1).toBeGreaterThan(5);
  expect(data.growth?.at(-1)?.points).toBeGreaterThan(300);
  expect(data.growth?.at(-1)?.findings).toBe(data.findings.length);
  const page = renderPage(data);
  expect(page).toContain(`<title>${data.verdict.headline} · rox fuzz</title>`);
  expect(page).toContain("Speed and growth");
});
