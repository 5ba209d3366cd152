import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { makeFiles } from "../../testing/files.js";
import { SAMPLE } from "../../testing/report.js";
import { projectRoot } from "../project.js";
import type { ReportData } from "./data.js";
import { renderPage } from "./page.js";

const page = renderPage(SAMPLE);
const textOf = (html: string): string => html.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");

test("the page refers to nothing outside of itself", () => {
  const links = [...page.matchAll(/\b(?:src|href|action|srcset|poster)="([^"]*)"/g)].map(([, to]) => to ?? "");
  expect(links.filter((to) => !/^(#|data:)/.test(to))).toEqual([]);
  expect(page).not.toMatch(/@import|url\(/);
  // Names of namespaces are no addresses to fetch.
  expect(page.replaceAll(/http:\/\/www\.w3\.org\/\S+/g, "")).not.toMatch(/https?:/);
});

test("the verdict comes first, then the first finding and its replay, then what was run, then all findings", () => {
  const body = textOf(page.slice(page.indexOf("<body>")));
  const order = [
    "2 counterexamples",
    "First finding",
    "r0 differs",
    "npx rox run",
    "What was run",
    "What was not checked",
  ];
  order.push("timing &amp; speculation", "register r0 holds");
  const places = order.map((text) => body.indexOf(text));
  expect(places).not.toContain(-1);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
});

test("a finding shows both answers, the register that differs first, and the command", () => {
  const finding = textOf(page.slice(page.indexOf('id="gate-7-8"'), page.indexOf('id="gate-7-21"')));
  expect(finding).toContain("register r0 holds");
  expect(finding).toContain("w0 s%= 2 r0 differs after this");
  expect(finding).toContain("npx rox run .rox/findings/gate-7-8.bpf");
  expect(page).toContain("0x00000000<mark>ffffffff</mark>");
  expect(page).toContain("0x00000000<mark>00000001</mark>");
});

test("what a finding says is text, whatever it says", () => {
  expect(page).not.toContain('<script>document.title = "wrong"');
  expect(page).toContain("&lt;/pre&gt;&lt;script&gt;");
});

test("anchors and labels are unique and lead somewhere", () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id ?? "");
  expect(new Set(ids).size).toBe(ids.length);
  const wanted = [...page.matchAll(/(?:href="#|aria-labelledby="| for=")([^"]*)"/g)].flatMap(([, to]) =>
    to!.split(" "),
  );
  expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
});

test("data that went through a file draws the same page", () => {
  expect(renderPage(JSON.parse(JSON.stringify(SAMPLE)) as ReportData)).toBe(page);
});

test("a run that got to nothing has a page too", () => {
  const { packs: _, ...rest } = SAMPLE;
  const coverage = {
    lowerings: {},
    looked: 0,
    programs: 0,
    rowsMissing: [],
    rowsAll: 164,
  };
  const verdict = { state: "interrupted", headline: "Interrupted", detail: "" } as const;
  const text = textOf(renderPage({ ...rest, verdict, coverage, findings: [], pace: [], sizes: [] }));
  expect(text).toContain("None: all witnesses agreed");
  expect(text).toContain("No code was looked at");
  expect(text).toContain("Packs Not run: no history of this run put a program into a pack.");
});

test("the build puts what the page is written with beside the compiled page", () => {
  const out = makeFiles({});
  execFileSync(process.execPath, [path.join(projectRoot(), "scripts", "copy-data.mjs"), out]);
  for (const name of ["page.css", "page-script.js"]) {
    const built = readFileSync(path.join(out, "harness", "report", name), "utf8");
    expect(page).toContain(built);
  }
});
