// What all pages have in common: one file that needs no other, its style, and a rule that a browser keeps to.

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { type Html, html, raw } from "./html.js";

/** A browser keeps to it: whatever a finding's text says, nothing is fetched and no other script runs. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' " +
  "fill='%23246a73'/%3E%3Cpath d='M4 8.5l2.5 2.5L12 5.5' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E";

/** Text of a file that lies beside this one, in the sources as in the build: see `scripts/copy-data.mjs`. */
export const beside = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** Write `index.html` into the directory, which is made. Returns its path. */
export function writeIndex(directory: string, text: string): Loaded<string> {
  const made = makeDirectory(directory);
  return made.ok ? writeOutputFile(path.join(directory, "index.html"), text) : made;
}

export function htmlPage(title: string, body: Html): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${raw(beside("page.css"))}</style>
<script>document.documentElement.className = "js";</script>
</head>
<body>
${body}
</body>
</html>
`;
  return page.text;
}

export const footer = (version: string): Html =>
  html`<footer><p>Written by roxcheck ${version}. The page needs no network.</p></footer>`;
