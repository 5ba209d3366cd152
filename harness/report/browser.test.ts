// The page in a real browser. ROX_CHROMIUM names the program; with a sandbox of its own it does not start as root.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ITLB_MODELS } from "../../machine/itlb/models.js";
import { defaultSubject } from "../../subjects/index.js";
import { smallCampaign } from "../../testing/campaign.js";
import { triesAll } from "../../testing/law.js";
import { SAMPLE } from "../../testing/report.js";
import { available } from "../../testing/required.js";
import { loadWorkload } from "../cost/cost.js";
import { fillOverTime } from "../packs/over-time.js";
import { SURROUNDINGS } from "../tlb/stresser.js";
import { tlbOf } from "../tlb/tlb.js";
import { campaignData } from "./campaign-data.js";
import type { ReportData } from "./data.js";
import { writeOverTimePage } from "./over-time-page.js";
import { writePage } from "./page.js";
import { writeTlbPage } from "./tlb-page.js";

const PROGRAM = process.env.ROX_CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const canRun = available("chromium", () =>
  existsSync(PROGRAM) ? undefined : `there is no ${PROGRAM}; install Debian's chromium or set ROX_CHROMIUM`,
);

test("the browser is there, or it was said that it is not", () => {
  expect(canRun).toBe(existsSync(PROGRAM));
});

