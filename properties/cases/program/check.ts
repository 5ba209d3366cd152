// One program, start to end: is it valid, what does the interpreter say, what does the subject do, do the two agree on
// every input, and does any oracle object to the load, to a run or to the free. Only the interpreter says that a program is
// undefined. Where it has no answer, the subject is not run: it might do anything, to the machine too.

import type { Engine, TraceState } from "../../../engines/engine.js";
import { defaultEngine } from "../../../engines/index.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Strictness } from "../../../spec/bpf/validate/problem.js";
import { mapList } from "../../../spec/lists.js";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { type AnySubject, isKernel } from "../../../subjects/program-subject.js";
import type { ProgramRun } from "../../../subjects/session/executor.js";
import type { LiveProgram } from "../../../subjects/session/prepared.js";
import { apart, loadedBy, ProgramSession } from "../../../subjects/session/program-session.js";
import type { Step } from "../../../subjects/step.js";
import { DEFAULT_ENV, type JitEnv, type Subject } from "../../../subjects/subject.js";
import { differenceFromImpl, otherCode } from "../../differences/same-code.js";
import { knownInCode } from "../../known-code.js";
import { askAbout, type Objection } from "../../oracles/ask.js";
import { execMatch } from "../../oracles/exec-match.js";
import { oraclesOf } from "../../oracles/index.js";
import type { Oracle } from "../../oracles/oracle.js";
import { compare, exception, isUncompared, notCompiled, type Verdict, withoutNumbers } from "../../verdict.js";
import { type Answer, a64Fuel, type Effort, secondAnswer } from "./answer.js";
import { allBeforehand, type Beforehand, beforehand, type Known } from "./beforehand.js";
import { HostedChecker } from "./hosted.js";
import { type CaseReport, type Check, differentRuns, FUEL, notRun, type RunReport, type Watch } from "./report.js";
import { type Demands, problemsOf } from "./validity.js";

/** Default: `proven`, with `FUEL`. */
interface CheckerOptions extends Partial<Effort> {
  /** Default: our own code. */
  readonly subject?: AnySubject;
  /** Every run is made on each of them. Default: the fastest that is there. */
  readonly engines?: readonly Engine[];
  readonly env?: JitEnv;
  /** Asked beside ours. */
  readonly more?: readonly Oracle[];
  /** Default: what Linux would load. */
  readonly strictness?: Strictness;
  /** Called before each A64 instruction. */
  readonly trace?: (state: TraceState, live: LiveProgram) => void;
}

/** One kernel on which programs are tried one after the other. After an objection, a new one is booted. */
class Checker {
  readonly demands: Demands;
  readonly effort: Effort;
  /** What answers are compared by says where they differ; everybody else is asked about each step. */
  readonly oracles: readonly Oracle[];
  private current: ProgramSession | undefined;
  /** Told of ahead, and not yet checked. */
  private ahead: ReturnType<typeof allBeforehand> = new Map();

  constructor(
    readonly subject: Subject,
    private readonly options: CheckerOptions,
  ) {
    this.effort = effortOf(options);
    this.demands = { strictness: options.strictness ?? "verifier", definedness: this.effort.definedness };
    const { more = [] } = options;
    this.oracles = [...oraclesOf(this.subject).filter((oracle) => oracle !== execMatch), ...more];
  }

  get session(): ProgramSession {
    const { subject } = this;
    const { engines = [defaultEngine()], env, trace } = this.options;
    this.current ??= new ProgramSession({
      subject,
      engines,
      fuel: a64Fuel(this.effort.fuel),
      ...(env && { env }),
      ...(trace && { trace }),
    });
    return this.current;
  }

  /** Cases that will be checked next: all is done for them that needs no kernel. @param began told before each */
  announce(cases: readonly Case[], began: (nth: number) => void = () => {}): void {
    this.ahead = allBeforehand(cases, this, began);
  }

  /** What is known of a case before it is loaded, once. */
  beforehand(c: Case, count: Watch["count"]): Beforehand {
    const found = this.ahead.get(c);
    if (found === undefined) return beforehand(c, this, count);
    // Whoever asks again wants it found out again.
    this.ahead.delete(c);
    if (count !== undefined) found.rows.tell(count);
    return found.known;
  }

