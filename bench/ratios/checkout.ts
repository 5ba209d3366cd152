// A built checkout of a revision, in a temporary worktree that is removed in the end; or the folder of one, left as it is.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface Checkout {
  readonly folder: string;
  remove(): void;
}

/** @throws Error if there is no such revision, or it does not build with the packages that are installed now */
export function checkoutOf(root: string, revision: string): Checkout {
  if (existsSync(path.join(revision, "dist", "cli", "rox.js"))) return { folder: revision, remove: () => {} };
  const folder = mkdtempSync(path.join(tmpdir(), "rox-bench-"));
  const git = (...args: readonly string[]): void => {
    execFileSync("git", ["-C", root, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  };
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    git("worktree", "prune");
  };
  try {
    git("worktree", "add", "--detach", "--force", folder, revision);
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    execFileSync("npm", ["run", "build"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
