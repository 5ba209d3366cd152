// One build for all mutants, in a temporary directory: a copy of the sources in which each changed file lies beside the
// original under another name. The compiler checks the types of all of them at once, so that no mutant is killed merely
// for making no sense; a child process then loads the one file in place of the other.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import type { Variant } from "./collection.js";

export interface Build {
  /** By mutant id: URL of a compiled module -> file that takes its place. */
  readonly replacements: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** A file below `harness/`, compiled. */
  module(name: string): URL;
  /** Ids of variants that make no sense to the compiler: they were built, but say nothing. */
  readonly broken: ReadonlySet<string>;
  remove(): void;
}

const SOURCES = ["spec", "machine", "impl", "engines", "subjects", "properties", "harness"];
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
  exclude: ["**/*.test.ts", "engines/wasm/assembly", "spec/compiled/assembly"],
};

/** @param root a checkout: sources, tsconfig.json and node_modules. */
export async function buildVariants(root: string, variants: readonly Variant[]): Promise<Loaded<Build>> {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-mutants-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const module = (name: string): URL => pathToFileURL(path.join(directory, "dist", "harness", name));
  try {
    const replacements = copySources(directory, root, variants);
    const complaints = await compile(directory);
    const broken = new Set(variants.flatMap(({ id }) => (complaints.includes(`.${id}.ts`) ? [id] : [])));
    const others = complaints
      .split("\n")
      .filter((line) => / error /.test(line) && !/\.[A-Z]+\d+[a-z]?\.ts\(/.test(line));
    if (others.length === 0) return loaded({ replacements, module, broken, remove });
    remove();
    return refuse(unusable(others.slice(0, 5).join("; ")));
  } catch (error) {
    remove();
    return refuse(unusable(error instanceof Error ? error.message : String(error)));
  }
}

/** What is compiled from AssemblyScript; mutants of it are built each on its own. */
const WASM = ["engines/wasm/a64.wasm", "spec/compiled/bpf.wasm"];

function copySources(directory: string, root: string, variants: readonly Variant[]): Build["replacements"] {
  for (const name of [...SOURCES, "corpus", "tsconfig.json", "package.json"]) {
    cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(directory, "node_modules"));
  writeFileSync(path.join(directory, "tsconfig.mutants.json"), JSON.stringify(CONFIG));
  // Data files lie beside the compiled code that reads them.
  for (const name of SOURCES) {
    const isData = (file: string): boolean => !path.extname(file) || file.endsWith(".json");
    cpSync(path.join(root, name), path.join(directory, "dist", name), { recursive: true, filter: isData });
  }
  for (const wasm of WASM.map((file) => path.join("dist", file))) {
    if (existsSync(path.join(root, wasm)))
      cpSync(path.join(root, wasm), path.join(directory, wasm), { recursive: true });
  }
  const replacements = new Map<string, Record<string, string>>();
  for (const { id, files } of variants) {
    const replaced: Record<string, string> = {};
    for (const [file, text] of files) {
      const name = file.replace(/\.ts$/, `.${id}.ts`);
      writeFileSync(path.join(directory, name), text);
      const compiled = (source: string): string => path.join(directory, "dist", source.replace(/\.ts$/, ".js"));
      replaced[pathToFileURL(compiled(file)).href] = compiled(name);
    }
    replacements.set(id, replaced);
  }
  return replacements;
}

/** @returns what the compiler complains about; it writes its output all the same. */
async function compile(directory: string): Promise<string> {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const options = { cwd: directory, maxBuffer: 2 ** 26 };
  try {
    await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.mutants.json", "--pretty", "false"], options);
    return "";
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    if (stdout === undefined || stdout === "") throw error;
    return stdout;
  }
}

const unusable = (got: string): BadInput => ({
  ...{ subject: "mutants", expected: "sources that compile", got },
  next: "run from a checkout with its dependencies",
});