  /** Whatever was left behind is not there any more. */
  renew(): void {
    this.current = undefined;
  }
}

/** What goes through programs on a subject, of whatever sort. */
export function makeChecker(options: CheckerOptions = {}): Checker | HostedChecker {
  const { subject = defaultSubject, engines = [defaultEngine()], strictness = "verifier" } = options;
  return isKernel(subject)
    ? new Checker(subject, options)
    : new HostedChecker(subject, engines, strictness, effortOf(options));
}

const effortOf = ({ definedness = "proven", fuel = FUEL }: CheckerOptions): Effort => ({ definedness, fuel });

/** Checks programs one after the other. */
export function makeCheck(options: CheckerOptions = {}): Check {
  const checker = makeChecker(options);
  return (c, watch) => checkCase(c, checker, watch);
}

export function checkCase(c: Case, checker: Checker | HostedChecker, watch: Watch = {}): CaseReport {
  return checker instanceof HostedChecker ? checker.check(c, watch) : checkOnKernel(c, checker, watch);
}

function checkOnKernel(c: Case, checker: Checker, watch: Watch): CaseReport {
  const { demands } = checker;
  // What was taken on trust is looked at before anybody hears of a finding.
  try {
    const known = checker.beforehand(c, watch.count);
    if (known.kind === "invalid") return known;
    const report = checkValid(c, checker, watch, known);
    const problems = report.verdict.kind === "disagree" ? problemsOf(c.program, demands) : undefined;
    return problems === undefined ? report : { kind: "invalid", problems };
  } catch (error) {
    // An exception may have left anything behind.
    checker.renew();
    const problems = problemsOf(c.program, demands);
    if (problems !== undefined) return { kind: "invalid", problems };
    throw error;
  }
}

function checkValid(
  c: Case,
  checker: Checker,
  watch: Watch,
  known: Known,
): Extract<CaseReport, { readonly kind: "checked" }> {
  const { session } = checker;
  const slots = c.program.code.reduce((n, code) => n + code.length, 0);
  const load = session.load(known.codes, c.env);
  const live = loadedBy(load);
  if (typeof live === "string") {
    const objections = askAbout(load, checker.oracles);
    const verdict = refusal(load, live, objections);
    // What a JIT refuses in good order, because it lacks something, leaves nothing behind.
    if (verdict.kind !== "refused" || objections.length > 0) checker.renew();
    return { kind: "checked", verdict, runs: [], slots, words: 0, executed: 0 };
  }
  watch.loaded?.(session.imagesOf(live));
  const words = live.program.functions.reduce((n, { jitedLen }) => n + jitedLen / 4, 0);
  const difference = differenceFromImpl(checker.subject, session, live);
  const objections: Objection[] = [...askAbout(load, checker.oracles)];
  const all = runAll(c, checker, live, known);
  const { runs, executed } = all;
  objections.push(...all.objections);
  const freed = session.free(live);
  if (!all.isSpoilt) objections.push(...askAbout(freed, checker.oracles));
  const judged = worst(runs, objections);
  const past = judged.kind === "disagree" ? pastKnown(judged, checker.subject, live) : judged;
  const isWrong = past.kind === "agree" && difference !== undefined && checker.subject.isExact === true;
  const verdict = isWrong ? otherCode(difference) : past;
  if (verdict.kind === "disagree" || all.isSpoilt) checker.renew();
  const report = { kind: "checked", verdict, runs, slots, words, executed } as const;
  return difference === undefined ? report : { ...report, difference };
}

/** What a known defect of the compiled code does is no news. */
function pastKnown(verdict: Verdict, subject: Subject, { prepared }: LiveProgram): Verdict {
  const env = { ...DEFAULT_ENV, ...subject.build, lse: prepared.lse };
  const quirk = knownInCode(subject, prepared.codes, env);
  return quirk === undefined ? verdict : { kind: "refused", missing: `a mended ${quirk}, a known defect` };
}

/** A program that a verifier accepts must compile. */
function refusal({ result }: Step, why: string, objections: readonly Objection[]): Verdict {
  if (result.kind === "refused") {
    return result.error.kind === "missing" ? { kind: "refused", missing: result.error.what } : notCompiled(why);
  }
  return objections.length === 0 ? exception(new Error(why)) : objected(objections);
}

