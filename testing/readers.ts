// Every reader of what may come from a stranger is fed with inputs that are nearly right: it reads or refuses, in one line,
// and never throws. At least half of the inputs pass the header, checksum or compression of their file.
// ROX_READERS=N: so many inputs for each reader.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { badInputLine, type Loaded } from "../harness/bad-input.js";
import { projectRoot } from "../harness/project.js";
import { assertAsyncLaw, saturated } from "./law.js";

export const TRIES = Number(process.env.ROX_READERS ?? saturated({ few: 800, full: 2000 }));
export const SEED = 20261129;

/** `deep`: it got past the header, the checksum, or the unpacking. */
export interface Outcome {
  readonly deep: boolean;
  /** The refusal, as it is printed. */
  readonly line?: string;
}
interface Reader<T> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  read(input: T): Outcome | Promise<Outcome>;
}
/** A row of the table, whatever its inputs are. */
export const reader = <T>(one: Reader<T>): Reader<unknown> => one as unknown as Reader<unknown>;

export const wrongLine = ({ expected, got }: { readonly expected: string; readonly got: string }): string =>
  badInputLine({ subject: "file", expected, got, next: "correct it" });
/** What is wrong, as a command prints it. */
export const printed = (got: string): string =>
  badInputLine({ subject: "file", expected: "better", got, next: "correct it" });
export const refusal = <T>(read: Loaded<T>): string | undefined => (read.ok ? undefined : badInputLine(read.error));
export const outcome = (line: string | undefined, deep: boolean): Outcome =>
  line === undefined ? { deep } : { deep, line };

export const inCorpus = (extension: string): readonly string[] => {
  const folder = path.join(projectRoot(), "corpus");
  const files = readdirSync(folder).filter((name) => name.endsWith(extension));
  return files.map((name) => readFileSync(path.join(folder, name), "utf8"));
};
export const filesBelow = (folder: string, extension: string): readonly string[] =>
  readdirSync(path.join(projectRoot(), folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(path.join(projectRoot(), folder, name), "utf8"));

/** Comment lines at the start. */
export const headOf = (lines: readonly string[]): number => {
  const end = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  return end < 0 ? lines.length : end;
};
export const lineOf = (message: string): number => Number(/^line (\d+)/.exec(message)?.[1] ?? 0);

/** A test for each. */
export function tryReaders(readers: readonly Reader<unknown>[]): void {
  test.each(readers)("$name", async ({ inputs, read, name }) => {
    let deep = 0;
    let tried = 0;
    await assertAsyncLaw(
      fc.asyncProperty(inputs, async (input) => {
        const { deep: isDeep, line } = await read(input);
        tried++;
        if (isDeep) deep++;
        if (line === undefined) return;
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThan(700);
      }),
      { numRuns: TRIES, seed: SEED, endOnFailure: true },
    );
    expect(deep / tried, `${name}: share that passes the header`).toBeGreaterThanOrEqual(0.5);
  });
}
