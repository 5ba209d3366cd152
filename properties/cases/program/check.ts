// One program, start to end: is it valid, what does the interpreter say, what does the subject do, do the two agree on
// every input, and does any oracle object to the load, to a run or to the free.

import type { Engine, TraceState } from "../../../engines/engine.js";
import { defaultEngine } from "../../../engines/index.js";
import { interpret } from "../../../spec/bpf/interpret.js";
import type { Strictness } from "../../../spec/bpf/validate/problem.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { type AnySubject, isKernel } from "../../../subjects/program-subject.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import type { LiveProgram } from "../../../subjects/session/prepared.js";
import { loadedBy, ProgramSession } from "../../../subjects/session/program-session.js";
import type { Step } from "../../../subjects/step.js";
import type { JitEnv, Subject } from "../../../subjects/subject.js";
import { askAbout, type Objection } from "../../oracles/ask.js";
import { execMatch } from "../../oracles/exec-match.js";
import { oraclesOf } from "../../oracles/index.js";
import type { Oracle } from "../../oracles/oracle.js";
import { compare, exception, isUncompared, notCompiled, type Verdict, withoutNumbers } from "../../verdict.js";
import { HostedChecker } from "./hosted.js";
import { A64_FUEL, type CaseReport, type Check, FUEL, type RunReport, type Watch } from "./report.js";

interface CheckerOptions {
  /** Default: our own code. */
  readonly subject?: AnySubject;
  /** Every run is made on each of them. Default: the fastest that is there. */
  readonly engines?: readonly Engine[];
  readonly env?: JitEnv;
  /** Default: what Linux would load. */
  readonly strictness?: Strictness;
  /** Called before each A64 instruction. */
  readonly trace?: (state: TraceState, live: LiveProgram) => void;
}

/** One kernel on which programs are tried one after the other. After an objection, a new one is booted. */
class Checker {
  readonly strictness: Strictness;
  /** What answers are compared by says where they differ; everybody else is asked about each step. */
  readonly oracles: readonly Oracle[];
  private current: ProgramSession | undefined;

  constructor(
    private readonly subject: Subject,
    private readonly options: CheckerOptions,
  ) {
    this.strictness = options.strictness ?? "verifier";
    this.oracles = oraclesOf(this.subject).filter((oracle) => oracle !== execMatch);
  }

  get session(): ProgramSession {
    const { subject } = this;
    const { engines = [defaultEngine()], env, trace } = this.options;
    this.current ??= new ProgramSession({
      subject,
      engines,
      fuel: A64_FUEL,
      ...(env && { env }),
      ...(trace && { trace }),
    });
    return this.current;
  }

  /** Whatever was left behind is not there any more. */
  renew(): void {
    this.current = undefined;
  }
}

/** What goes through programs on a subject, of whatever sort. */
export function makeChecker(options: CheckerOptions = {}): Checker | HostedChecker {
  const { subject = defaultSubject, engines = [defaultEngine()], strictness = "verifier" } = options;
  return isKernel(subject) ? new Checker(subject, options) : new HostedChecker(subject, engines, strictness);
}

/** Checks programs one after the other. */
export function makeCheck(options: CheckerOptions = {}): Check {
  const checker = makeChecker(options);
  return (c, watch) => checkCase(c, checker, watch);
}

export function checkCase(c: Case, checker: Checker | HostedChecker, watch: Watch = {}): CaseReport {
  return checker instanceof HostedChecker ? checker.check(c, watch) : checkOnKernel(c, checker, watch);
}

function checkOnKernel(c: Case, checker: Checker, watch: Watch): CaseReport {
  const { program } = c;
  const validity = validate(program, { strictness: checker.strictness });
  if (!validity.ok) return { kind: "invalid", problems: validity.problems };
  const slots = program.code.reduce((n, code) => n + code.length, 0);
  try {
    const { session } = checker;
    const load = session.load(program, validity.facts, c.env);
    const live = loadedBy(load);
    if (typeof live === "string") {
      checker.renew();
      return { kind: "checked", verdict: refusal(load, live, checker), runs: [], slots, words: 0, executed: 0 };
    }
    watch.loaded?.(session.imagesOf(live));
    const words = live.program.functions.reduce((n, { jitedLen }) => n + jitedLen / 4, 0);
    const objections: Objection[] = [...askAbout(load, checker.oracles)];
    const { runs, executed } = runAll(c, checker, live, objections, watch.count);
    objections.push(...askAbout(session.free(live), checker.oracles));
    const verdict = worst(runs, objections);
    if (verdict.kind === "disagree") checker.renew();
    return { kind: "checked", verdict, runs, slots, words, executed };
  } catch (error) {
    // An exception may have left anything behind.
    checker.renew();
    throw error;
  }
}

/** A program that a verifier accepts must compile. */
function refusal(load: Step, why: string, { oracles }: Checker): Verdict {
  const { result } = load;
  if (result.kind === "refused") {
    return result.error.kind === "missing" ? { kind: "refused", missing: result.error.what } : notCompiled(why);
  }
  const objections = askAbout(load, oracles);
  return objections.length === 0 ? exception(new Error(why)) : objected(objections);
}

function runAll(
  { program, inputs }: Case,
  { session, oracles }: Checker,
  live: LiveProgram,
  objections: Objection[],
  count: Watch["count"],
): { readonly runs: readonly RunReport[]; readonly executed: number } {
  const runs: RunReport[] = [];
  let executed = 0;
  const frames = session.frames(live);
  for (const [index, input] of inputs.entries()) {
    const layout = layoutOf(program, input.length, frames);
    const expected = interpret({ program, input, layout, fuel: FUEL, count });
    const lastCode = expected.kind === "returned" ? expected.code : 0;
    for (const { engine, step, outcome, executed: n } of session.run(live, program, input, layout, lastCode)) {
      executed += n;
      objections.push(...askAbout(step, oracles));
      if (outcome === undefined) continue;
      runs.push({ input: index, engine, expected, got: outcome, verdict: compare(expected, outcome) });
    }
  }
  return { runs, executed };
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
