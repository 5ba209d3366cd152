// Which programs two kernels compile differently: every instruction form by itself, then programs and verifier-only
// instructions that are drawn; or the programs that somebody names. What differs is grouped by cause, and of each cause the
// smallest program is kept.

import { PROGRAMS } from "../../properties/cases/program/index.js";
import { within } from "../../properties/cases/shrink.js";
import { INSTRUCTIONS, kindOf } from "../../properties/cases/single-instruction/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { comparedOrNot, type Difference } from "../../properties/differences/compare.js";
import { type Compilable, imagesOf, type Side, sidesOf } from "../../properties/differences/images.js";
import { type Dialect, kernelDialect, LINUX_DIALECT } from "../../subjects/dialect.js";
import type { Subject } from "../../subjects/subject.js";
import { breather } from "../breathe.js";
import { makeReport, type Report } from "../report.js";
import { type ListedDifference, listDifference } from "./listing.js";

export interface DiffOptions {
  readonly a: Subject;
  readonly b: Subject;
  /** Drawn programs. */
  readonly programs: number;
  readonly seed: number;
  /** In place of all that is drawn: cases by the name of their file. */
  readonly named?: readonly { readonly name: string; readonly case: Compilable }[] | undefined;
  readonly stop: AbortSignal;
  readonly progress?: (done: number, of: number) => void;
}

export interface DiffGroup extends Pick<Difference, "kind" | "what"> {
  /** That have the cause. */
  readonly programs: number;
  /** Of code: the instruction forms, and of how many programs each. */
  readonly forms: Readonly<Record<string, number>>;
  /** The first of them: a file, or a kind and an index. */
  readonly first: string;
  /** The smallest one, as a file of its own, and where it differs. */
  readonly extension: string;
  readonly text: string;
  readonly listing: ListedDifference;
}
export interface DiffReport extends Report {
  readonly command: "diff";
  readonly a: string;
  readonly b: string;
  /** A64 words that were compared, and programs that both refuse. */
  readonly words: number;
  readonly refusedByBoth: number;
  readonly groups: readonly DiffGroup[];
  /** Programs that could not be compared, by reason. */
  readonly notCompared: Readonly<Record<string, number>>;
}

/** Of a hundred programs, so many bodies of verifier-only instructions beside. */
const BODIES_PERCENT = 20;
/** Time for making the smallest program of each cause smaller. */
const SHRINK_MS = 2000;
const SHRINK_RUNS = 2000;
/** Causes that are shown in full: two compilers that share nothing have one for every form. */
const MOST_SHRUNK = 24;

interface Named {
  readonly name: string;
  readonly make: () => Compilable;
}

interface Seen {
  readonly difference: Difference;
  readonly first: string;
  programs: number;
  readonly forms: Record<string, number>;
  smallest: Compilable;
}

export async function diff(options: DiffOptions): Promise<DiffReport> {
  const started = Date.now();
  const { a, b, stop } = options;
  const sides = sidesOf(a, b);
  const seen = new Map<string, Seen>();
  const notCompared: Record<string, number> = {};
  const sums = { passed: 0, failed: 0, incomparable: 0, words: 0, refusedByBoth: 0 };
  const all = options.named?.map(({ name, case: c }): Named => ({ name, make: () => c })) ?? [...drawn(options)];
  const breathe = breather();
  for (const [done, { name, make }] of all.entries()) {
    if (stop.aborted) break;
    const c = make();
    const compared = comparedOrNot(c, sides);
    if (typeof compared === "string") {
      sums.incomparable++;
      notCompared[compared] = (notCompared[compared] ?? 0) + 1;
    } else if (compared.kind === "refused") sums.refusedByBoth++;
    else {
      sums.words += compared.words;
      sums[compared.differences.length === 0 ? "passed" : "failed"]++;
      addAll(seen, compared.differences, { name, c });
    }
    options.progress?.(done + 1, all.length);
    await breathe();
  }
  const groups: DiffGroup[] = [];
  for (const [n, one] of [...seen.values()].toSorted(inOrder).entries()) {
    groups.push(await grouped(one, sides, n < MOST_SHRUNK && !stop.aborted));
    await breathe();
  }
  const { words, refusedByBoth, ...counts } = sums;
  const rest = { seed: options.named === undefined ? options.seed : null, interrupted: stop.aborted };
  const report = makeReport(
    "diff",
    started,
    // What a side cannot be asked is named by reason.
    { ...counts, lacking: counts.incomparable, ...rest, failures: [], unreadable: [] },
    { a: a.name, b: b.name, words, refusedByBoth, groups, notCompared },
  );
  return { ...report, command: "diff" };
}

