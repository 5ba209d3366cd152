// How a bug in the machine code of an image is looked for: with what the gate tries of an image, one case after the other.

import path from "node:path";
import { defaultEngine } from "../../../engines/index.js";
import type { FailingStep } from "../../../machine/event.js";
import { HISTORIES } from "../../../properties/cases/history/index.js";
import { PROGRAMS } from "../../../properties/cases/program/index.js";
import { INSTRUCTIONS } from "../../../properties/cases/single-instruction/index.js";
import { TRAMPOLINES } from "../../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../../properties/cases/verifier-only/index.js";
import { SAME_CODE } from "../../../properties/differences/same-code.js";
import { subjectCases } from "../../../properties/directed/index.js";
import { exception, type Verdict } from "../../../properties/verdict.js";
import { lazily } from "../../../spec/lazily.js";
import { type Action, DEFAULT_OPTIONS, type Failing, type History, NOTHING_ELSE } from "../../../subjects/action.js";
import type { Subject } from "../../../subjects/subject.js";
import { readCorpus } from "../../corpus/store.js";
import { directedFound } from "../../gate/directed.js";
import { type CaseCheckers, makeCaseCheckers } from "../../loop/case-checker.js";
import { caseAt, UNSTEERED } from "../../loop/chunk.js";
import { corpusDirectory } from "../../project.js";
import { type Found, foundIn, type Search } from "../searches.js";

/** Loads and frees with failures show more of this code than programs do. */
const SHARES: ReadonlyMap<string, number> = new Map([
  [HISTORIES.name, 3],
  [PROGRAMS.name, 2],
  [TRAMPOLINES.name, 1],
  [VERIFIER_ONLY.name, 1],
  [INSTRUCTIONS.name, 1],
]);

/** A kernel, and what asks it. */
interface Asked {
  readonly subject: Subject;
  readonly checkers: CaseCheckers;
}

/** The image that is searched, and where that has an edit, the image as it is. */
interface Images {
  readonly searched: Asked;
  readonly asItIs: (() => Asked) | undefined;
}

/** @param asItIs the image without the edit; absent where that is what is searched */
export function imageSearches(subject: Subject, seed: number, asItIs?: () => Subject): readonly Search[] {
  const images: Images = { searched: asking(subject), asItIs: asItIs && lazily(() => asking(asItIs())) };
  const kinds = [...SHARES].map(([name, share]) => drawn(images, name, seed, share));
  return [failures(images), directed(images), corpus(images), ...kinds];
}

const asking = (subject: Subject): Asked => ({
  subject,
  checkers: makeCaseCheckers({ engines: [defaultEngine()], subject }),
});

/** Stands for an oracle where the image as it is shows what was found too: it says nothing of the edit. */
export const UNEDITED = "unedited";

interface Tried<T> extends Pick<Search, "name" | "share"> {
  readonly items: Iterator<T>;
  /** Where the case itself does not say it. */
  readonly called?: (item: T) => string;
}

/** What each search tries: one thing after the other, and what is wrong with one of them is asked of the image as it is. */
function search<T>(
  { searched, asItIs }: Images,
  { name, share, items, called }: Tried<T>,
  check: (item: T, asked: Asked) => Found | undefined,
): Search {
  return {
    name,
    share,
    step() {
      const next = items.next();
      if (next.done === true) return "exhausted";
      const found = orException(() => check(next.value, searched));
      const same = found && asItIs && orException(() => check(next.value, asItIs()));
      if (same === undefined) return found ?? "nothing";
      // Other code than our own JIT makes is no failure of an image: of this case it says nothing.
      if (same.oracle === SAME_CODE) return "nothing";
      return { ...same, oracle: UNEDITED, where: `${name}${called?.(next.value) ?? ""}, ${same.where}` };
    },
  };
}

function orException(check: () => Found | undefined): Found | undefined {
  try {
    return check();
  } catch (error) {
    return { ...exception(error), shrink: () => ({ size: undefined, text: String(error) }) };
  }
}

/** Fresh cases of a kind. */
function drawn(images: Images, name: string, seed: number, share: number): Search {
  const items = indices(images.searched.checkers[name]!.kind.count);
  const called = (index: number): string => ` ${index} of seed ${seed}`;
  return search(images, { name, share, items, called }, (index, { checkers }) => {
    const checker = checkers[name]!;
    const { case: c } = caseAt(checker, seed, index, UNSTEERED);
    const { verdict } = checker.check(c);
    return verdict.kind === "disagree" ? foundIn(checker, c, verdict) : strangeRefusal(verdict);
  });
}

