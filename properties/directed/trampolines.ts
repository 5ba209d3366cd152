// Trampolines that are exchanged while they are called, forgotten, or not made at all.

import type { RoAddr } from "../../machine/address.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { DEFAULT_ENV, type DirectedCase, type FuncArg, type Halves, type Subject } from "../../subjects/subject.js";
import { type TrampolineSetup, WORD } from "../../subjects/trampoline/setup.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import { programsOf, RELEASE, RELEASE_OF_EACH } from "./releases.js";
import { PROGRAM, TRACED_PROGRAM, UNTRACED_FUNCTION } from "./traced.js";

const E2BIG = -7;
const ENOMEM = -12;
const ENOTSUPP = -524;

/** Another CPU runs through the patch site at every single memory event: it calls the one or the other. */
const EXCHANGE: DirectedCase = {
  name: "a near trampoline gives way to a far one",
  shows: ["pltPageWritable", "pltResetFirst"],
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

const FORGOTTEN: DirectedCase = {
  name: "text of a trampoline is found as long as it is there",
  check(subject) {
    const { tramp, request } = new TracedKernel(UNTRACED_FUNCTION, subject);
    const made = tramp.bpfTrampImageMake(request);
    if (!made.ok) return `no trampoline: ${made.error}`;
    const { image } = made.im;
    if (tramp.symbols.lookup(image)?.start !== image) return "it is not found";
    tramp.bpfTrampImageFree(made.im);
    return tramp.symbols.lookup(image) === undefined ? undefined : "it is found when it is gone";
  },
};

const STEPS = ["kvmalloc", "vmalloc", "progAlloc", "setPermission", "copy", "poke"] as const;
/** Less room than any trampoline takes is left when none of these finds a place. */
const FILLERS = [4096, 1024, 256, 64] as const;

const WITHOUT_MEMORY: DirectedCase = {
  name: "a trampoline of which a step fails leaves nothing behind",
  check(subject) {
    for (const step of STEPS) {
      // Then it is no failure of the trampoline, and cannot run or can be written.
      if (step === "setPermission" && subject.known?.has("protectionFailureIgnored") === true) continue;
      for (let nth = 1; ; nth++) {
        const traced = new TracedKernel(UNTRACED_FUNCTION, subject);
        const { machine, tramp, request } = traced;
        if (step === "vmalloc") fillPacks(traced);
        const before = JSON.stringify(machine.usage);
        machine.failures.plan(step, nth);
        const made = tramp.bpfTrampImageMake(request);
        const isStruck = machine.failures.pending === 0;
        machine.failures.clear();
        if (!isStruck) break;
        const failed = `call ${nth} of ${step} fails`;
        if (!made.ok && step === "kvmalloc" && made.error !== ENOMEM) return `${failed}: it answers ${made.error}`;
        if (made.ok) tramp.bpfTrampImageFree(made.im);
        const left = JSON.stringify(machine.usage);
        if (left !== before) return `${failed}: memory in use was ${before}, is ${left}`;
      }
    }
    return undefined;
  },
};

/** The next trampoline needs new pages. */
function fillPacks({ machine, tramp }: TracedKernel): void {
  for (const bytes of FILLERS) {
    do machine.failures.plan("vmalloc", 1);
    while (tramp.archAllocBpfTrampoline(bytes) !== undefined && machine.failures.pending > 0);
  }
  machine.failures.clear();
}

/** Of a struct_ops member with twelve arguments. */
export const LAST_ARGUMENT = 12n;
/** A member of struct_ops, four of whose arguments lie on the stack. */
export const MEMBER_OF_MANY: TrampolineSetup = {
  ...TRACED_PROGRAM,
  ...{ target: "structOps", original: 0n, fexit: [], fentry: [{ ...PROGRAM, recursionChecked: false }] },
  ...{ args: new Array<FuncArg>(12).fill(WORD), values: Array.from({ length: 12 }, (_, i) => BigInt(i + 1)) },
};

const MEMBER: DirectedCase = {
  name: "arguments on the stack of a struct_ops member",
  shows: ["memberArguments"],
  check(subject) {
    if ((subject.build ?? DEFAULT_ENV).changes.stackWords !== true) throw new NotModelled("arguments on the stack");
    const traced = new TracedKernel(MEMBER_OF_MANY, subject);
    const made = traced.tramp.bpfTrampImageMake(traced.request);
    if (!made.ok) return `no trampoline: ${made.error}`;
    const got = traced.run(made.im.image);
    if (typeof got === "string") return got;
    const run = got.steps.find((step) => step.kind === "run");
    const last = run?.kind === "run" ? run.args.at(-1) : undefined;
    return last === LAST_ARGUMENT ? undefined : `the last argument is ${last}, expected ${LAST_ARGUMENT}`;
  },
};

/** Fourteen words in seven arguments: more than any trampoline is asked to pass. */
export const TOO_MANY: readonly FuncArg[] = new Array<FuncArg>(7).fill({ bytes: 16, isStruct: true });

/** Where arguments on the stack are passed, Linux asks for no more than twelve, and the code takes what it is asked. */
const passesAll = ({ build }: Subject): boolean => build?.changes.stackWords === true;

const REFUSAL: DirectedCase = {
  name: "a trampoline for too many words is refused",
  shows: ["trampolineRefusalLeak"],
  check(subject) {
    if (passesAll(subject)) throw new NotModelled("a refusal of arguments on the stack");
    const { machine, tramp, request, target } = new TracedKernel(UNTRACED_FUNCTION, subject);
    const { heapObjects } = machine.usage;
    const many = { ...request, args: TOO_MANY };
    const made = tramp.archPrepareBpfTrampoline({ high: 0, low: 0 }, target, (target + 64) as RoAddr, many);
    if (made.ok || made.error !== ENOTSUPP) return "it is not refused as unsupported";
    const left = machine.usage.heapObjects - heapObjects;
    return left === 0 ? undefined : `${left} objects are left on the heap`;
  },
};

/** Programs of all kinds on one trampoline. */
const MOST_LINKS = 38;

/** @returns 0 or what the kernel answers to so many fexit programs, and the bytes that it asks for. */
const attachMany = (traced: TracedKernel, count: number, cookie: Halves, kind: "fentry" | "fexit") =>
  attachWith(traced, new Array<Halves>(count).fill(cookie), kind);

function attachWith({ tramp, request }: TracedKernel, cookies: readonly Halves[], kind: "fentry" | "fexit") {
  const all = cookies.map((cookie) => ({ ...request.links.fexit[0]!, cookie }));
  const none = { fentry: [], fmodRet: [], fexit: [] };
  const many = { ...request, links: { ...request.links, ...none, [kind]: all } };
  const size = tramp.archBpfTrampolineSize(many);
  const made = tramp.bpfTrampImageMake(many);
  if (made.ok) tramp.bpfTrampImageFree(made.im);
  return { bytes: size.ok ? size.bytes : Number.NaN, error: made.ok ? 0 : made.error };
}

const NO_COOKIE: Halves = { high: 0, low: 0 };
/** Four moves. */
const LONG_COOKIE: Halves = { high: 0x1122_3344, low: 0x5566_7788 };
const COOKIES: readonly Halves[] = [NO_COOKIE, { high: 0, low: 1 }, { high: 0, low: 0x1_0001 }, LONG_COOKIE];

/** How many programs a page holds is nothing that can be told from a size. */
function needsSizes({ tramp }: TracedKernel): void {
  if (tramp.isUnsized === true) throw new NotModelled("the size of a trampoline (each has a page)");
}

const LIMITS: DirectedCase = {
  name: "a trampoline takes 38 programs, and no more code than a page holds",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    needsSizes(traced);
    const { pageBytes, usage } = traced.machine;
    const before = JSON.stringify(usage);
    for (const kind of ["fentry", "fexit"] as const) {
      for (const cookie of COOKIES) {
        for (let count = 1; count <= MOST_LINKS + 1; count++) {
          const { bytes, error } = attachMany(traced, count, cookie, kind);
          const expected = count > MOST_LINKS || bytes > pageBytes ? E2BIG : 0;
          if (error !== expected) return `${count} ${kind} programs, ${bytes} bytes: ${error}, expected ${expected}`;
        }
      }
    }
    return JSON.stringify(traced.machine.usage) === before ? undefined : "something is left";
  },
};

