import { readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig, type Plugin } from "vitest/config";
import { BaseSequencer, type Reporter, type TestModule, type TestSpecification } from "vitest/node";
import { applyEdits, parseMutant } from "./harness/mutants/mutant.js";

/** One plain closing line, for whoever reads the log with a program. */
const tally: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((t) => t.result().state));
    const count = (state: string): number => states.filter((s) => s === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const { ROX_SEED } = process.env;
    if (ROX_SEED !== undefined) console.log(`\nlaws were tried with ROX_SEED=${ROX_SEED} as well`);
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

/** Tests that try everything of some size, start processes or a browser, or hunt for planted bugs: seconds to minutes. */
const SLOW = [
  "adapters/*/*.test.ts",
  "cli/{commands/*,plugin}.test.ts",
  "corpus.test.ts",
  "harness/{gate/*,objects,strangers,corpus/minimize,cost/cost}.test.ts",
  "harness/readers{,-runs,-subjects}.test.ts",
  "harness/loop/{campaign,chunk,process}.test.ts",
  "harness/mutants/{automatic,mutants,image/image}.test.ts",
  "harness/report/{browser,campaign-data,pack-history}.test.ts",
  "library/*.test.ts",
  "properties/find-known.test.ts",
  "properties/a64/disassembly.test.ts",
  "properties/cases/{kinds,single-instruction/index,history/{check,mutate,shrink}}.test.ts",
  "properties/cases/program/{arbitrary,blinding,hosted,shrink,toy-subject,wild}.test.ts",
  "properties/cases/trampoline/{attach,poke}.test.ts",
  "properties/engines/{programs,single-step}.test.ts",
  "spec/bpf/object/objdump.test.ts",
  "properties/exhaustive/*.test.ts",
];
/** Those that put other modules in the place of ours: each has a process of its own. All others share theirs. */
const APART = ["cli/toys.test.ts", "harness/mutants/series.test.ts", "properties/cases/program/validity.test.ts"];
/** What is begun first, so that nothing long stands alone at the end. */
const LONGEST = [
  "harness/mutants/mutants.test.ts",
  "harness/report/browser.test.ts",
  "harness/mutants/image/image.test.ts",
  "harness/loop/process.test.ts",
  "properties/cases/program/wild.test.ts",
  "properties/engines/programs.test.ts",
  "adapters/dpdk/dpdk.test.ts",
  "adapters/example/sabotage.test.ts",
  "harness/loop/campaign.test.ts",
  "properties/cases/program/hosted.test.ts",
  "cli/commands/gate.test.ts",
  "adapters/example/example.test.ts",
];
const IN_TURN = ["shared", "apart"];

/** Project by project, as only files of one share a process, and the longest first also on a machine that has no times yet. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const places = new Map(LONGEST.map((file, place) => [path.join(import.meta.dirname, file), place]));
    const placeOf = ({ moduleId }: TestSpecification): number => places.get(moduleId) ?? LONGEST.length;
    const turnOf = ({ project }: TestSpecification): number => IN_TURN.indexOf(project.name);
    return (await super.sort(files)).sort((a, b) => turnOf(a) - turnOf(b) || placeOf(a) - placeOf(b));
  }
}

const NOT_OURS = ["dist/**", "node_modules/**"];
/** `npm run test:fast`: neither the slow ones, nor those apart. */
const IS_FAST = process.env.ROX_FAST !== undefined;

/** What must fail: scripts/canary.mjs asks for it. */
const CANARY = { test: { name: "canary", include: ["testing/*.canary.ts"] } };

/** What an installed package is called. */
const LIBRARY = [
  { find: /^roxcheck$/, replacement: path.join(import.meta.dirname, "library/index.ts") },
  { find: /^roxcheck\/vitest$/, replacement: path.join(import.meta.dirname, "library/vitest.ts") },
];

export default defineConfig({
  plugins: [mutants],
  resolve: { alias: LIBRARY },
  test: {
    // Every core: the default leaves one idle.
    maxWorkers: "100%",
    reporters: ["default", tally],
    globalSetup: "testing/scratch.ts",
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          ...{ name: "shared", include: ["**/*.test.ts"], exclude: [...NOT_OURS, ...APART, ...(IS_FAST ? SLOW : [])] },
          ...{ isolate: false, testTimeout: 300_000 },
        },
      },
      ...(IS_FAST ? [] : [{ extends: true as const, test: { name: "apart", include: APART, testTimeout: 300_000 } }]),
      ...(process.env.ROX_CANARY === undefined ? [] : [CANARY]),
    ],
  },
});
