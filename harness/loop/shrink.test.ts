// A failing case becomes small, and one that does not fail again is given up at once.

import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { AGREE, type Disagreement, type Verdict } from "../../properties/verdict.js";
import type { History } from "../../subjects/action.js";
import type { Case } from "../../subjects/case.js";
import { toyKind, WRONG } from "../../testing/toy-kind.js";
import { type CaseCheckers, makeCaseCheckers } from "./case-checker.js";
import { SHRINK_BUDGET } from "./run.js";
import { shrink } from "./shrink.js";

/** Shrinks the toy of length 24 as one that failed like `WRONG`. */
function shrinkToy(judge: (times: number) => Verdict, minimize?: (fails: () => unknown) => void) {
  let times = 0;
  const kind = toyKind(
    () => judge(times++),
    minimize && {
      minimize(c, fails) {
        minimize(() => fails(c));
        return c;
      },
    },
  );
  const cause = { oracle: WRONG.oracle, reason: WRONG.reason, what: "even" };
  const text = kind.print({ number: 4, length: 24 }, { title: undefined });
  const result = shrink(
    { kind: "shrink", of: kind.name, text, cause, ...SHRINK_BUDGET },
    makeCaseCheckers({ kinds: [kind], engines: [] }),
  );
  return { result, times };
}

test("what fails again is made small, in the way that was found", () => {
  const { result } = shrinkToy(() => WRONG);
  expect(result).toMatchObject({
    kind: "shrunk",
    size: 2,
    text: "toy 4 2\n",
    cause: { oracle: "toy-oracle" },
    fixed: true,
  });
});

test("what failed once is checked once more, and no budget is burnt on it", () => {
  const { result, times } = shrinkToy(() => AGREE);
  expect([result, times]).toEqual([{ kind: "notRepeated", got: "agreement" }, 1]);
});

test("what fails in another way does not repeat", () => {
  const { result, times } = shrinkToy(() => ({ ...WRONG, reason: "a crash" }));
  expect([result.kind, times]).toEqual(["notRepeated", 1]);
});

test("what fails now and then is not taken for shrunk", () => {
  const { result } = shrinkToy(
    (times) => (times % 2 === 0 ? WRONG : AGREE),
    (fails) => {
      for (let n = 0; n < 4; n++) fails();
    },
  );
  expect(result).toEqual({ kind: "notRepeated", got: "agreement" });
});

const objecting = (
  checkers: CaseCheckers,
  name: string,
  fails: (c: unknown) => boolean,
  found: Disagreement,
): CaseCheckers => ({
  [name]: {
    ...checkers[name]!,
    check: (c, notice) => ({ ...checkers[name]!.check(c, notice), ...(fails(c) && { verdict: found }) }),
  },
});
const real = makeCaseCheckers({ engines: [referenceEngine] });
const limits = { kind: "shrink", runs: 3000, ms: 1e9 } as const;

test("a real program becomes a line or two that still have what fails", () => {
  const multiplies = (c: unknown): boolean =>
    (c as Case).program.code.flat().some(({ row }) => row.kind === "alu" && row.op === "mul");
  const index = Array.from({ length: 200 }, (_, i) => i).find((i) => multiplies(PROGRAMS.fresh(5, i)))!;
  const cause = { oracle: "exec-match", reason: "another result", what: "?" };
  const found: Disagreement = { kind: "disagree", ...cause, where: "r0", expected: "0x1", got: "0x2" };
  const text = PROGRAMS.print(PROGRAMS.fresh(5, index), { title: undefined });
  const checkers = objecting(real, PROGRAMS.name, multiplies, found);
  const shrunk = shrink({ ...limits, of: PROGRAMS.name, text, cause }, checkers);
  if (shrunk.kind !== "shrunk") throw new Error(shrunk.got);
  expect(shrunk.size).toBeLessThanOrEqual(4);
  const parsed = PROGRAMS.parse(shrunk.text);
  expect(parsed.ok && multiplies(parsed.value)).toBe(true);
});

test("the history of a breach becomes plain", () => {
  const attaches = (c: unknown): boolean => (c as History).actions.some(({ kind }) => kind === "attach");
  const index = Array.from({ length: 100 }, (_, i) => i).find((i) => attaches(HISTORIES.fresh(7, i)))!;
  const cause = { oracle: "no-leak", reason: "objects", what: "attach" };
  const found: Disagreement = { kind: "disagree", ...cause, where: "step 1", expected: "no breach", got: "2 areas" };
  const text = HISTORIES.print(HISTORIES.fresh(7, index), { title: undefined });
  const checkers = objecting(real, HISTORIES.name, attaches, found);
  const shrunk = shrink({ ...limits, of: HISTORIES.name, text, cause }, checkers);
  if (shrunk.kind !== "shrunk") throw new Error(shrunk.got);
  expect(shrunk.size).toBeLessThanOrEqual(2);
  expect(shrunk.text).toMatch(/^attach /m);
});
