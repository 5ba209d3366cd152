// Trampolines that are released while a CPU is in the function, or is about to enter.

import { hexWord } from "../../spec/bits.js";
import type { Traced } from "../../spec/trampoline/traced.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { PAGE_BYTES } from "../../subjects/run/layout.js";
import type { DirectedCase, Subject } from "../../subjects/subject.js";
import { passOverEach } from "../../subjects/trampoline/pass-over.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import { TRACED_PROGRAM } from "./traced.js";

/** How many attached programs took part. */
export const programsOf = (seen: Traced | string): number =>
  typeof seen === "string" ? 0 : seen.steps.filter(({ kind }) => kind === "enter").length;

const IN_PAGES = { images: "pages", pageBytes: PAGE_BYTES, packBytes: 0 } as const;
export const RELEASE: DirectedCase = {
  name: "after a release, a return from the original function skips the programs behind it",
  check(subject) {
    // Whoever has both is asked where images lie in packs, and where each has a page of its own.
    const others = subject.fixed === undefined ? [{ ...subject, fixed: IN_PAGES }] : [];
    return [subject, ...others].map(released).find((what) => what !== undefined);
  },
};

function released(subject: Subject): string | undefined {
  const { machine, tramp, request } = new TracedKernel(TRACED_PROGRAM, subject);
  if (tramp.skipsEach === true) throw new NotModelled("a release that skips programs one by one");
  const made = tramp.bpfTrampImageMake(request);
  if (!made.ok) return `no trampoline: ${made.error}`;
  const { ipAfterCall, ipEpilogue } = made.im;
  if (ipAfterCall === undefined || ipEpilogue === undefined) return "it calls no function";
  tramp.bpfTrampImagePut(made.im);
  const word = machine.peek32(ipAfterCall);
  const expected = 0x1400_0000 + (ipEpilogue - ipAfterCall) / 4;
  if (word === expected) return undefined;
  return `the word behind the call is ${hexWord(word)}, expected ${hexWord(expected)}`;
}

/** Somebody may be about to enter the trampoline. */
export const RELEASE_OF_EACH: DirectedCase = {
  name: "programs that are removed are passed over, each at its own place",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    const { tramp, request } = traced;
    if (tramp.skipsEach !== true) return undefined;
    if (tramp.passOver === undefined) throw new NotModelled("a release that skips programs one by one");
    const made = tramp.bpfTrampImageMake(request);
    if (!made.ok) return `no trampoline: ${made.error}`;
    if (traced.poke(undefined, made.im.image).error !== 0) return "it is not attached";
    const before = traced.run();
    if (programsOf(before) === 0) return `before it none runs: ${JSON.stringify(before)}`;
    passOverEach(tramp, made.im);
    const after = traced.run();
    if (typeof after === "string") return `after it there is no return: ${after}`;
    return programsOf(after) === 0 ? undefined : `after it ${programsOf(after)} of ${programsOf(before)} run`;
  },
};