if (canRun)
  describe("the report in a browser", () => {
    const directory = mkdtempSync(path.join(tmpdir(), "rox-report-"));
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    let address: string;
    const requests: string[] = [];
    const complaints: string[] = [];

    beforeAll(async () => {
      const written = writePage(directory, SAMPLE);
      if (!written.ok) throw new Error(written.error.got);
      browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
      context = await browser.newContext();
      page = await context.newPage();
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      address = pathToFileURL(written.value).href;
      await page.goto(address);
    });

    afterAll(async () => {
      await browser?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    /** One of each sort of page. */
    const writtenPages = async (): Promise<readonly string[]> => {
      const campaign = path.join(directory, "audited");
      const data = await campaignData(campaign, await smallCampaign(campaign));
      const workload = loadWorkload("stresser");
      if (!workload.ok) throw new Error(workload.error.got);
      const surroundings = { ...SURROUNDINGS, events: 20 };
      const tlb = tlbOf(workload.value, { subject: defaultSubject, model: ITLB_MODELS[0]!, seed: 1, surroundings });
      const loads = [1, 2, 3].map((id) => ({ kind: "load", id, bytes: 640, code: 600 }) as const);
      const written = [
        writePage(path.join(directory, "image"), IMAGE),
        writePage(path.join(campaign, "report"), { ...data, baseline: { ...SAMPLE.summary, command: "rox fuzz" } }),
        writeOverTimePage(path.join(directory, "packs"), "three loads", loads.length, fillOverTime(loads)),
        tlb.ok ? writeTlbPage(path.join(directory, "tlb"), tlb.value) : tlb,
      ];
      return [address, ...written.map((page) => (page.ok ? pathToFileURL(page.value).href : page.error.got))];
    };

    const shown = (selector: string): Promise<number> => page.locator(`${selector}:visible`).count();
    const clear = () => page.getByRole("button", { name: "Clear" }).click();

    test("opens with its verdict, without complaints and without asking for anything but itself", async () => {
      expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("2 counterexamples");
      expect(await page.title()).toBe("2 counterexamples · rox gate");
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([address]);
    });

    test("findings unfold, by pointer and by key, and so does the event log", async () => {
      const second = page.locator("#gate-7-21");
      expect(await second.getAttribute("open")).toBeNull();
      await second.locator("> summary").click();
      expect(await second.getByText("an image").isVisible()).toBe(true);
      await second.locator("> summary").press("Enter");
      expect(await second.getByText("an image").isVisible()).toBe(false);
      const log = page.locator("#gate-7-8").getByText("Event log, 2 lines");
      expect(await page.getByText("cpu 0 alloc vmalloc").isVisible()).toBe(false);
      await log.press("Space");
      expect(await page.getByText("cpu 0 alloc vmalloc").isVisible()).toBe(true);
    });

    test("an address with a finding's name opens it", async () => {
      await page.goto(`${address}#gate-7-21`);
      expect(await page.locator("#gate-7-21").getAttribute("open")).not.toBeNull();
    });

    test("the filter keeps findings and rows that match, by name and by group", async () => {
      const name = page.getByLabel("Row or oracle");
      await name.fill("smod32");
      expect([await shown(".finding"), await shown(".family")]).toEqual([1, 2]);
      expect(await page.locator(".filter output").innerText()).toBe("1 of 2 findings, 2 rows");
      expect(await page.locator(".heat-row > :not(.faded):visible").allTextContents()).toEqual([
        "smod32 imm",
        "smod32 reg",
      ]);
      await name.fill("nothing like this");
      expect([await shown(".finding"), await shown(".family"), await shown(".no-match")]).toEqual([0, 0, 1]);
      await clear();
      expect([await shown(".finding"), await shown(".family"), await shown(".no-match")]).toEqual([2, 7, 0]);
      await page.getByLabel("Group").selectOption("atomic64");
      expect([await shown(".finding"), await shown(".family")]).toEqual([1, 1]);
      await clear();
      expect(await page.locator(".faded").count()).toBe(0);
    });

    test("filtering does not move the rows that stay", async () => {
      const row = page.locator(".heat-row > [data-row='add imm']");
      const before = await row.boundingBox();
      await page.getByLabel("Row or oracle").fill("imm");
      expect((await row.boundingBox())?.x).toBe(before?.x);
      await clear();
      expect(await row.boundingBox()).toEqual(before);
    });

    test("the replay command is copied", async () => {
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      const command = page.locator("#gate-7-8 .command");
      await command.getByRole("button").click();
      await command.getByRole("button", { name: "Copied" }).waitFor();
      expect(await page.evaluate("navigator.clipboard.readText()")).toBe("npx rox run .rox/findings/gate-7-8.bpf");
    });

    test.each(["light", "dark"] as const)("on a phone nothing scrolls sideways, %s", async (colorScheme) => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme });
      await page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    });

    test.each(["light", "dark"] as const)("text stands out from its ground, %s", async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const poor = (await page.evaluate(POOR_CONTRAST)) as readonly string[];
      expect(poor).toEqual([]);
    });

    test("the first key leads to the findings, and every stop of the keyboard can be seen", async () => {
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.goto("about:blank");
      await page.goto(address);
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.className")).toBe("skip");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.activeElement.id")).toBe("main");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.id")).toBe("filter-text");
      for (let stop = 0; stop < 12; stop++) {
        await page.keyboard.press("Tab");
        expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), `stop ${stop}`).toBe(
          "solid",
        );
      }
    });

    test("a campaign's page opens without complaints, its findings unfold by key and are filtered by oracle", async () => {
      const campaign = path.join(directory, "campaign");
      const data = await campaignData(campaign, await smallCampaign(campaign));
      const written = writePage(path.join(campaign, "report"), data);
      if (!written.ok) throw new Error(written.error.got);
      complaints.length = 0;
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(pathToFileURL(written.value).href);
      expect(await page.title()).toBe(`${data.findings.length} findings · rox fuzz`);
      for (const { name } of data.findings.slice(1)) {
        const finding = page.locator(`#${name}`);
        await finding.locator("> summary").press("Enter");
        expect(await finding.locator(".body").isVisible()).toBe(true);
        expect(await finding.locator(".copy").first().isVisible()).toBe(true);
      }
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      const name = page.getByLabel("Row or oracle");
      await name.fill("compiles");
      expect(await shown(".finding")).toBe(data.findings.filter(({ oracle }) => oracle === "compiles").length);
      await name.fill("no-leak");
      expect(await shown(".finding")).toBe(1);
      expect(await page.locator(".finding:visible .history .slot").count()).toBeGreaterThan(0);
      await name.fill("worker-hang");
      expect(await shown(".finding")).toBe(0);
      expect(await page.locator("#speed svg").count()).toBe(2);
      expect(await page.evaluate(POOR_CONTRAST)).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test("axe finds nothing serious, on any page, narrow and wide, light and dark", async () => {
      const pages = await writtenPages();
      const audited = await (await browser.newContext({ bypassCSP: true })).newPage();
      for (const where of pages) {
        await audited.goto(where);
        await audited.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })");
        await audited.addScriptTag({ path: AXE });
        for (const { width, colorScheme } of triesAll() ? LOOKS : FEW_LOOKS) {
          await audited.setViewportSize({ width, height: 900 });
          await audited.emulateMedia({ colorScheme });
          expect(await audited.evaluate(SERIOUS), `${where} ${width} ${colorScheme}`).toEqual([]);
          expect(await audited.evaluate("document.documentElement.scrollWidth"), where).toBe(width);
          expect(await audited.evaluate(BROKEN_NUMBERS), `${where} ${width}`).toEqual([]);
        }
      }
    });

    test("axe objects to what is wrong", async () => {
      const audited = await (await browser.newContext({ bypassCSP: true })).newPage();
      await audited.goto(address);
      await audited.addScriptTag({ path: AXE });
      await audited.evaluate("document.querySelector('#filter-text').previousElementSibling.remove()");
      await audited.evaluate("document.querySelector('#filter-text').removeAttribute('placeholder')");
      expect(await audited.evaluate(SERIOUS)).toEqual([expect.stringContaining("label")]);
    });

    test.each([
      [390, 844],
      [1280, 800],
    ])("verdict, first finding and its replay are above the fold at %d by %d", async (width, height) => {
      await page.setViewportSize({ width, height });
      await page.goto(address);
      for (const what of ["h1", ".lead a", ".lead .command"]) {
        const box = await page.locator(what).first().boundingBox();
        expect(box!.y + box!.height, what).toBeLessThanOrEqual(height);
      }
    });

    test("numbers of the matrix can be read at 1280 pixels", async () => {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(address);
      const small = await page.evaluate(SMALL_NUMBERS);
      expect(small).toEqual([]);
    });

    test("without a script everything is there but the filter", async () => {
      const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
      await plain.goto(address);
      expect(await plain.locator(".finding").count()).toBe(2);
      expect(await plain.locator(".filter").isVisible()).toBe(false);
      expect(await plain.locator(".copy").first().isVisible()).toBe(false);
    });
  });

