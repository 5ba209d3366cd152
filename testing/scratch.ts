// One folder for everything that a run of the tests writes, which goes when the run ends: tests ask for the system's
// temporary folder or the user's cache folder, and so do the processes that they start.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export default function makeScratch(): () => void {
  const before = { TMPDIR: process.env.TMPDIR, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  const folder = mkdtempSync(path.join(tmpdir(), "rox-tests-"));
  process.env.TMPDIR = folder;
  process.env.XDG_CACHE_HOME = path.join(folder, "cache");
  return () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
