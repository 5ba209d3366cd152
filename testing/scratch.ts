// One folder for everything that a run of the tests writes, which goes when the run ends: tests ask for the system's
// temporary folder or the user's cache folder, and so do the processes that they start.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PREFIX = "rox-tests-";

/** Asked by each project of the suite: the first makes the folder, and the others find it made. */
export default function makeScratch(): () => void {
  // A folder in a folder for each would soon be too long for the name of a socket, of which a browser needs one.
  if (path.basename(tmpdir()).startsWith(PREFIX)) return () => {};
  const before = { TMPDIR: process.env.TMPDIR, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  const folder = mkdtempSync(path.join(tmpdir(), PREFIX));
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
