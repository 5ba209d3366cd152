import { expect, test } from "vitest";
import { DEFAULT_OPTIONS } from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import type { Step } from "../../../subjects/step.js";
import type { Subject } from "../../../subjects/subject.js";
import { checkHistory } from "./check.js";
import { parseHistory } from "./text.js";

/** Our own code, which tells how often it was asked where it is. */
function telling(): Subject {
  let asked = 0;
  return {
    ...defaultSubject,
    boot: (options) => Object.assign(defaultSubject.boot(options), { where: () => `place ${asked++}` }),
  };
}

test("each event comes with where the kernel's code was, if that is asked for and the subject knows", () => {
  const parsed = parseHistory("load #0 (r0 = 1 .., 2 insns)\nfree #0\n");
  if (!parsed.ok) throw new Error(parsed.error.message);
  const history = { ...parsed.value, options: DEFAULT_OPTIONS };
  const stepsOf = (subject: Subject, isLocated: boolean): readonly Step[] => {
    const steps: Step[] = [];
    checkHistory(history, { subject, isLocated, onStep: (_, step) => void steps.push(step) });
    return steps;
  };
  const [load, free] = stepsOf(telling(), true);
  expect(load!.places).toEqual(load!.events.map((_, i) => `place ${i}`));
  expect(free!.places).toHaveLength(free!.events.length);
  expect(free!.places!.every((place) => !load!.places!.includes(place))).toBe(true);
  expect(stepsOf(telling(), false)[0]!.places).toBeUndefined();
  expect(stepsOf(defaultSubject, true)[0]!.places).toBeUndefined();
});
