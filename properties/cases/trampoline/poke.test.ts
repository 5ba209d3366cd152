// A patch site in the middle of a poke: at every single memory event another CPU runs through it.

import { describe, expect, test } from "vitest";
import { pointer } from "../../../machine/address.js";
import { type Traced, traced } from "../../../spec/trampoline/traced.js";
import { defaultSubject } from "../../../subjects/index.js";
import { PROFILES } from "../../../subjects/subject.js";
import { type TrampolineSetup, WORD } from "../../../subjects/trampoline/setup.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";

const PROGRAM = {
  cookie: 7n,
  sleepable: false,
  recursionChecked: true,
  lsmCgroup: false,
  jited: true,
  start: 3n,
  result: 0n,
};
const setupOf = (target: TrampolineSetup["target"]): TrampolineSetup => ({
  target,
  helpersFar: false,
  bti: false,
  args: [WORD],
  values: [5n],
  original: 11n,
  fentry: [PROGRAM],
  fmodRet: [],
  fexit: [PROGRAM],
  fsession: [],
  ipArg: false,
  returns: false,
  moment: 0,
});

interface Watched {
  /** Without anything attached, with one trampoline and with the other. */
  readonly states: readonly Traced[];
  /** By poke: attach, exchange, detach. */
  readonly seen: readonly (readonly (Traced | string)[])[];
}

/** @param farFirst the first trampoline lies out of reach, the second in the packs. */
function watched(target: TrampolineSetup["target"], quirks = PROFILES.fixed, farFirst = false): Watched {
  const tracedKernel = new TracedKernel(setupOf(target), defaultSubject, quirks);
  const first = farFirst ? tracedKernel.farTrampoline() : tracedKernel.nearTrampoline();
  const second = tracedKernel.nearTrampoline();
  const attached = [first, second].map(({ record }) =>
    traced(tracedKernel.attachment(pointer(record)), tracedKernel.call),
  );
  const steps = [undefined, first.image, second.image, undefined];
  const seen = steps.slice(1).map((to, i) => {
    const poke = tracedKernel.poke(steps[i], to, () => true);
    expect(poke.error).toBe(0);
    return poke.seen;
  });
  return { states: [traced(undefined, tracedKernel.call), ...attached], seen };
}

/** `o` for the old state, `n` for the new one, `?` for anything else. */
function story({ states, seen }: Watched): readonly string[] {
  const same = (a: Traced | string, b: Traced): boolean => {
    try {
      expect(a).toEqual(b);
      return true;
    } catch {
      return false;
    }
  };
  return seen.map((runs, i) =>
    runs.map((run) => (same(run, states[i]!) ? "o" : same(run, states[(i + 1) % 3]!) ? "n" : "?")).join(""),
  );
}

describe("another CPU sees the old state or the new one", () => {
  test.each(["jit", "near"] as const)("%s: from one store on, the new one", (target) => {
    for (const line of story(watched(target))) expect(line).toMatch(/^o+n+$/);
  });

  test("far: by way of the address behind the code", () => {
    const [attach, exchange, detach] = story(watched("far"));
    expect([attach, exchange, detach].map((line) => /^o+n+$/.test(line!))).toEqual([true, true, true]);
  });

  test.each(["jit", "near"] as const)("%s: a far trampoline that gives way to a near one", (target) => {
    for (const line of story(watched(target, PROFILES.fixed, true))) expect(line).toMatch(/^o+n+$/);
  });

  test("pltResetFirst: but for a moment between the two, nothing is attached", () => {
    const found = watched("jit", { ...PROFILES.fixed, pltResetFirst: true }, true);
    expect(story(found)[1]).toMatch(/^o+[?]+n+$/);
    const between = story(found)[1]!.indexOf("?");
    expect(found.seen[1]![between]).toEqual(found.states[0]);
  });

  test("pltPageWritable: unless a page of running programs is made writable", () => {
    const { seen } = watched("far", { ...PROFILES.fixed, pltPageWritable: true });
    const faults = seen.flat().filter((run) => typeof run === "string");
    expect(faults.length).toBeGreaterThan(0);
    expect(new Set(faults.map((fault) => fault.split(" ")[0]))).toEqual(new Set(["notExecutable"]));
  });
});
