import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";

/** One plain closing line, for whoever reads the log with a program. */
const tally: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((t) => t.result().state));
    const count = (state: string): number => states.filter((s) => s === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    console.log(`\n${count("passed")} passed, ${count("failed") + broken} failed, ${count("skipped")} skipped`);
  },
};

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    testTimeout: 60_000,
    reporters: ["default", tally],
  },
});
