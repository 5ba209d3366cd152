// One program on a subject that is no kernel, start to end: does it lie within what the subject takes, what does the
// interpreter say, what does the subject do, do the two agree, and if not, is that declared.

import type { Engine } from "../../../engines/engine.js";
import { type InterpretState, interpret } from "../../../spec/bpf/interpret.js";
import type { Problem, Strictness } from "../../../spec/bpf/validate/problem.js";
import { type Facts, validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { deviates, exitsOf, ignoredIn, instructionsOf, slotKey, withoutSlots } from "../../../subjects/deviation.js";
import { type Dialect, outside } from "../../../subjects/dialect.js";
import type { HostedCase, HostedProgram, ProgramHost, ProgramSubject } from "../../../subjects/program-subject.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { AGREE, type Disagreement, isUncompared, notCompiled, type Verdict, withoutNumbers } from "../../verdict.js";
import { answerTo, type Effort, secondAnswer } from "./answer.js";
import { withExits } from "./exits.js";
import { compareRun, type Expected, expectedOf } from "./hosted-run.js";
import { type CaseReport, differentRuns, notRun, type RunReport, type Watch } from "./report.js";
import { type Demands, problemsOf, validityOf } from "./validity.js";

/** What there is to do for a case before the subject is asked. */
type Ready =
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | { readonly kind: "outside"; readonly missing: string }
  | { readonly kind: "hosted"; readonly tried: HostedCase };

export class HostedChecker {
  private host: ProgramHost | undefined;
  /** Told of ahead, and not yet checked. */
  private readonly ahead = new Map<Case, Ready>();
  private readonly demands: Demands;

  constructor(
    private readonly subject: ProgramSubject,
    private readonly engines: readonly Engine[],
    strictness: Strictness,
    private readonly effort: Effort,
  ) {
    this.demands = { strictness, definedness: effort.definedness };
  }

  /** Cases that will be checked next, in order: the subject may begin with them. */
  announce(cases: readonly Case[]): void {
    this.ahead.clear();
    const given: HostedCase[] = [];
    for (const c of cases) {
      const ready = this.readyOrNot(c);
      if (ready === undefined) continue;
      this.ahead.set(c, ready);
      if (ready.kind === "hosted") given.push(ready.tried);
    }
    this.opened().announce?.(given);
  }

  check(c: Case, watch: Watch = {}): CaseReport {
    const ready = this.ahead.get(c) ?? this.readied(c);
    this.ahead.delete(c);
    if (ready.kind === "invalid") return ready;
    const slots = c.program.code.reduce((n, code) => n + code.length, 0);
    const nothing = { kind: "checked", runs: [], slots, words: 0, executed: 0 } as const;
    if (ready.kind === "outside") return { ...nothing, verdict: { kind: "refused", missing: ready.missing } };
    const report = this.tried(c, ready.tried, watch);
    const { verdict } = report;
    if (verdict.kind !== "disagree") return { ...nothing, ...report };
    // What was taken on trust is looked at before anybody hears of a finding.
    const problems = problemsOf(c.program, this.demands);
    if (problems !== undefined) return { kind: "invalid", problems };
    const left = this.pastDeviations(c, verdict);
    if (left.kind === "disagree") return { ...nothing, ...report, verdict: left };
    const settled = (run: RunReport): RunReport => (run.verdict.kind === "disagree" ? { ...run, verdict: left } : run);
    return { ...nothing, ...report, runs: report.runs.map(settled), verdict: left };
  }

  close(): void {
    this.ahead.clear();
    this.host?.close();
    this.host = undefined;
  }

  private opened(): ProgramHost {
    this.host ??= this.subject.open(this.engines[0]!);
    return this.host;
  }

  private readied({ program, env, inputs }: Case): Ready {
    const validity = validityOf(program, this.demands);
    if (!validity.ok) return { kind: "invalid", problems: validity.problems };
    const missing = outside(program, this.subject.dialect);
    if (missing !== undefined) return { kind: "outside", missing };
    return { kind: "hosted", tried: { program, facts: validity.facts, env, inputs } };
  }

  /** Undefined if that fails: whoever checks the case is told. */
  private readyOrNot(c: Case): Ready | undefined {
    try {
      return this.readied(c);
    } catch {
      return undefined;
    }
  }

  private tried(
    c: Case,
    tried: HostedCase,
    watch: Watch,
    meant: Meaning = tried,
  ): Omit<Extract<CaseReport, { kind: "checked" }>, "kind" | "slots"> {
    const loaded = this.opened().load(tried);
    const none = { runs: [], words: 0, executed: 0 };
    switch (loaded.kind) {
      case "notAccepted":
        return { ...none, verdict: notAccepted(loaded.why) };
      case "refused":
        return { ...none, verdict: this.refused(loaded.why) };
      case "broken":
        return { ...none, verdict: broken(loaded.what, loaded.why) };
      case "loaded": {
        const { runs, executed } = this.runAll(c, loaded.program, meant, watch);
        return { runs, executed, words: loaded.program.words, verdict: worst(runs) };
      }
      default:
        return loaded satisfies never;
    }
  }

  private refused(why: string): Verdict {
    const known = this.subject.deviations.find((one) => one.kind === "refusal" && why.includes(one.text));
    return known === undefined ? notCompiled(why) : declared(known.name);
  }

  private runAll(
    { program, inputs }: Case,
    hosted: HostedProgram,
    meant: Meaning,
    { count }: Watch,
  ): { readonly runs: readonly RunReport[]; readonly executed: number } {
    const ignored = ignoredIn(this.subject.deviations, program);
    const { facts } = meant;
    const deep = deepFrame(facts, this.subject.dialect);
    const runs: RunReport[] = [];
    let executed = 0;
    for (const [index, input] of inputs.entries()) {
      const layout = hosted.layout(input.length);
      const isFrameKnown = hosted.sees === "all";
      const question = { ...this.effort, run: { program: meant.program, input, layout, count }, facts, isFrameKnown };
      const expected = expectedOf(question, answerTo);
      if (expected.answer.none !== undefined) {
        const run = notRun(index, expected.answer);
        if (deep !== undefined) runs.push({ ...run, verdict: { kind: "refused", missing: deep } });
        else runs.push(run, ...differentRuns(index, expected.answer));
        continue;
      }
      let last: Expected = expected;
      for (const engine of this.engines) {
        const got = hosted.run(input, layout, engine, expected.answer.a64Fuel);
        executed += got.executed;
        const about = { program, layout, input, hosted, ignored };
        let verdict = compareRun(about, last, got);
        if (verdict.kind === "disagree" && this.effort.definedness === "proven") {
          last = expectedOf(question, (asked) => secondAnswer(asked, expected.answer));
          verdict = last.answer.none ?? compareRun(about, last, got);
        }
        runs.push({ input: index, engine: engine.name, expected: last.answer.outcome, got: got.outcome, verdict });
      }
      runs.push(...differentRuns(index, last.answer));
    }
    return { runs, executed };
  }

  /** What is left of a disagreement past all that is declared. */
  private pastDeviations(c: Case, verdict: Verdict): Verdict {
    const ended = this.pastExits(c, verdict);
    return ended.kind === "disagree" ? this.pastInstructions(c, ended) : ended;
  }

  /** Against what the program means where instructions end it. */
  private pastExits(c: Case, verdict: Verdict): Verdict {
    const meant = withExits(c.program, exitsOf(this.subject.deviations));
    if (meant === undefined) return verdict;
    const [own, guarded] = [c.program, meant.program].map((program) => validate(program, this.demands));
    if (own?.ok !== true || guarded?.ok !== true) return verdict;
    const tried = { ...c, facts: own.facts };
    const rest = this.tried(c, tried, {}, { program: meant.program, facts: guarded.facts }).verdict;
    return rest.kind === "agree" ? declared(meant.names.join(", ")) : rest;
  }

  /** Without the instructions that are declared to deviate. */
  private pastInstructions(c: Case, verdict: Verdict): Verdict {
    const declaredOnes = instructionsOf(this.subject.deviations);
    if (declaredOnes.length === 0) return verdict;
    const slots = new Set<string>();
    const names = new Set<string>();
    for (const input of c.inputs) {
      const layout = layoutOf(c.program, input.length);
      const trace = ({ pc, code, insn, registers }: InterpretState): void => {
        const one = declaredOnes.find((deviation) => deviates(deviation, insn, registers));
        if (one === undefined) return;
        slots.add(slotKey(code, pc));
        names.add(one.name);
      };
      interpret({ program: c.program, input, layout, fuel: this.effort.fuel, trace });
    }
    if (slots.size === 0) return verdict;
    const program = withoutSlots(c.program, slots);
    const validity = validate(program, this.demands);
    const why = [...names].join(", ");
    if (!validity.ok) return declared(why);
    const rest = this.tried({ ...c, program }, { ...c, program, facts: validity.facts }, {}).verdict;
    // What is taken out may change which instructions run: others that deviate are met then.
    return rest.kind === "disagree" ? this.pastDeviations({ ...c, program }, rest) : declared(why);
  }
}

/** What the interpreter is asked: the program, or what it means to the subject. */
type Meaning = Pick<HostedCase, "program" | "facts">;

/** Frames that may be deeper than the subject's: a program that goes there has no meaning for it. */
function deepFrame({ functions }: Facts, { stackBytes, calleeStackBytes }: Dialect): string | undefined {
  const most = (index: number): number => (index === 0 ? stackBytes : calleeStackBytes);
  const deep = functions.findIndex(({ stackDepth }, index) => stackDepth > most(index));
  return deep < 0 ? undefined : `frames of more than ${most(deep)} bytes`;
}

const declared = (names: string): Verdict => ({
  kind: "refused",
  missing: names,
  why: `declared deviation: ${names}`,
});
const notAccepted = (why: string): Verdict => ({
  kind: "refused",
  missing: why,
  why: `not accepted by the verifier of the subject: ${withoutNumbers(why)}`,
});

/** Who objects where the subject broke instead of answering. */
const broken = (what: string, why: string): Disagreement => ({
  kind: "disagree",
  oracle: "answers",
  reason: what,
  where: "the answer of the subject",
  expected: "an image or a refusal",
  got: why,
});

const worst = (runs: readonly RunReport[]): Verdict =>
  runs.find(({ verdict }) => verdict.kind === "disagree")?.verdict ??
  runs.find(({ verdict }) => isUncompared(verdict))?.verdict ??
  AGREE;
