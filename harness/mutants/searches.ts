// All ways in which a mutant is looked for, in the order in which they take turns. A search is asked for a step at a time. The
// kinds of cases are drawn and shrunk as in any campaign; lists are gone through once.

import path from "node:path";
import { defaultEngine } from "../../engines/index.js";
import { checkExpected } from "../../properties/cases/check-or-crash.js";
import { checkHistory, type HistoryCheckOptions, type Violation } from "../../properties/cases/history/check.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { damaged } from "../../properties/cases/program/damaged.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { differenceBetween } from "../../properties/cases/program/interpreters.js";
import { subjectCases } from "../../properties/directed/index.js";
import { INTERPRETERS } from "../../properties/directed/interpreters.js";
import { compareBytes, describeVerdict } from "../../properties/recordings/bytes.js";
import { recordedExcerpts } from "../../properties/recordings/recording.js";
import { type Disagreement, exception, NO_EXCEPTION } from "../../properties/verdict.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import { randomSource } from "../../subjects/random/source.js";
import type { DirectedCase } from "../../subjects/subject.js";
import { loadDataFile } from "../case-file.js";
import { readCorpus } from "../corpus/store.js";
import { findFiles } from "../input-file.js";
import { type CaseChecker, makeCaseCheckers } from "../loop/case-checker.js";
import { SHRINK_BUDGET } from "../loop/run.js";
import { shrinkCase } from "../loop/shrink.js";
import { corpusDirectory } from "../project.js";

/** The smallest failing thing that was found. */
export interface Witness {
  /** Instructions of a program, steps of a history; undefined where it cannot be made smaller. */
  readonly size: number | undefined;
  readonly text: string;
}

/** A disagreement, by the oracle that noticed it. */
export interface Found extends Pick<Disagreement, "oracle" | "where" | "expected" | "got"> {
  /** Make it smaller until `mayGoOn` says no. */
  shrink(mayGoOn: () => boolean): Witness;
}

export interface Search {
  readonly name: string;
  /** How much of the time it gets, compared with the others. */
  readonly share: number;
  /** Runs only where it is asked for by name: what something less would find, to compare with. */
  readonly isBaseline?: true;
  /** Try one more thing. `exhausted`: there was nothing more to try. */
  step(): Found | "nothing" | "exhausted";
}

export function makeSearches(seed: number): readonly Search[] {
  const checkers = makeCaseCheckers({ engines: [defaultEngine()] });
  return [
    ...Object.values(checkers).map((checker) => kindSearch(checker, seed)),
    directedSearch(),
    encoderSearch(seed),
    recordedSearch(),
    resultSearch(checkers[PROGRAMS.name]!, seed),
    oracleSearch(seed),
    conformanceSearch(),
    corpusSearch(),
    interpreterSearch(checkers[PROGRAMS.name]!, seed),
  ];
}

/** Fresh cases one after the other. @param sees what of a disagreement counts */
function kindSearch(checker: CaseChecker, seed: number, sees: (found: Disagreement) => boolean = () => true): Search {
  const { kind } = checker;
  let index = 0;
  return {
    name: kind.name,
    share: kind.count === undefined ? kind.share : LIST_SHARE,
    step() {
      if (index === kind.count) return "exhausted";
      const c = kind.fresh(seed, index++);
      const { verdict } = checker.check(c);
      if (verdict.kind !== "disagree" || !sees(verdict)) return "nothing";
      return foundIn(checker, c, verdict);
    },
  };
}

/** A case that disagrees, as what a search has found. */
export const foundIn = (checker: CaseChecker, c: unknown, verdict: Disagreement): Found => ({
  ...verdict,
  shrink(mayGoOn) {
    const shrunk = shrinkCase(checker, c, verdict, SHRINK_BUDGET.runs, mayGoOn);
    if (shrunk.kind === "shrunk") return { size: shrunk.size, text: shrunk.text };
    const { kind } = checker;
    return { size: kind.size(c), text: kind.print(c, { title: `not repeated: ${shrunk.got}` }) };
  },
});

/** Programs as a comparison of results alone would see them: r0, faults and crashes, but no byte of memory and no rule. */
const resultSearch = (programs: CaseChecker, seed: number): Search => ({
  ...kindSearch(programs, seed, ({ oracle, where }) => RESULTS.has(oracle) || RESULTS.has(where)),
  name: "results",
  isBaseline: true,
});
const RESULTS: ReadonlySet<string> = new Set(["r0", "outcome", "compiles", NO_EXCEPTION]);

/** Lists are short, and each item is there for a reason: they are through before the others have begun in earnest. */
const LIST_SHARE = 4;

/** What is wrong with an item of a list. */
type ListFound = Omit<Found, "shrink"> & { readonly witness: () => string };

/** A list that is gone through once. @param check what is wrong with an item; it may throw */
function listSearch<T>(name: string, items: Iterator<T>, check: (item: T) => ListFound | undefined): Search {
  return {
    name,
    share: LIST_SHARE,
    step() {
      try {
        const next = items.next();
        if (next.done === true) return "exhausted";
        const found = check(next.value);
        return found === undefined
          ? "nothing"
          : { ...found, shrink: () => ({ size: undefined, text: found.witness() }) };
      } catch (error) {
        const found = exception(error);
        return { ...found, shrink: () => ({ size: undefined, text: `${name}: ${found.got}\n` }) };
      }
    },
  };
}

/** Those that ask the subject; the others are of the search for what is wrong with an interpreter. */
const directedSearch = (): Search => listSearch("directed", subjectCases(defaultSubject).values(), directedFound);

