// Which known defects a subject has: each is looked for with a case that shows it, and is there if the oracle says so.

import type { Engine } from "../engines/engine.js";
import { KernelFault } from "../machine/fault.js";
import type { Machine } from "../machine/machine.js";
import { insn } from "../spec/bpf/insn.js";
import { rowById } from "../spec/bpf/isa.js";
import { MAX_TAIL_CALLS, type Program } from "../spec/bpf/program.js";
import { bpf } from "../spec/bpf/text/bpf.js";
import { type Action, DEFAULT_OPTIONS, type History, NOTHING_ELSE } from "../subjects/action.js";
import { defaultSubject } from "../subjects/index.js";
import { NotModelled } from "../subjects/not-modelled.js";
import {
  DEFAULT_ENV,
  type JitEnv,
  type JitFunction,
  machineFor,
  PROFILES,
  type QuirkId,
  type Subject,
} from "../subjects/subject.js";
import { checkOrCrash } from "./cases/check-or-crash.js";
import { checkHistory, type HistoryCheckOptions } from "./cases/history/check.js";
import { makeCheck } from "./cases/program/check.js";
import { COUNTING, resultWith } from "./counting.js";
import { signOf } from "./known-defects.js";
import { findInTrampolines } from "./known-in-trampolines.js";
import { askAboutCode } from "./oracles/code/index.js";
import { ORACLES } from "./oracles/index.js";

/** Where an image starts depends on the number: the last of these is at the end of the hole. */
const AT_THE_END = 6;

const load = (
  insns: number,
  subprograms: number,
  fails: Extract<Action, { kind: "load" }>["fails"] = [],
  id = 0,
): Action => ({
  ...NOTHING_ELSE,
  kind: "load",
  id,
  program: { first: 1, insns, subprograms, probes: 0 },
  fails,
});

/** The second allocations of the second function fail at one of these. */
const LATE_ALLOCATIONS = [4, 5, 6, 7, 8, 9];
const HISTORIES: readonly Action[] = [
  load(2, 0),
  load(2, 0, [], AT_THE_END),
  load(5, 1),
  load(2, 0, [{ step: "copy", nth: 1 }]),
  load(2, 0, [{ step: "setPermission", nth: 1 }]),
  load(2, 0, [{ step: "setPermission", nth: 2 }]),
  ...LATE_ALLOCATIONS.map((nth) => load(5, 1, [{ step: "kvmalloc" as const, nth }])),
];

/** What a copy into text leaves behind that refuses and stores nothing: no copy that faults is taken for a success then. */
const REFUSED_ALONE = [load(2, 0, [{ step: "poke", nth: 1 }])];
/** In the last round of the second function, beside a program that keeps the pack. */
const REFUSED_LATE = [load(2, 0), load(5, 1, [{ step: "poke", nth: 2 }], 1)];
const REFUSALS: readonly {
  readonly quirk: QuirkId;
  readonly actions: readonly Action[];
  readonly oracle: string;
  readonly what: RegExp;
}[] = [
  {
    ...{ quirk: "finalizeFailureSize", actions: REFUSED_ALONE },
    ...{ oracle: "pack-returned-when-empty", what: /^the pack at .* is empty$/ },
  },
  {
    ...{ quirk: "finalizeFailureCharge", actions: REFUSED_ALONE },
    ...{ oracle: "accounting-balanced", what: /^\d+ bytes are charged, 0 are live$/ },
  },
  {
    ...{ quirk: "extraPassFailureKeepsImage", actions: REFUSED_LATE, oracle: "fallback-is-clean" },
    what: /^a step failed, but the program counts as loaded$|^function \d+ is still marked as compiled$/,
  },
];

/** @throws NotModelled if the subject cannot even load a program */
export function findKnownDefects(subject: Subject, engine: Engine): ReadonlySet<QuirkId> {
  const found = new Set<QuirkId>();
  const options = { ...DEFAULT_OPTIONS, ...subject.fixed };
  for (const action of HISTORIES) {
    const history: History = { options, actions: [action] };
    const onStep: HistoryCheckOptions["onStep"] = (_, step, violations) => {
      for (const violation of violations) {
        const quirk = signOf(violation, step);
        if (quirk !== undefined) found.add(quirk);
      }
    };
    const { violations } = checkHistory(history, { subject, engine, oracles: ORACLES, goOn: true, onStep });
    for (const violation of violations) {
      const quirk = signOf(violation, undefined);
      if (quirk !== undefined) found.add(quirk);
    }
  }
  for (const { quirk, actions, oracle, what } of REFUSALS) {
    const { violations } = checkHistory({ options, actions }, { subject, engine, oracles: ORACLES, goOn: true });
    if (violations.some((one) => one.oracle === oracle && what.test(one.what))) found.add(quirk);
  }
  for (const quirk of findInTrampolines(subject)) found.add(quirk);
  const machine = machineFor(subject);
  for (const { quirk, fn, env } of CODE) {
    machine.scrub();
    try {
      if (hasInCode(subject, machine, quirk, fn, env)) found.add(quirk);
    } catch (error) {
      // A kernel that knows no arenas has no defects of them; one that crashes is found to do so by what is tried later.
      if (!(error instanceof NotModelled || error instanceof KernelFault)) throw error;
    }
  }
  for (const quirk of findInCounts(subject, engine)) found.add(quirk);
  return found;
}

