import { readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig, type Plugin } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";
import { applyEdits, parseMutant } from "./harness/mutants/mutant.js";

/** One plain closing line, for whoever reads the log with a program. */
const tally: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((t) => t.result().state));
    const count = (state: string): number => states.filter((s) => s === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    console.log(`\n${count("passed")} passed, ${count("failed") + broken} failed, ${count("skipped")} skipped`);
  },
};

/** Serves `FILE?mutant=PATH&.ts`: the source with the edits of a `.mutant` file. See harness/mutants/series.test.ts. */
const mutants: Plugin = {
  name: "mutants",
  enforce: "pre",
  load(id) {
    const asked = /^(.+\.ts)\?mutant=(.+)&\.ts$/.exec(id);
    if (asked === null) return undefined;
    const [, file = "", mutantFile = ""] = asked;
    const mutant = parseMutant(mutantFile, "", readFileSync(mutantFile, "utf8"));
    if (!mutant.ok) throw new Error(JSON.stringify(mutant.error));
    const edited = applyEdits(mutant.value, path.relative(import.meta.dirname, file), readFileSync(file, "utf8"));
    if (!edited.ok) throw new Error(JSON.stringify(edited.error));
    return edited.value;
  },
};

export default defineConfig({
  plugins: [mutants],
  test: {
    include: ["**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    testTimeout: 60_000,
    reporters: ["default", tally],
  },
});