/** What came of all runs of a program. */
interface Runs {
  readonly runs: readonly RunReport[];
  readonly objections: readonly Objection[];
  readonly executed: number;
  /** A program ran that is undefined: what it has left of the machine says nothing. */
  readonly isSpoilt: boolean;
}

function runAll({ program, inputs }: Case, checker: Checker, live: LiveProgram, { asked }: Known): Runs {
  const all = { runs: [] as RunReport[], objections: [] as Objection[], executed: 0, isSpoilt: false };
  const given: Given[] = [];
  for (const [index, { layout, answer }] of asked.entries()) {
    if (answer.none !== undefined) continue;
    const { outcome: expected, a64Fuel: fuel } = answer;
    given.push({ index, program, input: inputs[index]!, layout, expected, fuel });
  }
  const made = runGiven(given, checker, live);
  let next = 0;
  for (const [index, { question, answer }] of asked.entries()) {
    if (answer.none !== undefined) {
      all.runs.push(notRun(index, answer), ...differentRuns(index, answer));
      continue;
    }
    const { runs, objections, executed } = made[next++]!;
    all.executed += executed;
    const isSuspect = objections.length > 0 || runs.some(({ verdict }) => verdict.kind === "disagree");
    const second = isSuspect ? secondAnswer(question, answer) : answer;
    if (second.difference !== undefined) all.runs.push(...differentRuns(index, second));
    if (second.none !== undefined) {
      all.isSpoilt = true;
      all.runs.push(notRun(index, second));
      continue;
    }
    if (objections.length > 0) all.objections.push(...objections);
    for (const run of runs) all.runs.push(second === answer ? run : judgedAgain(run, second));
  }
  return all;
}

/** What one who followed the run says may differ does not count. */
const judgedAgain = (run: RunReport, { outcome }: Answer): RunReport =>
  run.got === undefined ? run : { ...run, expected: outcome, verdict: compare(outcome, run.got) };

/** A run on an input of the case. */
interface Given extends ProgramRun {
  readonly index: number;
  readonly expected: Outcome;
}

/** What came of one input on every engine. */
interface Made {
  runs: readonly RunReport[];
  objections: readonly Objection[];
  executed: number;
}

/** To grow a list from nothing takes room for many. */
const NONE: readonly never[] = [];

/** All of them, in one step for each engine where nothing crashes. Objections are told of the run that they are to. */
function runGiven(given: readonly Given[], { session, oracles }: Checker, live: LiveProgram): readonly Made[] {
  const made = mapList(given, (): Made => ({ runs: NONE, objections: NONE, executed: 0 }));
  for (const { engine, step, from, runs } of session.run(live, given)) {
    const isQuiet = askAbout(step, oracles).length === 0 && step.result.kind === "ran";
    for (let nth = 0; nth < runs.length; nth++) {
      const { index, expected } = given[from + nth]!;
      const { outcome, executed } = runs[nth]!;
      const one = made[from + nth]!;
      one.executed += executed;
      if (!isQuiet) one.objections = [...one.objections, ...askAbout(apart(step, runs[nth]!), oracles)];
      if (outcome === undefined) continue;
      const run: RunReport = { input: index, engine, expected, got: outcome, verdict: compare(expected, outcome) };
      one.runs = one.runs.length === 0 ? [run] : [...one.runs, run];
    }
  }
  return made;
}

function worst(runs: readonly RunReport[], objections: readonly Objection[]): Verdict {
  const found = runs.find(({ verdict }) => verdict.kind === "disagree")?.verdict;
  if (found !== undefined) return found;
  if (objections.length > 0) return objected(objections);
  return runs.find(({ verdict }) => isUncompared(verdict))?.verdict ?? { kind: "agree" };
}

/** All that the first oracle that objects has to say. */
function objected(objections: readonly Objection[]): Verdict {
  const { oracle, what } = objections[0]!;
  const got = objections.flatMap((one) => (one.oracle === oracle ? [one.what] : [])).join("; ");
  const answers = { where: "text memory", expected: "the image, and nothing else changed", got };
  return { kind: "disagree", oracle, reason: withoutNumbers(what), ...answers };
}