function* indices(count = Number.POSITIVE_INFINITY): Generator<number, undefined> {
  for (let index = 0; index < count; index++) yield index;
}

/** Copies and pokes that fail show known defects of kernels as they are, which are no news of an edit. */
const STEPS: readonly FailingStep[] = ["vmalloc", "setPermission", "kvmalloc"];
/** Calls of each step in one load of three functions. */
const MOST_CALLS = 10;
const SIZES = [
  { insns: 2, subprograms: 0 },
  { insns: 5, subprograms: 1 },
  { insns: 8, subprograms: 2 },
];
/** Its image lies on several pages, whatever their size. */
const OVER_PAGES = { insns: 18_000, subprograms: 0 };

type Size = (typeof SIZES)[number];

const load = (id: number, size: Size, fails: readonly Failing[] = []): Action => ({
  ...{ ...NOTHING_ELSE, kind: "load", id, program: { first: 1, probes: 0, ...size }, fails },
});
const freed = (id: number): Action => ({ ...NOTHING_ELSE, kind: "free", id });
const run = (id: number): Action => ({ kind: "run", id, cpu: 0 });

/** What every allocator must get right: room that was given back is given again, and an image may lie on several pages. */
const LIVES: readonly (readonly Action[])[] = [
  [load(0, SIZES[0]!), load(1, SIZES[0]!), freed(0), load(2, SIZES[0]!), run(1), run(2)],
  [load(0, SIZES[0]!), load(1, OVER_PAGES), run(1), load(2, SIZES[0]!), freed(1), load(3, SIZES[2]!), run(3)],
];

/** Lives, and then every step of a load fails once, beside a program that lives and before one that is loaded after it. */
function failures(images: Images): Search {
  const options = { ...DEFAULT_OPTIONS, ...images.searched.subject.fixed };
  const failing = Array.from({ length: MOST_CALLS }, (_, i) => i + 1).flatMap((nth) =>
    SIZES.flatMap((size) =>
      [true, false].flatMap((isFirst) =>
        STEPS.map((step) => [
          ...(isFirst ? [] : [load(0, SIZES[0]!)]),
          ...[load(1, size, [{ step, nth }]), load(2, SIZES[0]!)],
        ]),
      ),
    ),
  );
  const histories = [...LIVES, ...failing].map((actions): History => ({ options, actions }));
  return listed(images, "failures", histories, (history, { checkers }) => {
    const checker = checkers[HISTORIES.name]!;
    const { verdict } = checker.check(history);
    return verdict.kind === "disagree" ? { ...verdict, text: checker.kind.print(history) } : undefined;
  });
}

const directed = (images: Images): Search =>
  listed(images, "directed", subjectCases(images.searched.subject), (one, { subject }) => {
    const found = directedFound(one, subject);
    return found && { ...found, oracle: "directed", text: `directed case: ${one.name}\n` };
  });

/** The entries of the project, which the gate replays first. */
const corpus = (images: Images): Search =>
  listed(images, "corpus", readCorpus([corpusDirectory()]).entries, ({ name, kind, value, head }, { checkers }) => {
    const verdict = checkers[kind.name]!.replay(value, head);
    return verdict.kind === "disagree" ? { ...verdict, text: `corpus entry ${path.basename(name)}\n` } : undefined;
  });

/** Each item of a list is there for a reason: histories that fail are through first, and the others have most of the rest. */
const LIST_SHARES = { failures: 32, corpus: 16, directed: 24 };

/** A list that is gone through once. */
const listed = <T>(
  images: Images,
  name: keyof typeof LIST_SHARES,
  items: readonly T[],
  check: (item: T, asked: Asked) => (Omit<Found, "shrink"> & { readonly text: string }) | undefined,
): Search =>
  search(images, { name, share: LIST_SHARES[name], items: items.values() }, (item, asked) => {
    const wrong = check(item, asked);
    return wrong && { ...wrong, shrink: () => ({ size: undefined, text: wrong.text }) };
  });

/** The image as it is calls no such function: a gate that does names it, and ends the case there. */
const STRAY_CALL = /is neither trapped nor allowed to run/;
function strangeRefusal(verdict: Verdict): Found | undefined {
  if (verdict.kind !== "refused" || !STRAY_CALL.test(verdict.missing)) return undefined;
  const where = verdict.missing;
  return {
    ...{ oracle: "calls-known", where, expected: "calls of functions that the image calls", got: where },
    shrink: () => ({ size: undefined, text: where }),
  };
}
