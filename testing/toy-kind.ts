// A kind of cases for tests, in one file: a case is a number and a length, and whatever `judge` says of the number is the
// verdict. Case `index` of a seed is the number seed + index.

import type { AnyKind, Kind } from "../properties/cases/kind.js";
import { NO_COST } from "../properties/cases/kind.js";
import { AGREE, type Disagreement, exception, type Verdict } from "../properties/verdict.js";

interface Toy {
  readonly number: number;
  readonly length: number;
}

export const WRONG: Disagreement = {
  ...{ kind: "disagree", oracle: "toy-oracle", reason: "another number" },
  ...{ where: "the number", expected: "0x1", got: "0x2" },
};

const TEXT = /^((?:# [^\n]*\n)*)toy (\d+) (\d+)\n$/;

/** @param judge may throw, and may say something else each time */
export function toyKind(
  judge: (number: number, c: Toy) => Verdict = () => AGREE,
  given: Partial<Kind<Toy>> = {},
): AnyKind {
  const judged = (c: Toy): Verdict => {
    try {
      return judge(c.number, c);
    } catch (error) {
      return exception(error);
    }
  };
  const kind: Kind<Toy> = {
    name: "toys",
    extension: ".toy",
    what: "a number",
    unit: "unit",
    share: 1,
    turns: 1,
    chunk: 100,
    command: "replay",
    fresh: (seed, index) => ({ number: seed + index, length: 2 + (index % 40) }),
    checker: () => ({
      check(c, notice) {
        const points = notice === "points" ? [`toy ${c.length}|-|-|ran`] : [];
        return {
          verdict: judged(c),
          cost: { ...NO_COST, slots: c.length, words: 10, executed: 5 },
          rows: ["exit"],
          points,
        };
      },
      blame: ({ number }) => (number % 2 === 0 ? "even" : "odd"),
    }),
    size: ({ length }) => length,
    minimize(c, fails) {
      const shortest = { ...c, length: 2 };
      return fails(shortest) === true ? shortest : c;
    },
    print: ({ number, length }, { title, notes = [] } = {}) =>
      [
        ...(title === undefined ? [] : [`# title: ${title}`]),
        ...notes.map(({ text }) => `# note: ${text}`),
        `toy ${number} ${length}\n`,
      ].join("\n"),
    parse(text) {
      const [all, head = "", number, length] = TEXT.exec(text) ?? [];
      if (all === undefined) return { ok: false, error: { line: 1, message: "line 1: not a toy" } };
      const title = /^# title: (.*)$/m.exec(head)?.[1];
      return { ok: true, value: { number: Number(number), length: Number(length) }, head: { title } };
    },
    ...given,
  };
  return kind as AnyKind;
}
