// Trampolines that are exchanged while they are called, released while a CPU is in the function, or not made at all.

import type { RoAddr } from "../../machine/address.js";
import { hexWord } from "../../spec/bits.js";
import type { Traced } from "../../spec/trampoline/traced.js";
import type { DirectedCase } from "../../subjects/subject.js";
import { type ProgramPlan, type TrampolineSetup, WORD } from "../../subjects/trampoline/setup.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";

const ENOMEM = -12;
const ENOTSUPP = -524;

const PROGRAM: ProgramPlan = {
  ...{ cookie: 7n, sleepable: false, recursionChecked: true, lsmCgroup: false },
  ...{ jited: true, start: 3n, result: 0n },
};
/** A program with one attached before it and one behind. */
export const TRACED_PROGRAM: TrampolineSetup = {
  ...{ target: "jit", helpersFar: false, bti: false, args: [WORD], values: [5n], original: 11n },
  ...{ fentry: [PROGRAM], fmodRet: [], fexit: [PROGRAM], ipArg: false, returns: false, moment: 0 },
};
const UNTRACED_FUNCTION: TrampolineSetup = {
  ...TRACED_PROGRAM,
  ...{ target: "near", values: [0n], original: 0n, fentry: [], fexit: [] },
};

/** Another CPU runs through the patch site at every single memory event: it calls the one or the other. */
const EXCHANGE: DirectedCase = {
  name: "a near trampoline gives way to a far one",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    const near = traced.nearTrampoline();
    const far = traced.farTrampoline();
    if (traced.poke(undefined, near.image).error !== 0) return "the near one is not attached";
    const { error, seen } = traced.poke(near.image, far.image, () => true);
    if (error !== 0) return `the exchange fails with ${error}`;
    const event = seen.findIndex((one) => programsOf(one) === 0);
    return event < 0 ? undefined : `at event ${event} of the exchange another CPU calls neither`;
  },
};

/** How many attached programs took part. */
const programsOf = (seen: Traced | string): number =>
  typeof seen === "string" ? 0 : seen.steps.filter(({ kind }) => kind === "enter").length;

const RELEASE: DirectedCase = {
  name: "after a release, a return from the original function skips the programs behind it",
  check(subject) {
    const { machine, tramp, request } = new TracedKernel(TRACED_PROGRAM, subject);
    const made = tramp.bpfTrampImageMake(request);
    if (!made.ok) return `no trampoline: ${made.error}`;
    const { ipAfterCall, ipEpilogue } = made.im;
    if (ipAfterCall === undefined || ipEpilogue === undefined) return "it calls no function";
    tramp.bpfTrampImagePut(made.im);
    const word = machine.peek32(ipAfterCall);
    const expected = 0x1400_0000 + (ipEpilogue - ipAfterCall) / 4;
    if (word === expected) return undefined;
    return `the word behind the call is ${hexWord(word)}, expected ${hexWord(expected)}`;
  },
};

const WITHOUT_MEMORY: DirectedCase = {
  name: "a trampoline for which there is no memory",
  check(subject) {
    const { machine, tramp, request } = new TracedKernel(UNTRACED_FUNCTION, subject);
    const before = JSON.stringify(machine.usage);
    machine.failures.plan("kvmalloc", 1);
    const made = tramp.bpfTrampImageMake(request);
    machine.failures.clear();
    if (made.ok || made.error !== ENOMEM) return `it answers ${made.ok ? "an image" : made.error}`;
    return JSON.stringify(machine.usage) === before ? undefined : "something is left";
  },
};

/** More registers than a trampoline can save. */
const REFUSAL: DirectedCase = {
  name: "a trampoline for nine registers is refused",
  check(subject) {
    const { machine, tramp, request, target } = new TracedKernel(UNTRACED_FUNCTION, subject);
    const { heapObjects } = machine.usage;
    const nine = { ...request, args: new Array<typeof WORD>(9).fill(WORD) };
    const made = tramp.archPrepareBpfTrampoline({ high: 0, low: 0 }, target, (target + 64) as RoAddr, nine);
    if (made.ok || made.error !== ENOTSUPP) return "it is not refused as unsupported";
    const left = machine.usage.heapObjects - heapObjects;
    return left === 0 ? undefined : `${left} objects are left on the heap`;
  },
};

export const TRAMPOLINES: readonly DirectedCase[] = [EXCHANGE, REFUSAL, RELEASE, WITHOUT_MEMORY];
