// The tree's own TypeScript as text: which files there are, what each imports by name and what it exports. Read with
// regular expressions, which biome's format makes safe; `tidy.test.ts` is the reader.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** One `import` or `export ... from`. `to` is a path like `spec/bits.ts`, which need not exist. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Names as the other file exports them; undefined if all may be meant. */
  readonly names: readonly string[] | undefined;
}

export interface Source {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Names declared and exported here, without those handed on from elsewhere. */
  readonly exports: readonly string[];
}

const STATIC = /^(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}\s+from|\*[^"]*from|)\s*"(\.[^"]+?)(?:\.js)?"/gm;
const DYNAMIC = /import\(\s*"(\.[^"]+?)(?:\.js)?"\s*\)(?:\.(\w+))?/g;
const EXPORT =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:const enum|const|let|function\*?|class|interface|type|enum) (\w+)/gm;

export function readSource(file: string, text: string): Source {
  const to = (name: string): string => path.posix.join(path.posix.dirname(file), `${name}.ts`);
  const named = [...text.matchAll(STATIC)].map(([, list, name = ""]) => ({
    from: file,
    to: to(name),
    names: list?.split(",").flatMap((item) => /^\s*(?:type\s+)?(\w+)/.exec(item)?.[1] ?? []),
  }));
  const inside = [...text.matchAll(DYNAMIC)].map(([, name = "", member]) => ({
    from: file,
    to: to(name),
    names: member === undefined || member === "then" ? undefined : [member],
  }));
  return {
    file,
    text,
    imports: [...named, ...inside],
    exports: [...text.matchAll(EXPORT)].map(([, name = ""]) => name),
  };
}

/** All sources below a folder, tests and AssemblyScript included. */
export const sourcesIn = (folder: string): readonly Source[] =>
  readSources(
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => path.join(folder, name)),
  );

/** Those directly in the root. */
export const sourcesInRoot = (): readonly Source[] => readSources(readdirSync(ROOT));

const readSources = (names: readonly string[]): readonly Source[] =>
  names
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.split(path.sep).join("/"))
    .sort()
    .map((file) => readSource(file, readFileSync(path.join(ROOT, file), "utf8")));

export const isTest = (file: string): boolean => file.endsWith(".test.ts");

/** Groups of files that import each other, types included, each group sorted. */
export function importCircles(sources: readonly Source[]): readonly (readonly string[])[] {
  const next = new Map(sources.map(({ file, imports }) => [file, imports.map(({ to }) => to)]));
  const number = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  // Tarjan: @returns the lowest number that leads back from here.
  const visit = (file: string): number => {
    const mine = number.size;
    number.set(file, mine);
    stack.push(file);
    let lowest = mine;
    for (const other of next.get(file) ?? []) {
      if (!next.has(other)) continue;
      if (!number.has(other)) lowest = Math.min(lowest, visit(other));
      else if (stack.includes(other)) lowest = Math.min(lowest, number.get(other)!);
    }
    if (lowest === mine) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1 || next.get(file)?.includes(file)) circles.push(group.sort());
    }
    return lowest;
  };
  for (const { file } of sources) if (!number.has(file)) visit(file);
  return circles;
}

interface UselessExport {
  readonly file: string;
  readonly name: string;
  readonly why: "used by its own file only" | "used by tests only";
}

/** A name that its own file uses may be exported for tests as well; so may all of a `testing` file. */
export function uselessExports(sources: readonly Source[]): readonly UselessExport[] {
  const users = new Map<string, Import[]>(sources.map(({ file }) => [file, []]));
  for (const used of sources.flatMap(({ imports }) => imports)) users.get(used.to)?.push(used);
  return sources.flatMap(({ file, text, exports }) =>
    exports.flatMap((name): readonly UselessExport[] => {
      const by = (users.get(file) ?? []).filter(({ names }) => names?.includes(name) ?? true);
      if (by.length === 0) return [{ file, name, why: "used by its own file only" }];
      const isShared = isForTests(file) || by.some(({ from }) => !isTest(from));
      const isUsedHere = text.match(new RegExp(`\\b${name}\\b`, "g"))!.length > 1;
      return isShared || isUsedHere ? [] : [{ file, name, why: "used by tests only" }];
    }),
  );
}

const isForTests = (file: string): boolean => /^testing\/|(^|\/)testing\.ts$/.test(file);
