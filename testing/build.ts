// The project compiled into a temporary directory, for tests of processes and worker threads, which the test runner's own
// compilation does not reach.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Build {
  /** Of the compiled `rox` command. */
  readonly rox: string;
  /** Change a compiled file in place; the text to replace must be there once. @returns what undoes it */
  plant(file: string, from: string, to: string): () => void;
  remove(): void;
}

export function buildProject(): Build {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-build-"));
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const dist = path.join(directory, "dist");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", dist, "--sourceMap", "false"], {
    cwd: ROOT,
  });
  execFileSync(process.execPath, [path.join(ROOT, "scripts", "copy-data.mjs"), dist]);
  cpSync(path.join(ROOT, "package.json"), path.join(directory, "package.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(directory, "node_modules"));
  return {
    rox: path.join(dist, "cli", "rox.js"),
    plant(file, from, to) {
      const name = path.join(dist, file);
      const before = readFileSync(name, "utf8");
      if (before.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
      writeFileSync(name, before.replace(from, to));
      return () => writeFileSync(name, before);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
