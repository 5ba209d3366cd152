import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type History, isCaseProgram } from "../../../subjects/action.js";
import { Draw } from "../../../subjects/random/draw.js";
import { HistoryPoints } from "../../coverage/history.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { checkHistory } from "./check.js";
import { mutateHistory } from "./mutate.js";
import { parseHistory, printHistory } from "./text.js";

const [first, second] = fc.sample(new HistoryArbitrary(), { seed: 3, numRuns: 2 }) as [History, History];
const draw = (seed: number): Draw => new Draw({ nextInt: () => Math.imul(seed + 1, 0x9e37_79b9) });
const pointsOf = (history: History): ReadonlySet<string> => {
  const reached = new HistoryPoints(history.options);
  expect(checkHistory(history, { onStep: reached.onStep }).violations).toEqual([]);
  return reached.reached;
};

describe("a change of a history", () => {
  const changed = Array.from({ length: 80 }, (_, seed) => mutateHistory(first, second, draw(seed))).flatMap(
    (history) => history ?? [],
  );

  test("is another history that reads back and breaks nothing, and most tries come to something", () => {
    expect(changed.length).toBeGreaterThan(40);
    for (const history of changed) {
      expect(history).not.toEqual(first);
      const read = parseHistory(printHistory(history));
      expect(read).toMatchObject({ ok: true, value: { options: history.options, actions: history.actions } });
    }
    for (const history of changed.slice(0, 15)) pointsOf(history);
  });

  test("is never the history that it was made from, which was tried already", () => {
    const all = fc.sample(new HistoryArbitrary(), { seed: 5, numRuns: 40 });
    const same = all.flatMap((one, i) =>
      Array.from({ length: 20 }, (_, seed) =>
        mutateHistory(one, all[(i + 1) % all.length]!, draw(20 * i + seed)),
      ).filter((made) => made !== undefined && printHistory(made) === printHistory(one)),
    );
    expect(same).toEqual([]);
  });

  test("reads back whatever the two are, on pages of any size", () => {
    const all = fc.sample(new HistoryArbitrary(), { seed: 4, numRuns: 300 });
    const generated = all.filter(({ actions }) =>
      actions.some((action) => action.kind === "load" && isCaseProgram(action.program)),
    );
    const large = all.filter(({ options }) => options.pageBytes !== 4096);
    expect([generated.length > 5, large.length > 5]).toEqual([true, true]);
    const pairs = [...large, ...generated].flatMap((one) => generated.map((other) => [one, other] as const));
    for (const [i, [one, other]] of pairs.entries()) {
      const history = mutateHistory(one, other, draw(i));
      if (history !== undefined) expect(parseHistory(printHistory(history))).toMatchObject({ ok: true });
    }
  });

  test("meets the borders of pages and packs, brings failures in and takes pieces of the other", () => {
    const loads = changed.flatMap(({ actions }) => actions.filter((action) => action.kind === "load"));
    const border = first.options.packBytes / 4;
    const near = (insns: number): boolean => insns > border - 40 && insns <= border;
    expect(loads.some(({ program }) => !isCaseProgram(program) && near(program.insns))).toBe(true);
    expect(loads.some(({ fails }) => fails.some(({ nth }) => nth > 3))).toBe(true);
    const most = Math.max(...first.actions.map((action) => ("id" in action ? action.id : 0)));
    expect(loads.some(({ id }) => id > most)).toBe(true);
    const attached = ({ actions }: History): number => actions.filter(({ kind }) => kind === "attach").length;
    expect(Math.max(...changed.map(attached))).toBeGreaterThan(Math.max(attached(first), attached(second)));
  });
});

test("points tell actions with sizes, failures and what became of them", () => {
  const load = (text: string): ReadonlySet<string> => {
    const read = parseHistory(text);
    if (!read.ok) throw new Error(read.error.message);
    return pointsOf(read.value);
  };
  expect([...load("\nload #0 (r0 = 1 .., 2 insns)\n")]).toContain(
    "history load|2 chunks, from a page's start|nothing fails|loaded, new pack, alone",
  );
  const traced = [...load("\nload #0 (r0 = 1 .., 2 insns)\nattach #0 (fexit recorder)\n")];
  expect(traced.filter((point) => /^history attach\|\S+ chunks.*\|attached/.test(point))).toHaveLength(1);
  expect(traced.filter((point) => /^history attach\|[^|]*textWrite[^|]*\|/.test(point))).toHaveLength(1);
  expect([...load("\nload #0 (r0 = 1 .., 2 insns); copy 1 fails\n")].join("\n")).toMatch(
    /^history load\|-\|copy 1 fails\|refused/m,
  );
});