/** One move, and four. */
const [SHORT, LONG] = [{ high: 0, low: 1 }, LONG_COOKIE];
const FULL_LINKS = 36;

/** 36 programs, and as many words for their cookies as bring the first form to a page, and to a page and a word. */
const FULL_PAGE: DirectedCase = {
  name: "a trampoline fills a page to its last word, and no further",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    needsSizes(traced);
    const { pageBytes } = traced.machine;
    // More than so many programs can take.
    if (pageBytes !== 4096) return undefined;
    const room = (pageBytes - attachMany(traced, FULL_LINKS, NO_COOKIE, "fexit").bytes) / 4;
    for (const [words, expected] of [
      [room - 1, 0],
      [room, 0],
      [room + 1, E2BIG],
    ] as const) {
      const cookies = Array.from({ length: FULL_LINKS }, (_, i) => cookieOf(words, i));
      const { bytes, error } = attachWith(traced, cookies, "fexit");
      const wanted = pageBytes + 4 * (words - room);
      if (bytes !== wanted) return `it asks for ${bytes} bytes, expected ${wanted}`;
      if (error !== expected) return `${bytes} bytes: ${error}, expected ${expected}`;
    }
    return undefined;
  },
};

/** So that all of them have `words` together: four each, then one each. */
function cookieOf(words: number, i: number): Halves {
  const long = Math.floor(words / 4);
  if (i < long) return LONG;
  return i < long + (words % 4) ? SHORT : NO_COOKIE;
}

/** As measured on a running kernel with pages of 4 KiB: the 36th fexit program with a long cookie is one too many. */
const MEASURED_LIMIT: DirectedCase = {
  name: "35 fexit programs with long cookies fit in a page of 4 KiB, 36 do not",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    needsSizes(traced);
    if (traced.machine.pageBytes !== 4096) return undefined;
    if (traced.tramp.skipsEach === true) throw new NotModelled("code for a program that was measured");
    const errors = [35, 36].map((count) => attachMany(traced, count, LONG_COOKIE, "fexit").error);
    return errors.join() === `0,${E2BIG}` ? undefined : `they answer ${errors.join(" and ")}`;
  },
};

export const TRAMPOLINES: readonly DirectedCase[] = [
  EXCHANGE,
  FULL_PAGE,
  LIMITS,
  MEASURED_LIMIT,
  MEMBER,
  REFUSAL,
  RELEASE,
  RELEASE_OF_EACH,
  FORGOTTEN,
  WITHOUT_MEMORY,
];
