import { expect, test } from "vitest";
import { referenceEngine } from "../engines/reference/engine.js";
import { type Action, DEFAULT_OPTIONS, type Failing, NOTHING_ELSE } from "../subjects/action.js";
import type { QuirkId, Subject } from "../subjects/subject.js";
import { withDefects } from "../testing/with-defects.js";
import { checkHistory } from "./cases/history/check.js";

const load = (id: number, subprograms: number, fails: readonly Failing[] = []): Action => ({
  ...{ ...NOTHING_ELSE, kind: "load", id, fails },
  program: { first: 1, insns: 2 + 3 * subprograms, subprograms, probes: 0 },
});

/** @returns the defect that ended the history, or what objected */
function knownIn(subject: Subject, actions: readonly Action[]): string {
  const { known, violations } = checkHistory(
    { options: DEFAULT_OPTIONS, actions },
    { subject, engine: referenceEngine },
  );
  return known ?? violations[0]?.oracle ?? "nothing";
}

const knownTo = (...ids: readonly QuirkId[]): Subject => ({ ...withDefects(ids), known: new Set(ids) });
const late = load(1, 1, [{ step: "kvmalloc", nth: 5 }]);
const long: Action = {
  ...{ ...NOTHING_ELSE, kind: "load", id: 1, fails: [{ step: "kvmalloc", nth: 8 }] },
  program: { first: 1, insns: 21, subprograms: 3, probes: 0 },
};
const poke = load(1, 0, [{ step: "poke", nth: 1 }]);
const copy = load(1, 0, [{ step: "copy", nth: 1 }]);

test("a defect that is known ends a history under its name", () => {
  expect(knownIn(knownTo("freeLeaksOffsets"), [late])).toBe("freeLeaksOffsets");
  expect(knownIn(knownTo("freeLeaksOffsets", "freeLeaksBuffer"), [late])).toBe("freeLeaksBuffer");
  // Of 256 bytes are the first image and the table of its blinded form.
  expect(knownIn(knownTo("freeLeaksOffsets", "freeLeaksBuffer"), [long])).toBe("freeLeaksBuffer");
  expect(knownIn(knownTo("copyFaultIgnored"), [copy])).toBe("copyFaultIgnored");
  expect(knownIn(knownTo("finalizeFailureCharge"), [load(0, 0), poke])).toBe("finalizeFailureCharge");
  expect(knownIn(knownTo("finalizeFailureCharge", "finalizeFailureSize"), [poke])).toBe("finalizeFailureSize");
  expect(knownIn(knownTo("extraPassFailureKeepsImage"), [load(0, 0), load(1, 1, [{ step: "poke", nth: 1 }])])).toBe(
    "extraPassFailureKeepsImage",
  );
});

test("what is not known, or is not as the defect would have it, is told", () => {
  const known = knownTo("freeLeaksOffsets");
  expect(knownIn({ ...known, known: new Set() }, [late])).toBe("fallback-is-clean");
  expect(knownIn(leaking(known), [late])).toBe("fallback-is-clean");
  expect(knownIn(leaking(knownTo("freeLeaksOffsets", "freeLeaksBuffer")), [late])).toBe("fallback-is-clean");
  expect(knownIn(leaking(known), [load(1, 0, [{ step: "kvmalloc", nth: 2 }])])).toBe("fallback-is-clean");
  // A poke that is refused is no copy that faults.
  expect(knownIn({ ...withDefects(["finalizeFailureCharge"]), known: new Set(["copyFaultIgnored"]) }, [poke])).toBe(
    "fallback-is-clean",
  );
});

/** Each failed load leaves one more object behind. */
function leaking(subject: Subject): Subject {
  return {
    ...subject,
    boot(options) {
      const kernel = subject.boot(options);
      const loadProgram = kernel.loadProgram.bind(kernel);
      kernel.loadProgram = (functions) => {
        const loaded = loadProgram(functions);
        if (!loaded.ok) kernel.machine.kvmalloc(100);
        return loaded;
      };
      return kernel;
    },
  };
}
