// One build for all mutants, in a temporary directory: a copy of the sources in which each changed file lies beside the
// original under another name. The compiler checks the types of all of them at once, so that no mutant is killed merely
// for making no sense; a child process then loads the one file in place of the other.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { applyEdits, type Mutant } from "./mutant.js";

export interface Build {
  /** By mutant id: URL of a compiled module -> file that takes its place. */
  readonly replacements: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Of `harness/mutants/`, compiled. */
  module(name: string): URL;
  remove(): void;
}

const SOURCES = ["spec", "machine", "impl", "engines", "properties", "harness"];
const CONFIG = {
  extends: "./tsconfig.json",
  compilerOptions: {
    noEmit: false,
    outDir: "dist",
    rootDir: ".",
    // A mutant often leaves an import or a parameter unused.
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: SOURCES,
  exclude: ["**/*.test.ts", "engines/wasm/assembly"],
};

/** @param root a checkout: sources, tsconfig.json and node_modules. */
export async function buildMutants(root: string, mutants: readonly Mutant[]): Promise<Loaded<Build>> {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-mutants-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const built = await buildIn(directory, root, mutants).catch((error: unknown) => refuse(broken(error)));
  if (!built.ok) {
    remove();
    return built;
  }
  const module = (name: string): URL => pathToFileURL(path.join(directory, "dist", "harness", "mutants", name));
  return loaded({ replacements: built.value, module, remove });
}

async function buildIn(
  directory: string,
  root: string,
  mutants: readonly Mutant[],
): Promise<Loaded<Build["replacements"]>> {
  for (const name of [...SOURCES, "tsconfig.json", "package.json"]) {
    cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(directory, "node_modules"));
  writeFileSync(path.join(directory, "tsconfig.mutants.json"), JSON.stringify(CONFIG));
  const replacements = new Map<string, Record<string, string>>();
  for (const mutant of mutants) {
    const replaced: Record<string, string> = {};
    for (const file of new Set(mutant.edits.map((edit) => edit.file))) {
      const changed = applyEdits(mutant, file, readFileSync(path.join(root, file), "utf8"));
      if (!changed.ok) return changed;
      const name = file.replace(/\.ts$/, `.${mutant.id}.ts`);
      writeFileSync(path.join(directory, name), changed.value);
      const compiled = (source: string): string => path.join(directory, "dist", source.replace(/\.ts$/, ".js"));
      replaced[pathToFileURL(compiled(file)).href] = compiled(name);
    }
    replacements.set(mutant.id, replaced);
  }
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const wasm = path.join("dist", "engines", "wasm", "a64.wasm");
  if (existsSync(path.join(root, wasm))) cpSync(path.join(root, wasm), path.join(directory, wasm), { recursive: true });
  await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.mutants.json"], { cwd: directory });
  return loaded(replacements);
}

function broken(error: unknown): BadInput {
  const { stdout, message } = error as { readonly stdout?: string; readonly message?: string };
  const came = (stdout ?? message ?? String(error)).trim().split("\n").slice(0, 5).join("; ");
  return {
    subject: "mutants",
    expected: "sources that compile",
    came,
    next: "run from a checkout with its dependencies",
  };
}
