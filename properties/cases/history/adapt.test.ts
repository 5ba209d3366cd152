// What is not drawn of a kernel: what it has not got, and failures that end a history at a known defect.

import { expect, test } from "vitest";
import { wasmEngine } from "../../../engines/wasm/engine.js";
import { type Action, DEFAULT_OPTIONS, NOTHING_ELSE } from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import { notTried } from "../../../subjects/program-subject.js";
import type { Subject } from "../../../subjects/subject.js";
import { HISTORIES } from "./index.js";

const load: Action = {
  ...{ ...NOTHING_ELSE, kind: "load", id: 0, program: { first: 1, insns: 2, subprograms: 0, probes: 0 } },
  fails: [
    { step: "copy", nth: 1 },
    { step: "setPermission", nth: 2 },
    { step: "kvmalloc", nth: 1 },
  ],
};
const attach: Action = {
  ...{ ...NOTHING_ELSE, kind: "attach", id: 0, programs: [] },
  fails: [
    { step: "copy", nth: 1 },
    { step: "setPermission", nth: 1 },
  ],
};
const detach: Action = { ...NOTHING_ELSE, kind: "detach", id: 0 };
const history = { options: DEFAULT_OPTIONS, actions: [load, attach, detach] };

const fixed = { pageBytes: 4096, images: "pages", packBytes: 2 << 20 } as const;
const adapted = (more: Partial<Subject>): readonly Action[] =>
  HISTORIES.checker({ ...defaultSubject, fixed, ...more }, [wasmEngine]).adapt?.(history).actions ?? [];
const steps = (actions: readonly Action[], nth = 0): readonly string[] => {
  const action = actions[nth];
  return action !== undefined && "fails" in action ? action.fails.map(({ step }) => step) : [];
};

test("all is drawn of a kernel that has it", () => {
  expect(adapted({})).toEqual(history.actions);
});

const untried = new Map([["trampolines", "it makes none"]]);

test("nothing is attached in a kernel that is asked for no trampolines, and that is said once", () => {
  expect(adapted({ untried })).toEqual([load]);
  const { lines } = notTried({ ...defaultSubject, untried });
  expect(lines).toEqual(["trampolines, which impl is not asked: it makes none"]);
});

test("a failure after which a known defect ends the history is not drawn", () => {
  expect(steps(adapted({ known: new Set(["copyFaultIgnored"]) }))).toEqual(["setPermission", "kvmalloc"]);
  expect(steps(adapted({ known: new Set(["protectionFailureIgnored"]) }))).toEqual(["copy", "kvmalloc"]);
  // What is attached is made by the kernel itself, and published as programs are only where each has a page.
  expect(steps(adapted({ known: new Set(["copyFaultIgnored"]) }), 1)).toEqual(["copy", "setPermission"]);
  expect(steps(adapted({ known: new Set(["protectionFailureIgnored"]) }), 1)).toEqual(["copy"]);
});
