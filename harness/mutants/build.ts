// One build for all mutants, in a temporary directory: a copy of the sources in which each changed file lies beside the
// original under another name. The compiler checks the types of all of them at once, so that no mutant is killed merely
// for making no sense; a child process then loads the one file in place of the other.

import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import type { Variant } from "./collection.js";
import { ASSEMBLY, type InterpreterBuilt, type InterpreterOrder } from "./interpreter.js";

export interface Build {
  /** By mutant id: URL of a compiled module -> file that takes its place. */
  readonly replacements: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** A file below `harness/`, compiled. */
  module(name: string): URL;
  /** By id of a variant that makes no sense to the compiler, what it says: such a one was built, but tells nothing. */
  readonly broken: ReadonlyMap<string, string>;
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
  exclude: ["**/*.test.ts", "engines/wasm/assembly", ASSEMBLY],
};

const CONFIG_FILE = "tsconfig.mutants.json";

/** @param root a checkout: sources, tsconfig.json and node_modules. */
export async function buildVariants(root: string, variants: readonly Variant[]): Promise<Loaded<Build>> {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-mutants-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const module = (name: string): URL => pathToFileURL(path.join(directory, "dist", "harness", name));
  try {
    const interpreters = variants.filter(isInterpreter);
    const typed = variants.filter((one) => !isInterpreter(one));
    const replacements = copySources(directory, root, typed);
    const complaints = errorsOf(await compile(directory, CONFIG_FILE));
    const broken = new Map<string, string>();
    for (const { id } of typed) {
      const first = complaints.find((line) => line.includes(`.${id}.ts(`));
      if (first !== undefined) broken.set(id, first.replace(`.${id}.ts(`, ".ts("));
    }
    for (const { id, complaint } of await buildInterpreters(directory, interpreters)) {
      if (complaint !== undefined) broken.set(id, complaint);
      else replacements.set(id, interpreterOf(directory, id));
    }
    for (const variant of typed) {
      if (variant.files.size < 2 || !broken.has(variant.id)) continue;
      const alone = await buildAlone(directory, variant, typed);
      if (alone.complaint === undefined) broken.delete(variant.id);
      else broken.set(variant.id, alone.complaint);
      replacements.set(variant.id, alone.replaced);
    }
    const others = complaints.filter((line) => !/\.[A-Z]+\d+[a-z]?\.ts\(/.test(line));
    if (others.length === 0) return loaded({ replacements, module, broken, remove });
    remove();
    return refuse(unusable(others.slice(0, 5).join("; ")));
  } catch (error) {
    remove();
    return refuse(unusable(error instanceof Error ? error.message : String(error)));
  }
}

/** What is compiled from AssemblyScript, and who loads the interpreter. */
const INTERPRETER = "spec/compiled/bpf.wasm";
const WASM = ["engines/wasm/a64.wasm", INTERPRETER];
const LOADER = "spec/compiled/module.js";

const isInterpreter = ({ files }: Variant): boolean => [...files.keys()].some((file) => file.startsWith(ASSEMBLY));

const inBuild = (directory: string, file: string): string => path.join(directory, "dist", file);
const moduleOf = (id: string): string => INTERPRETER.replace(".wasm", `.${id}.wasm`);

/** Each beside the one that is there, by a process that the build itself has. */
async function buildInterpreters(
  directory: string,
  variants: readonly Variant[],
): Promise<readonly InterpreterBuilt[]> {
  if (variants.length === 0) return [];
  const child = fork(inBuild(directory, "harness/mutants/interpreter-child.js"), {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const built: InterpreterBuilt[] = [];
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.on("message", (one) => built.push(one as InterpreterBuilt));
  child.send({
    root: directory,
    variants: variants.map(({ id, files }) => ({
      ...{ id, files: [...files], output: inBuild(directory, moduleOf(id)) },
    })),
  } satisfies InterpreterOrder);
  await once(child, "close");
  if (built.length === variants.length) return built;
  throw new Error(`the compiler of the interpreter ends early: ${said.trim().split("\n").at(-1) ?? ""}`);
}

/** What loads another interpreter in place of the one that is built. */
function interpreterOf(directory: string, id: string): Readonly<Record<string, string>> {
  const loader = readFileSync(inBuild(directory, LOADER), "utf8");
  const changed = loader.replace(path.basename(INTERPRETER), path.basename(moduleOf(id)));
  if (changed === loader) throw new Error(`${LOADER} does not name ${path.basename(INTERPRETER)}`);
  const file = inBuild(directory, LOADER.replace(".js", `.${id}.js`));
  writeFileSync(file, changed);
  return { [pathToFileURL(inBuild(directory, LOADER)).href]: file };
}

const errorsOf = (complaints: string): readonly string[] =>
  complaints.split("\n").filter((line) => / error /.test(line));

/** What a variant's files replace, and what the compiler says of them. */
interface Alone {
  readonly replaced: Readonly<Record<string, string>>;
  readonly complaint: string | undefined;
}

/**
 * A change of several files, such as a new part of an interface and who fills it in, makes sense only as a whole: it is
 * compiled by itself, in the place of the originals.
 */
async function buildAlone(directory: string, { id, files }: Variant, all: readonly Variant[]): Promise<Alone> {
  const originals = [...files.keys()].map((file) => [file, readFileSync(path.join(directory, file), "utf8")] as const);
  const config = `tsconfig.${id}.json`;
  const exclude = [...CONFIG.exclude, ...all.map((one) => `**/*.${one.id}.ts`)];
  const compilerOptions = { ...CONFIG.compilerOptions, outDir: `dist-${id}` };
  writeFileSync(path.join(directory, config), JSON.stringify({ ...CONFIG, compilerOptions, exclude }));
  for (const [file, text] of files) writeFileSync(path.join(directory, file), text);
  try {
    const [complaint] = errorsOf(await compile(directory, config));
    const compiled = (out: string, file: string): string => path.join(directory, out, file.replace(/\.ts$/, ".js"));
    const replaced = originals.map(([file]) => [
      pathToFileURL(compiled("dist", file)).href,
      compiled(`dist-${id}`, file),
    ]);
    return { replaced: Object.fromEntries(replaced) as Alone["replaced"], complaint };
  } finally {
    for (const [file, text] of originals) writeFileSync(path.join(directory, file), text);
  }
}

type Replacements = Map<string, Readonly<Record<string, string>>>;

function copySources(directory: string, root: string, variants: readonly Variant[]): Replacements {
  for (const name of [...SOURCES, "corpus", "tsconfig.json", "package.json"]) {
    cpSync(path.join(root, name), path.join(directory, name), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(directory, "node_modules"));
  writeFileSync(path.join(directory, CONFIG_FILE), JSON.stringify(CONFIG));
  // Data files lie beside the compiled code that reads them.
  for (const name of SOURCES) {
    const isData = (file: string): boolean => !path.extname(file) || file.endsWith(".json");
    cpSync(path.join(root, name), path.join(directory, "dist", name), { recursive: true, filter: isData });
  }
  for (const wasm of WASM.map((file) => path.join("dist", file))) {
    if (existsSync(path.join(root, wasm)))
      cpSync(path.join(root, wasm), path.join(directory, wasm), { recursive: true });
  }
  const replacements: Replacements = new Map();
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
async function compile(directory: string, config: string): Promise<string> {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const options = { cwd: directory, maxBuffer: 2 ** 26 };
  try {
    await promisify(execFile)(process.execPath, [tsc, "-p", config, "--pretty", "false"], options);
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
