// A built checkout of a revision, in a temporary worktree that is removed in the end; or the folder of one, left as it is.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Checkout {
  readonly folder: string;
  remove(): void;
}

/** @throws Error of one line if there is no such revision, or its packages cannot be installed, or it does not build */
export function checkoutOf(root: string, revision: string): Checkout {
  if (existsSync(path.join(revision, "dist", "cli", "rox.js"))) return { folder: revision, remove: () => {} };
  const folder = mkdtempSync(path.join(tmpdir(), "rox-bench-"));
  const git = (...args: readonly string[]): void => run("git", ["-C", root, ...args], root);
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    git("worktree", "prune");
  };
  try {
    git("worktree", "add", "--detach", "--force", folder, revision);
    if (lockOf(folder) === lockOf(root)) {
      symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    } else run("npm", ["ci", "--ignore-scripts"], folder);
    run("npm", ["run", "build"], folder);
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What packages it is built with. */
const lockOf = (folder: string): string => readFileSync(path.join(folder, "package-lock.json"), "utf8");

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  if (status === 0) return;
  const said = error?.message ?? String(stderr).trim().split("\n").at(-1) ?? "";
  throw new Error(`${command} ${args.join(" ")} fails in ${cwd}: ${said}`);
}
