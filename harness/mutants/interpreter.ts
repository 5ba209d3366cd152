// The compiled interpreter, built from the sources of a checkout of which some have another text.

import { readFileSync } from "node:fs";
import path from "node:path";

/** The part of the compiler that is used: its own types take those of Node's globals away. */
interface Compiler {
  main(
    args: readonly string[],
    files: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): null;
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: object }>;
}
const COMPILER: string = "assemblyscript/asc";

/** Folder of its sources, from the project's root. */
export const ASSEMBLY = "spec/compiled/assembly";
/** As `npm run build` has it, but for what makes it faster. Colours would be written wherever `CI` is set. */
const OPTIONS = "--noColors --runtime stub --noAssert --importMemory --optimizeLevel 1 --outFile bpf.wasm".split(" ");

/** What a process that builds them is told: a checkout, and what is built of it. */
export interface InterpreterOrder {
  readonly root: string;
  readonly variants: readonly {
    readonly id: string;
    /** As `files` below. */
    readonly files: readonly (readonly [string, string])[];
    /** Where the module is written to. */
    readonly output: string;
  }[];
}
/** Of each, in their order. */
export interface InterpreterBuilt {
  readonly id: string;
  /** What the compiler says; undefined if it is built. */
  readonly complaint: string | undefined;
}

/**
 * In a process of its own: see interpreter-child.ts.
 *
 * @param root a checkout
 * @param files path from the root -> its text, in place of what it holds
 * @returns the module, or what the compiler says of it
 */
export async function buildInterpreter(
  root: string,
  files: ReadonlyMap<string, string>,
): Promise<{ readonly binary: Uint8Array } | { readonly complaint: string }> {
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main([`${ASSEMBLY}/index.ts`, ...OPTIONS], {
    readFile(name, base) {
      const file = path.posix.join(base, name);
      try {
        return files.get(file) ?? readFileSync(path.join(root, file), "utf8");
      } catch {
        return null;
      }
    },
    writeFile(_, contents) {
      if (typeof contents !== "string") binary = new Uint8Array(contents);
    },
    listFiles: () => null,
  });
  if (error === null) return { binary };
  return { complaint: /^ERROR.*$/m.exec(stderr.toString())?.[0] ?? error.message };
}