/** In the page: numbers of the matrix that are drawn with less than 11 pixels. */
const SMALL_NUMBERS = `(() => [...document.querySelectorAll(".heat-count text")].flatMap((text) => {
  const drawing = text.ownerSVGElement;
  const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
  const size = scale * parseFloat(getComputedStyle(text).fontSize);
  return size < 11 ? [text.textContent + " " + size] : [];
}))()`;

type Look = { readonly width: number; readonly colorScheme: "light" | "dark" };
const LOOKS = [390, 1280, 1600].flatMap((width): readonly Look[] => [
  { width, colorScheme: "light" },
  { width, colorScheme: "dark" },
]);
/** Where there is least room, and where there is most. */
const FEW_LOOKS: readonly Look[] = [
  { width: 390, colorScheme: "light" },
  { width: 1600, colorScheme: "dark" },
];

/** A clean run on a kernel image, whose name is long. */
const IMAGE_NAME = `linux:/${"a-folder/".repeat(12)}vmlinuz-6.12.117+deb12-arm64`;
const IMAGE: ReportData = {
  ...SAMPLE,
  verdict: { state: "ok", headline: "All 326 cases agree", detail: "Checked in 35.0 s." },
  facts: [{ name: "Subject", value: IMAGE_NAME }, ...SAMPLE.facts],
  again: `npx rox gate --subject '${IMAGE_NAME}' --seed 5 --programs 60`,
  findings: [],
};

/** In the page: numbers in cells of tables that go on in the next line. */
const BROKEN_NUMBERS = `[...document.querySelectorAll("td, th")].filter((cell) => {
  const text = cell.firstChild;
  if (cell.offsetParent === null || text?.nodeType !== 3 || !/^[\\d,.]+$/.test(text.textContent.trim())) return false;
  const range = document.createRange();
  range.selectNodeContents(text);
  return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1;
}).map(({ textContent }) => textContent)`;

const AXE = createRequire(import.meta.url).resolve("axe-core");
/** In the page: rules that are broken in a serious way, with how often. That all lies in landmarks is never serious. */
const SERIOUS = `axe.run(document, { resultTypes: ["violations"], rules: { region: { enabled: false } } }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => id + " " + nodes.length + ": " + nodes[0].html.slice(0, 200)))`;

/** In the page: elements with text of their own whose colour has a contrast of less than 4.5 on what is behind it. */
const POOR_CONTRAST = `(() => {
  const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!own || element.offsetParent === null || element.tagName === "OPTION") continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) poor.add(element.tagName + "." + element.className + " " + contrast.toFixed(2));
  }
  return [...poor];
})()`;
