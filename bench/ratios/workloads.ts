// What is measured, of any built checkout: cases drawn by its own generators and checked by its own checkers with every
// oracle on. Modules are found where the checkout has them; one from before `properties/cases/` is understood as well.

import path from "node:path";
import { pathToFileURL } from "node:url";

// biome-ignore lint/suspicious/noExplicitAny: modules of another build have no types here
type Module = any;

/** Draws and checks a number of cases, from an index on. @returns how many were compared, or their actions */
export type Batch = (from: number, cases: number) => number;

export interface Workload {
  readonly name: string;
  /** Cases of one measurement: about half a second of them. */
  readonly cases: number;
  /** @param subject what is under test, as `--subject` takes it; undefined for our own code */
  readonly open: (build: string, subject: string | undefined) => Promise<Batch>;
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
  /** As many are drawn for a worker. */
  readonly chunk: number;
  /** Of those, what is drawn before the first is checked. */
  readonly portions: (count: number, make: (nth: number) => unknown) => Iterable<{ readonly made: readonly unknown[] }>;
  announce(cases: readonly unknown[]): void;
  /** @returns how many actions it has if it was compared and agreed, and 0 if not; of what has none, 1 */
  check(c: unknown): number;
  /** What cases are drawn from; undefined for all that Linux takes. */
  readonly dialect?: unknown;
}

/** Builds from before cases were looked at before their turn draw each when its turn comes. */
const ALL_AT_ONCE: Loop["portions"] = (count, make) => [{ made: Array.from({ length: count }, (_, nth) => make(nth)) }];
const ONE_BY_ONE = { chunk: 1, portions: ALL_AT_ONCE, announce: () => {} };

/** As a gate has it: judged past the known defects of a kernel, on cases of what it takes. */
async function subjectOf(build: string, spec: string | undefined): Promise<{ subject: Module; dialect?: Module }> {
  const load = loader(build);
  if (spec === undefined) return { subject: (await load("subjects/index.js")).defaultSubject };
  const chosen = (await load("harness/subjects.js")).chooseSubject(spec);
  if (!chosen.ok) throw new Error(`expected ${chosen.error.expected}, got ${chosen.error.got}`);
  const subject = chosen.value;
  const forms = subject.forms?.();
  return { subject, dialect: forms && (await load("subjects/dialect.js")).kernelDialect(forms) };
}

async function loopOf(build: string, kind: string, spec: string | undefined): Promise<Loop> {
  const load = loader(build);
  const { defaultEngine } = await load("engines/index.js");
  const { kinds, isOld } = await kindsOf(build);
  const found: Module = kinds.find(({ name }: Module) => name === kind || OLD_NAMES[kind] === name);
  if (isOld) {
    const stage = found.stage(defaultEngine());
    return { ...ONE_BY_ONE, check: (c) => (stage.judge(c).kind === "agree" ? actionsOf(c) : 0) };
  }
  const { subject, dialect } = await subjectOf(build, spec);
  const checker = found.checker(subject, [defaultEngine()]);
  const programs: Module = kinds.find(({ name }: Module) => name === "programs");
  const isAhead = programs.checker(subject, [defaultEngine()]).announce !== undefined;
  const own = await load("harness/loop/portions.js").catch(() => undefined);
  return {
    dialect,
    chunk: isAhead ? found.chunk : ONE_BY_ONE.chunk,
    portions: own === undefined ? ALL_AT_ONCE : (count, make) => own.portions(count, make, found.size),
    announce: (cases) => checker.announce?.(cases),
    check(c) {
      const { verdict, rows } = checker.check(checker.adapt?.(c) ?? c, "rows");
      for (const _ of rows);
      return verdict.kind === "agree" ? actionsOf(c) : 0;
    },
  };
}
/** Builds of any age draw them, and not all tell how many steps came of them. */
const actionsOf = (c: Module): number => c.actions?.length || 1;

const OLD_NAMES: Readonly<Record<string, string>> = { "verifier-only": "kernel rows", trampolines: "tracing" };

async function kindsOf(build: string): Promise<{ readonly kinds: readonly Module[]; readonly isOld: boolean }> {
  const load = loader(build);
  const now = await load("properties/cases/index.js").catch(() => undefined);
  if (now !== undefined) return { kinds: now.KINDS, isOld: false };
  return { kinds: (await load("harness/kinds/index.js")).TRIAL_KINDS, isOld: true };
}

/** @param counts what is counted of those that were compared */
function batchOf(
  make: (index: number) => unknown,
  { chunk, portions, announce, check }: Loop,
  counts: "cases" | "actions" = "cases",
): Batch {
  return (from, cases) => {
    let count = 0;
    for (let at = from; at < from + cases; at += chunk) {
      for (const { made } of portions(Math.min(chunk, from + cases - at), (nth) => make(at + nth))) {
        announce(made);
        for (const c of made) {
          const actions = check(c);
          count += counts === "actions" ? actions : Math.sign(actions);
        }
      }
    }
    return count;
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
  async open(build, subject) {
    const { CaseArbitrary } = await firstOf(build, [
      "properties/cases/program/arbitrary.js",
      "properties/arbitraries/case-arbitrary.js",
    ]);
    const { randomSource } = await firstOf(build, ["subjects/random/source.js", "harness/gate/random-source.js"]);
    const loop = await loopOf(build, "programs", subject);
    const { dialect } = loop;
    const arbitrary = new CaseArbitrary({ shape, ...(dialect !== undefined && { dialect }) });
    const make = (index: number): Module => arbitrary.generate(randomSource(SEED, index)).value;
    const fits = Array.from({ length: ENOUGH }, (_, index) => index).filter((index) => {
      const slots = make(index).program.code.reduce((sum: number, code: Module) => sum + code.length, 0);
      return slots >= least && slots <= most;
    });
    return batchOf((index) => make(fits[index % fits.length]!), loop);
  },
});
/** Cases that are looked through for those of the right size, so many that hardly one is checked twice. */
const ENOUGH = 20_000;

const casesOf = (kind: string, cases: number, counts: "cases" | "actions" = "cases"): Workload => ({
  name: kind === "programs" ? "programs, the natural mix" : counts === "actions" ? `actions of ${kind}` : kind,
  cases,
  async open(build, subject) {
    const { kinds } = await kindsOf(build);
    const found: Module = kinds.find(({ name }: Module) => name === kind || OLD_NAMES[kind] === name);
    const loop = await loopOf(build, kind, subject);
    return batchOf((index) => found.fresh(SEED, index, loop.dialect), loop, counts);
  },
});

export const WORKLOADS: readonly Workload[] = [
  ...SIZES.map(({ shape, slots, cases }) => programsOf(shape, slots, cases)),
  casesOf("programs", 800),
  casesOf("histories", 120),
  casesOf("histories", 120, "actions"),
  casesOf("verifier-only", 1200),
  casesOf("trampolines", 600),
];
