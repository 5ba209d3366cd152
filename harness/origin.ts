// Where and when a run was made, for whoever looks at it later.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { projectRoot } from "./project.js";

export interface Origin {
  /** To the minute: `2024-01-24 12:30 UTC`. */
  readonly date: string;
  /** With its architecture, and the version of Node. */
  readonly host: string;
  /** Of roxcheck's checkout, `-dirty` if files of it were changed. Absent in an installed package. */
  readonly commit?: string | undefined;
}

export const originOf = (now = new Date()): Origin => ({
  date: `${now.toISOString().slice(0, 16).replace("T", " ")} UTC`,
  host: `${hostname()}, ${process.arch}, Node ${process.versions.node}`,
  ...commitOf(projectRoot()),
});

function commitOf(directory: string): Pick<Origin, "commit"> {
  if (!existsSync(path.join(directory, ".git"))) return {};
  try {
    const words = ["-C", directory, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    return { commit: execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() };
  } catch {
    return {};
  }
}

/** What roxcheck it was. */
export const versionText = (version: string, commit: string | undefined): string =>
  commit === undefined ? version : `${version}, commit ${commit}`;

/** The earlier one; of one moment, one that does not depend on the order. */
export const earlierOf = (a: Origin, b: Origin): Origin =>
  JSON.stringify([a.date, a.host]) <= JSON.stringify([b.date, b.host]) ? a : b;