/** Every form, then what is drawn of what both of them take. */
function* drawn({ a, b, programs, seed }: DiffOptions): Generator<Named> {
  for (let i = 0; i < INSTRUCTIONS.count!; i++) {
    yield { name: `${INSTRUCTIONS.name} ${i}`, make: () => INSTRUCTIONS.fresh(seed, i) };
  }
  const dialect = bothTake(a, b);
  for (let i = 0; i < programs; i++) yield { name: `programs ${i}`, make: () => PROGRAMS.fresh(seed, i, dialect) };
  for (let i = 0; i < (programs * BODIES_PERCENT) / 100; i++) {
    yield { name: `${VERIFIER_ONLY.name} ${i}`, make: () => bodyOf(VERIFIER_ONLY.fresh(seed, i), [a, b]) };
  }
}

function bothTake(a: Subject, b: Subject): Dialect | undefined {
  const sets = [a, b].flatMap((subject) => (subject.forms === undefined ? [] : [subject.forms()]));
  const forms = [...LINUX_DIALECT.forms].filter((id) => sets.every((set) => set.has(id)));
  return kernelDialect(new Set(forms));
}

/** Without the forms that one of them lacks, and as a built kernel can be asked. */
function bodyOf(c: ReturnType<typeof VERIFIER_ONLY.fresh>, subjects: readonly Subject[]): Compilable {
  const sets = subjects.flatMap((subject) => (subject.forms === undefined ? [] : [subject.forms()]));
  return {
    ...c,
    classic: undefined,
    env: { ...c.env, vhe: false, bti: false },
    body: c.body.filter(({ row }) => sets.every((set) => set.has(row.id))),
  };
}

const keyOf = ({ kind, what }: Difference): string => `${kind} ${what}`;

function addAll(
  seen: Map<string, Seen>,
  differences: readonly Difference[],
  { name, c }: { readonly name: string; readonly c: Compilable },
): void {
  const counted = new Set<Seen>();
  for (const difference of differences) {
    const key = keyOf(difference);
    const one = seen.get(key) ?? { difference, first: name, programs: 0, forms: {}, smallest: c };
    seen.set(key, one);
    const { form } = difference;
    if (form !== undefined) one.forms[form] = (one.forms[form] ?? 0) + 1;
    if (counted.has(one)) continue;
    counted.add(one);
    one.programs++;
    if (sizeOf(c) < sizeOf(one.smallest)) one.smallest = c;
  }
}

const ORDER: readonly Difference["kind"][] = [
  ...(["refused", "form", "prologue", "epilogue", "plt", "table", "size", "offset", "register"] as const),
];
const inOrder = (a: Seen, b: Seen): number =>
  ORDER.indexOf(a.difference.kind) - ORDER.indexOf(b.difference.kind) || b.programs - a.programs;

const sizeOf = (c: Compilable): number => kindOf(c).size(c);

async function grouped(
  { difference, first, programs, forms, smallest }: Seen,
  sides: readonly [Side, Side],
  isShrunk: boolean,
): Promise<DiffGroup> {
  const key = keyOf(difference);
  const found = (c: Compilable): Difference | undefined => {
    const compared = comparedOrNot(c, sides);
    if (typeof compared === "string" || compared.kind === "refused") return undefined;
    return compared.differences.find((one) => keyOf(one) === key);
  };
  const kind = kindOf(smallest);
  const isSuch = (smaller: unknown): boolean => found(smaller as Compilable) !== undefined;
  const c = (isShrunk ? kind.minimize(smallest, within(SHRINK_MS, isSuch), SHRINK_RUNS) : smallest) as Compilable;
  const { kind: what, what: about } = difference;
  const base = sides[0].env.callBase;
  const images = sides.map((side) => imagesOf(c, side, base));
  return {
    ...{ kind: what, what: about, programs, forms, first },
    extension: kind.extension,
    text: kind.print(c),
    listing: await listDifference(images, found(c)?.place),
  };
}
