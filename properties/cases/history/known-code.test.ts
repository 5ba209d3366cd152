import { expect, test } from "vitest";
import { referenceEngine } from "../../../engines/reference/engine.js";
import { defaultSubject } from "../../../subjects/index.js";
import { DEFAULT_ENV, type QuirkId, type Subject } from "../../../subjects/subject.js";
import { HISTORIES } from "./index.js";

/** Without LSE the loop stores again through the pointer, which is lost where the defect is. */
const FETCH = `# profile: fixed

load #1 (the program below)
  # cpu: ll-sc
  # input: 80 zero 7

    r2 = 8
    *(u64 *)(r10 - 8) = r2
    r1 = r10
    r1 += -8
    r1 = atomic_fetch_add((u64 *)(r1 + 0), r1)
    r0 = 0
    exit
run #1 on cpu 0
`;

/** Our own code with the defect of load-exclusive loops. */
const defective = (known: readonly QuirkId[]): Subject => ({
  ...defaultSubject,
  ...(known.length > 0 && { known: new Set(known) }),
  compile: (functions, env, place) => defaultSubject.compile(functions, withDefect(env), place),
  boot(options) {
    const kernel = defaultSubject.boot({ ...options, env: withDefect(options.env ?? DEFAULT_ENV) });
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => {
      kernel.env = withDefect(kernel.env);
      return load(functions);
    };
    return kernel;
  },
});
const withDefect = <E extends typeof DEFAULT_ENV>(env: E): E => ({
  ...env,
  quirks: { ...env.quirks, exclusiveAliasedBase: true },
});

test("what a program with a known defect in its code does in a history is no news, of an unknown one it is", () => {
  const parsed = HISTORIES.parse(FETCH);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const verdictOn = (subject: Subject) => HISTORIES.checker(subject, [referenceEngine]).check(parsed.value).verdict;
  expect(verdictOn(defaultSubject)).toEqual({ kind: "agree" });
  expect(verdictOn(defective([]))).toMatchObject({ kind: "disagree" });
  expect(verdictOn(defective(["arenaStoreImmBase"]))).toMatchObject({ kind: "disagree" });
  expect(verdictOn(defective(["exclusiveAliasedBase"]))).toEqual({
    kind: "refused",
    missing: "a mended exclusiveAliasedBase, a known defect",
  });
});
