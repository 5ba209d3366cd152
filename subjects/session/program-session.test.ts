import { expect, test } from "vitest";
import type { Engine } from "../../engines/engine.js";
import { defaultEngine } from "../../engines/index.js";
import type { Program } from "../../spec/bpf/program.js";
import { parse } from "../../spec/bpf/text/parse.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import { defaultSubject } from "../index.js";
import { lowerProgram } from "../lowering.js";
import { layoutOf } from "../run/layout.js";
import { apart, loadedBy, ProgramSession } from "./program-session.js";

const parsed = parse("r0 = *(u64 *)(r1 + 0)\nexit");
if (!parsed.ok) throw new SyntaxError(parsed.error.message);
const PROGRAM: Program = { code: [parsed.value], maps: [], context: "memory" };
const INPUTS = [1, 2, 3, 4].map((first) => Uint8Array.of(first, 0, 0, 0, 0, 0, 0, 0));

/** @param crashes by run, counted from 0, whether the engine throws */
function runAll(crashes: readonly boolean[], engines = 1) {
  let runs = 0;
  const inner = defaultEngine();
  const engine: Engine = {
    ...inner,
    run: (run) => {
      if (crashes[runs++] === true) throw new Error("the machine is on fire");
      return inner.run(run);
    },
  };
  const all = Array.from({ length: engines }, (_, i) => ({ ...engine, name: `engine ${i}` }));
  const session = new ProgramSession({ subject: defaultSubject, engines: all, fuel: 1000 });
  const validity = validate(PROGRAM);
  if (!validity.ok) throw new RangeError("the program is not valid");
  const live = loadedBy(session.load(lowerProgram(PROGRAM, validity.facts, {}), { cpu: "lse", hole: 0 }));
  if (typeof live === "string") throw new Error(live);
  const layout = layoutOf(PROGRAM, 8, session.frames(live));
  return session.run(
    live,
    INPUTS.map((input) => ({ program: PROGRAM, input, layout })),
  );
}

const r0 = ({ outcome }: { readonly outcome: unknown }): unknown => (outcome as { r0?: bigint } | undefined)?.r0;

test("runs on all inputs are one step, for each engine", () => {
  const [first, second, ...others] = runAll([], 2);
  expect(others).toEqual([]);
  expect([first!.engine, second!.engine]).toEqual(["engine 0", "engine 1"]);
  for (const { from, runs, step } of [first!, second!]) {
    expect(from).toBe(0);
    expect(runs.map(r0)).toEqual([1n, 2n, 3n, 4n]);
    expect(step.result.kind).toBe("ran");
    expect(step.executions).toHaveLength(4);
  }
});

test("a crash ends a step, and the next run begins another", () => {
  const steps = runAll([false, true, true, false]);
  expect(steps.map(({ from }) => from)).toEqual([0, 2, 3]);
  expect(steps.map(({ step }) => step.result.kind)).toEqual(["crashed", "crashed", "ran"]);
  expect(steps.map(({ runs }) => runs.map(r0))).toEqual([[1n, undefined], [undefined], [4n]]);
});

test("what one run of several was is a step of its own, and the crash is that of the run that crashed", () => {
  const [{ step, runs }] = runAll([false, false, true, false]) as [ReturnType<typeof runAll>[number]];
  const steps = runs.map((run) => apart(step, run));
  expect(steps.map(({ result }) => result.kind)).toEqual(["ran", "ran", "crashed"]);
  expect(steps.map(({ executions }) => executions.length)).toEqual([1, 1, 0]);
});