function directedFound({ name, check }: DirectedCase): ListFound | undefined {
  const got = check(defaultSubject);
  if (got === undefined) return undefined;
  const answers = { oracle: "directed", where: name, expected: "nothing wrong", got };
  return { ...answers, witness: () => `directed case: ${name}\n` };
}

/** What one more sweep would find, the first few have found. */
const SWEEPS = 4;

const encoderSearch = (seed: number): Search => {
  const checks = defaultSubject.encoders?.(randomSource(seed, 0), SWEEPS);
  return listSearch("encoders", checks ?? [].values(), ({ mismatch, plainest }) => {
    if (mismatch === undefined) return undefined;
    const witness = (): string => {
      const { where, expected, got } = plainest();
      return `${where}\n  expected  ${expected}\n  got       ${got}\n`;
    };
    return { oracle: "encoder", ...mismatch, witness };
  });
};

/** Images that a real kernel made, compared byte for byte. Sees what no result can show. */
const recordedSearch = (): Search =>
  listSearch("recordings", recordedExcerpts().values(), (recording) => {
    const verdict = compareBytes(recording);
    if (verdict.kind === "equal") return undefined;
    const answers = { where: recording.name, expected: "the recorded image", got: describeVerdict(verdict) };
    return { oracle: "recorded image", ...answers, witness: () => `recording ${recording.name}\n` };
  });

/** The corpus: how much of what went wrong before its entries would have caught. */
const corpusSearch = (): Search => {
  const engine = defaultEngine();
  const search = listSearch("corpus", readCorpus([corpusDirectory()]).entries.values(), (entry) => {
    const verdict = entry.replay(engine);
    if (verdict.kind !== "disagree") return undefined;
    const { where, expected, got } = verdict;
    return {
      oracle: "corpus entry",
      where,
      expected,
      got,
      witness: () => `corpus entry ${path.basename(entry.file)}\n`,
    };
  });
  return { ...search, isBaseline: true };
};

/** Of a damaged program, many of which never end. */
const DAMAGED_FUEL = 5000;

/**
 * Programs as both interpreters have them, every run of them: directed ones, then fresh ones in turns with damaged ones, which
 * do what no valid one may.
 */
function interpreterSearch({ kind }: CaseChecker, seed: number): Search {
  function* programs(): Generator<DirectedCase | { readonly c: Case; readonly fuel?: number }, undefined> {
    yield* INTERPRETERS;
    for (let index = 0; ; index++) {
      yield { c: kind.fresh(seed, index) as Case };
      const c = damaged(seed, index);
      if (c !== undefined) yield { c, fuel: DAMAGED_FUEL };
    }
  }
  const search = listSearch("interpreters", programs(), (one) => {
    if ("check" in one) return directedFound(one);
    const { c, fuel } = one;
    const found = differenceBetween(c, { fuel });
    return found && { ...found, witness: () => kind.print(c) };
  });
  return { ...search, isBaseline: true };
}

/** The public conformance suite. Its folder is named by ROX_CONFORMANCE. */
const conformanceSearch = (): Search => {
  const folder = process.env.ROX_CONFORMANCE;
  const { files } = findFiles(folder === undefined ? [] : [path.join(folder, "tests")], [".data"]);
  const check = makeCheck({ engines: [defaultEngine()], strictness: "rfc" });
  const search = listSearch("conformance", files.values(), (file) => {
    const test = loadDataFile(file);
    if (!test.ok || test.value.result === undefined || test.value.restricted !== undefined) return undefined;
    const { verdict } = checkExpected({ ...test.value.case, expect: [test.value.result] }, check);
    if (verdict.kind !== "disagree") return undefined;
    return { ...verdict, witness: () => `conformance file ${path.basename(file)}\n` };
  });
  return { ...search, isBaseline: true };
};

/** Histories of `oracleSearch`. */
const TRIED = 500;

/**
 * Which oracles of memory object to a mutant: a fixed number of histories, each run to its end whatever is wrong. An oracle
 * that is the only one to object to some mutant is not there in vain.
 */
function oracleSearch(seed: number): Search {
  const engine = defaultEngine();
  const objecting = new Set<string>();
  let index = 0;
  let where = "";
  const note = (oracle: string): void => {
    if (objecting.size === 0) where = `history ${index - 1} of seed ${seed}`;
    objecting.add(oracle);
  };
  return {
    name: "oracles",
    share: 1,
    isBaseline: true,
    step() {
      if (index === TRIED) {
        if (objecting.size === 0) return "exhausted";
        const oracle = [...objecting].sort().join(" ");
        const answers = { where, expected: "none", got: "objections" };
        return { oracle, ...answers, shrink: () => ({ size: undefined, text: where }) };
      }
      const nonsense = new Set<Violation>();
      let isWrong = false;
      const onStep: HistoryCheckOptions["onStep"] = (_, { result }, violations) => {
        // A model that is asked what makes no sense any more throws this.
        const isSlip = result.kind === "crashed" && result.error instanceof RangeError;
        if (isWrong && isSlip) for (const violation of violations) nonsense.add(violation);
        isWrong ||= violations.length > 0;
      };
      try {
        const { violations } = checkHistory(HISTORIES.fresh(seed, index++), { engine, goOn: true, onStep });
        for (const violation of violations) if (!nonsense.has(violation)) note(violation.oracle);
      } catch {
        if (objecting.size === 0) note(NO_EXCEPTION);
      }
      return "nothing";
    },
  };
}
