// The project compiled into a temporary directory, for tests of processes and worker threads, which the test runner's own
// compilation does not reach.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

/** Of a copy that nobody else sees: what is compiled once a run of the tests. */
export function buildProject(): Build {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-build-"));
  const dist = path.join(directory, "dist");
  cpSync(compiledOnce(), dist, { recursive: true });
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

const LONGEST_MS = 120_000;
const LOOK_MS = 50;

/** The first of the run's processes that asks compiles, in the run's own temporary folder; the others wait for it. */
function compiledOnce(): string {
  const directory = path.join(tmpdir(), "rox-compiled");
  const [dist, said] = ["dist", "said"].map((name) => path.join(directory, name)) as [string, string];
  if (isMadeHere(directory))
    writeFileSync(
      said,
      problemOf(() => compileTo(dist)),
    );
  for (let waited = 0; !existsSync(said); waited += LOOK_MS) {
    if (waited >= LONGEST_MS) throw new Error(`nobody has compiled the project into ${dist} for ${LONGEST_MS} ms`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  }
  const problem = readFileSync(said, "utf8");
  if (problem !== "") throw new Error(problem);
  return dist;
}

function isMadeHere(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Empty if there is none. */
function problemOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    const { message, stdout } = error as { readonly message: string; readonly stdout?: Buffer };
    return `${message}\n${stdout ?? ""}`;
  }
}

/** What is made of AssemblyScript is taken as it was built. */
const WASM = ["engines/wasm/a64.wasm", "spec/compiled/bpf.wasm"];

function compileTo(dist: string): void {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const options = ["--sourceMap", "false", "--declaration", "false"];
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", dist, ...options], { cwd: ROOT });
  execFileSync(process.execPath, [path.join(ROOT, "scripts", "copy-data.mjs"), dist]);
  for (const file of WASM) {
    const built = path.join(ROOT, "dist", file);
    if (existsSync(built)) cpSync(built, path.join(dist, file));
  }
}
