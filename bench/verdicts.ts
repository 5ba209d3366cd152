// Whether two builds judge the same cases alike: cases written as files by one build, judged by each, and the verdicts
// compared. A refactoring is held to this. BUILD is the folder of a built checkout; one from before `properties/cases/`
// is understood as well.
// Run: `node dist/bench/verdicts.js write DIR BUILD [PROGRAMS HISTORIES [SEED]]`, then `judge DIR BUILD NAME` for each build,
// then `compare DIR NAME NAME`.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

interface Verdict {
  readonly kind: string;
  readonly where?: string;
  readonly expected?: string;
  /** As it is called now, and as it was called before. */
  readonly got?: string;
  readonly actual?: string;
  readonly why?: string;
}
interface Judge {
  readonly extensions: readonly string[];
  readonly name: string;
  write(seed: number, index: number): string;
  judge(text: string): Verdict;
}
const FOLDER_FILES = 1000;

// biome-ignore lint/suspicious/noExplicitAny: modules of another build have no types here
type Module = any;

async function judgesOf(build: string): Promise<readonly Judge[]> {
  const load = (file: string): Promise<Module> => import(pathToFileURL(path.resolve(build, "dist", file)).href);
  const { defaultEngine } = await load("engines/index.js");
  const engine = defaultEngine();
  const now = await load("properties/cases/index.js").catch(() => undefined);
  if (now === undefined) {
    const { TRIAL_KINDS } = await load("harness/kinds/index.js");
    return TRIAL_KINDS.map((kind: Module) => judgeOf(kind, kind.stage(engine).judge));
  }
  const { defaultSubject } = await load("subjects/index.js");
  return now.KINDS.filter((kind: Module) => kind.count === undefined).map((kind: Module) => {
    const checker = kind.checker(defaultSubject, [engine]);
    return judgeOf(kind, (c: unknown) => checker.check(c).verdict);
  });
}

const judgeOf = (kind: Module, check: (c: unknown) => Verdict): Judge => ({
  name: kind.name,
  extensions: [kind.extension, ...(kind.oldExtensions ?? [])],
  write: (seed, index) => kind.print(kind.fresh(seed, index), { title: undefined }),
  judge(text) {
    const parsed = kind.parse(text);
    return parsed.ok ? check(parsed.value) : { kind: "unreadable", why: parsed.error.message };
  },
});

async function write(directory: string, build: string, programs: number, histories: number, seed: number) {
  for (const judge of await judgesOf(build)) {
    const [extension = ""] = judge.extensions;
    const cases = judge.name === "programs" ? programs : histories;
    for (let index = 0; index < cases; index++) {
      const folder = path.join(directory, judge.name.replaceAll(" ", "-"), `${Math.floor(index / FOLDER_FILES)}`);
      if (index % FOLDER_FILES === 0) mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `${index}${extension}`), judge.write(seed, index));
    }
    console.log(`${cases} ${judge.name} of seed ${seed} written`);
  }
}

async function judgeAll(directory: string, build: string, name: string): Promise<void> {
  const judges = await judgesOf(build);
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const before = process.cpuUsage();
  for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()) {
    const judge = judges.find(({ extensions }) => extensions.includes(path.extname(file)));
    if (judge === undefined) continue;
    const {
      kind,
      where = "",
      expected = "",
      got,
      actual,
      why = "",
    } = judge.judge(readFileSync(path.join(directory, file), "utf8"));
    lines.push([file, kind, where, expected, got ?? actual ?? "", why].join("\t").trimEnd());
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const { user, system } = process.cpuUsage(before);
  writeFileSync(path.join(directory, `verdicts-${name}.tsv`), `${lines.join("\n")}\n`);
  console.log(`${name}: ${JSON.stringify(counts)} in ${((user + system) / 1e6).toFixed(1)} s of processor time`);
}

function compare(directory: string, a: string, b: string): void {
  const [left, right] = [a, b].map((name) =>
    readFileSync(path.join(directory, `verdicts-${name}.tsv`), "utf8").split("\n"),
  );
  const different = left!.filter((line, i) => line !== right![i]);
  for (const line of different.slice(0, 20)) console.log(line);
  console.log(`${left!.length - 1} cases, ${different.length} verdicts differ`);
  if (different.length > 0 || left!.length !== right!.length) process.exitCode = 1;
}

const [command, directory = "", first = "", second = "", third = "", fourth = "1"] = process.argv.slice(2);
if (command === "write")
  await write(directory, first, Number(second || 100_000), Number(third || 5000), Number(fourth));
else if (command === "judge") await judgeAll(directory, first, second);
else if (command === "compare") compare(directory, first, second);
else {
  console.error("rox bench: expected write, judge or compare; see the head of bench/verdicts.ts");
  process.exitCode = 2;
}
