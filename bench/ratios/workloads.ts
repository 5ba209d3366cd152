// What is measured, of any built checkout: cases drawn by its own generators and checked by its own checkers with every
// oracle on. Modules are found where the checkout has them; one from before `properties/cases/` is understood as well.

import path from "node:path";
import { pathToFileURL } from "node:url";

// biome-ignore lint/suspicious/noExplicitAny: modules of another build have no types here
type Module = any;

/** Draws and checks a number of cases, from an index on. @returns how many were compared */
export type Batch = (from: number, cases: number) => number;

export interface Workload {
  readonly name: string;
  /** Cases of one measurement: about half a second of them. */
  readonly cases: number;
  readonly open: (build: string) => Promise<Batch>;
}

const SEED = 1;

const loader =
  (build: string) =>
  (file: string): Promise<Module> =>
    import(pathToFileURL(path.resolve(build, "dist", file)).href);

/** The first module that there is. */
async function firstOf(build: string, files: readonly string[]): Promise<Module> {
  const load = loader(build);
  for (const file of files.slice(0, -1)) {
    const found = await load(file).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return load(files.at(-1)!);
}

/** What is measured of a build: cases as its own loop checks them. */
interface Loop {
  /** As many are drawn before the first is checked. */
  readonly chunk: number;
  announce(cases: readonly unknown[]): void;
  /** @returns whether it was compared, and agreed */
  check(c: unknown): boolean;
}

/** Builds from before cases were looked at before their turn draw each when its turn comes. */
const ONE_BY_ONE = { chunk: 1, announce: () => {} };

async function loopOf(build: string, kind: string): Promise<Loop> {
  const load = loader(build);
  const { defaultEngine } = await load("engines/index.js");
  const { kinds, isOld } = await kindsOf(build);
  const found: Module = kinds.find(({ name }: Module) => name === kind || OLD_NAMES[kind] === name);
  if (isOld) {
    const stage = found.stage(defaultEngine());
    return { ...ONE_BY_ONE, check: (c) => stage.judge(c).kind === "agree" };
  }
  const { defaultSubject } = await load("subjects/index.js");
  const checker = found.checker(defaultSubject, [defaultEngine()]);
  const programs: Module = kinds.find(({ name }: Module) => name === "programs");
  const isAhead = programs.checker(defaultSubject, [defaultEngine()]).announce !== undefined;
  return {
    chunk: isAhead ? found.chunk : ONE_BY_ONE.chunk,
    announce: (cases) => checker.announce?.(cases),
    check(c) {
      const { verdict, rows } = checker.check(c, "rows");
      for (const _ of rows);
      return verdict.kind === "agree";
    },
  };
}
const OLD_NAMES: Readonly<Record<string, string>> = { "verifier-only": "kernel rows", trampolines: "tracing" };

async function kindsOf(build: string): Promise<{ readonly kinds: readonly Module[]; readonly isOld: boolean }> {
  const load = loader(build);
  const now = await load("properties/cases/index.js").catch(() => undefined);
  if (now !== undefined) return { kinds: now.KINDS, isOld: false };
  return { kinds: (await load("harness/kinds/index.js")).TRIAL_KINDS, isOld: true };
}

function batchOf(make: (index: number) => unknown, { chunk, announce, check }: Loop): Batch {
  return (from, cases) => {
    let compared = 0;
    for (let at = from; at < from + cases; at += chunk) {
      const made = Array.from({ length: Math.min(chunk, from + cases - at) }, (_, i) => make(at + i));
      announce(made);
      for (const c of made) if (check(c)) compared++;
    }
    return compared;
  };
}

export const SIZES = [
  { shape: "small", slots: [8, 12], cases: 1200 },
  { shape: "medium", slots: [40, 60], cases: 800 },
  { shape: "large", slots: [400, 600], cases: 120 },
] as const;

/** Programs of a size class whose slots, all functions and tail-called programs together, are in a range. */
const programsOf = (shape: string, [least, most]: readonly [number, number], cases: number): Workload => ({
  name: `programs of ${least} to ${most} slots`,
  cases,
  async open(build) {
    const { CaseArbitrary } = await firstOf(build, [
      "properties/cases/program/arbitrary.js",
      "properties/arbitraries/case-arbitrary.js",
    ]);
    const { randomSource } = await firstOf(build, ["subjects/random/source.js", "harness/gate/random-source.js"]);
    const arbitrary = new CaseArbitrary({ shape });
    const make = (index: number): Module => arbitrary.generate(randomSource(SEED, index)).value;
    const fits = Array.from({ length: ENOUGH }, (_, index) => index).filter((index) => {
      const slots = make(index).program.code.reduce((sum: number, code: Module) => sum + code.length, 0);
      return slots >= least && slots <= most;
    });
    return batchOf((index) => make(fits[index % fits.length]!), await loopOf(build, "programs"));
  },
});
/** Cases that are looked through for those of the right size, so many that hardly one is checked twice. */
const ENOUGH = 20_000;

const casesOf = (kind: string, cases: number): Workload => ({
  name: kind === "programs" ? "programs, the natural mix" : kind,
  cases,
  async open(build) {
    const { kinds } = await kindsOf(build);
    const found: Module = kinds.find(({ name }: Module) => name === kind || OLD_NAMES[kind] === name);
    return batchOf((index) => found.fresh(SEED, index), await loopOf(build, kind));
  },
});

export const WORKLOADS: readonly Workload[] = [
  ...SIZES.map(({ shape, slots, cases }) => programsOf(shape, slots, cases)),
  casesOf("programs", 800),
  casesOf("histories", 60),
  casesOf("verifier-only", 1200),
  casesOf("trampolines", 600),
];
