// A patch site in the middle of a poke: at every single memory event another CPU runs through it.

import { describe, expect, test } from "vitest";
import { PROFILES } from "../../../impl/quirks.js";
import { bpfArchTextPoke } from "../../../impl/trampoline/arch-text-poke.js";
import { archPrepareBpfTrampoline } from "../../../impl/trampoline/arch-trampoline.js";
import { bpfTrampImageMake } from "../../../impl/trampoline/tramp-image.js";
import { halves, type RoAddr, type Va } from "../../../machine/address.js";
import { type Traced, traced } from "../../../spec/trampoline/traced.js";
import { FAR_FUNCTION, PAGE_BYTES } from "../../../subjects/trampoline/layout.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import type { TrampolineSetup } from "./arbitrary.js";

const PROGRAM = {
  cookie: 7n,
  sleepable: false,
  recursionChecked: true,
  lsmCgroup: false,
  jited: true,
  start: 3n,
  result: 0n,
};
const scenarioOf = (target: TrampolineSetup["target"]): TrampolineSetup => ({
  target,
  helpersFar: false,
  bti: false,
  args: [{ bytes: 8, isStruct: false }],
  values: [5n],
  original: 11n,
  fentry: [PROGRAM],
  fmodRet: [],
  fexit: [PROGRAM],
  ipArg: false,
  returns: false,
  moment: 0,
});

/** What another CPU gets from the function at each event of a poke. */
function pokeWatched(world: TracedKernel, from: RoAddr | undefined, to: RoAddr | undefined): (Traced | string)[] {
  const { machine, tramp, target } = world;
  const seen: (Traced | string)[] = [];
  let busy = false;
  machine.onEvent = () => {
    if (busy) return;
    busy = true;
    seen.push(world.run(target, 1));
    busy = false;
  };
  expect(bpfArchTextPoke(tramp, target, "call", from, to)).toBe(0);
  machine.onEvent = undefined;
  return seen;
}

interface Watched {
  /** Without anything attached, with one trampoline and with the other. */
  readonly states: readonly Traced[];
  /** By poke: attach, exchange, detach. */
  readonly seen: readonly (readonly (Traced | string)[])[];
}

/** @param farFirst the first trampoline lies out of reach, the second in the packs. */
function watched(target: TrampolineSetup["target"], quirks = PROFILES.fixed, farFirst = false): Watched {
  const world = new TracedKernel(scenarioOf(target), quirks);
  const first = farFirst ? farTrampoline(world) : nearTrampoline(world);
  const second = nearTrampoline(world);
  const attached = [first, second].map(({ record }) => traced(world.attachment(record), world.call));
  return {
    states: [traced(undefined, world.call), ...attached],
    seen: [
      pokeWatched(world, undefined, first.image),
      pokeWatched(world, first.image, second.image),
      pokeWatched(world, second.image, undefined),
    ],
  };
}

interface Trampoline {
  readonly image: RoAddr;
  readonly record: Va;
}

function nearTrampoline({ tramp, request }: TracedKernel): Trampoline {
  const made = bpfTrampImageMake(tramp, request);
  if (!made.ok) throw new Error(`no trampoline: ${made.error}`);
  return made.im;
}

/** On a page that the packs would not have given. */
function farTrampoline({ machine, tramp, request }: TracedKernel): Trampoline {
  const image = FAR_FUNCTION as RoAddr;
  machine.map(image, PAGE_BYTES, "rox", true);
  const record = 0x4100_0000;
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const end = (image + PAGE_BYTES) as RoAddr;
  const made = archPrepareBpfTrampoline(machine, tramp.env, halves(record), places, image, end, request);
  if (!made.ok) throw new Error(`no trampoline: ${made.error}`);
  return { image, record };
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