/** A program for each way in which tail calls may count: what it returns tells. */
const COUNTS: Readonly<Record<(typeof COUNTING)[number], Program>> = {
  emptySlotsCount: {
    ...{ maps: [{ kind: "progArray", entries: 2, programs: [1, undefined] }], context: "memory" },
    code: [
      bpf(
        `r6 = r1; r7 = ${MAX_TAIL_CALLS}; r1 = r6; r2 = map_fd 0 ll; r3 = 1; call 12; r7 += -1; if r7 != 0 goto -7;
         r1 = r6; r2 = map_fd 0 ll; r3 = 0; call 12; r0 = 1; exit`,
      ),
      bpf("r0 = 2; exit"),
    ],
  },
  returnedCallsForgotten: {
    ...{ maps: [{ kind: "progArray", entries: 1, programs: [1] }], context: "memory" },
    code: [
      bpf(
        `r6 = r1; call pc+5; r1 = r6; call pc+3; r1 = r6; r0 = *(u64 *)(r1 + 0); exit;
         r2 = map_fd 0 ll; r3 = 0; call 12; r0 = 0; exit`,
      ),
      bpf(
        `r2 = *(u64 *)(r1 + 0); r2 += 1; *(u64 *)(r1 + 0) = r2;
         r2 = map_fd 0 ll; r3 = 0; call 12; r0 = 0; exit`,
      ),
    ],
  },
};
const COUNTER = new Uint8Array(8);

export function findInCounts(subject: Subject, engine: Engine): readonly QuirkId[] {
  const check = makeCheck({ subject, engines: [engine] });
  return COUNTING.filter((quirk) => {
    const program = COUNTS[quirk];
    const { runs } = checkOrCrash({ program, inputs: [COUNTER], env: { cpu: "lse", hole: 0 } }, check);
    return runs.some(({ got }) => got?.kind === "returned" && got.r0 === resultWith([quirk], program, COUNTER));
  });
}

const ARENA = { kernelBase: { high: 0xffff_8001, low: 0 }, userBase: { high: 0x7000, low: 0 } };
const fn = (insns: JitFunction["insns"], more: Partial<JitFunction> = {}): JitFunction => ({
  insns: [...insns, insn(rowById("exit"))],
  index: 0,
  stackDepth: 0,
  ...more,
});

/** Functions of which a JIT with the defect makes other words. */
const CODE: readonly { readonly quirk: QuirkId; readonly fn: JitFunction; readonly env: Partial<JitEnv> }[] = [
  {
    quirk: "arenaStoreImmBase",
    fn: fn([insn(rowById("arena stdw"), { dst: 1, off: 0x7ff1, imm: 5 })], { arena: ARENA }),
    env: {},
  },
  {
    quirk: "exclusiveAliasedBase",
    fn: fn([insn(rowById("lock fetch add"), { dst: 1, src: 1 })]),
    env: { lse: false },
  },
  {
    quirk: "acquireKeepsRegister",
    fn: fn([insn(rowById("arena load acquire w"), { dst: 2, src: 1 })], { arena: ARENA }),
    env: {},
  },
  {
    quirk: "callbackWithoutFrame",
    fn: fn([insn(rowById("stdw"), { dst: 10, off: -8, imm: 5 })], {
      ...{ index: 1, stackDepth: 8, exceptionCallback: true },
    }),
    env: {},
  },
];

/** What an oracle of code says of a function that has the defect, in versions too of which our JIT makes other words. */
const OBJECTIONS: ReadonlyMap<QuirkId, RegExp> = new Map([
  ["exclusiveAliasedBase", /the load overwrites the address$/],
  ["acquireKeepsRegister", /clears x5, expected x\d+$/],
]);

/** Whether its words are those of our JIT with the defect, and not those without. */
function hasInCode(
  subject: Subject,
  machine: Machine,
  quirk: QuirkId,
  one: JitFunction,
  more: Partial<JitEnv>,
): boolean {
  const kernel = subject.boot({ machine, random: () => 0, env: { ...DEFAULT_ENV, ...more } });
  const loaded = kernel.loadProgram([one]);
  if (!loaded.ok) return false;
  const { bpfFunc, functions } = loaded.program;
  const objection = OBJECTIONS.get(quirk);
  if (objection !== undefined && askAboutCode(kernel, functions, subject.mute).some(({ what }) => objection.test(what)))
    return true;
  const got = Buffer.from(machine.peek(bpfFunc, functions[0]!.jitedLen));
  const is = (on: boolean): boolean => {
    const env = { ...kernel.env, quirks: { ...PROFILES.fixed, [quirk]: on } };
    const compiled = defaultSubject.compile([one], env, () => bpfFunc);
    return compiled.ok && got.equals(Buffer.from(compiled.images[0]!.image.subarray(0, got.length)));
  };
  return is(true) && !is(false);
}
