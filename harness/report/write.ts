// Where the report goes: one file, so that a browser opens it from anywhere and a build server can keep it.

import path from "node:path";
import type { Loaded } from "../bad-input.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import type { ReportData } from "./data.js";
import { renderPage } from "./page.js";

/** Write `index.html` into the directory, which is made. Returns its path. */
export function writePage(directory: string, data: ReportData): Loaded<string> {
  const made = makeDirectory(directory);
  return made.ok ? writeOutputFile(path.join(directory, "index.html"), renderPage(data)) : made;
}
