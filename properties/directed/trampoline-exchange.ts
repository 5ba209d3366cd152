// A trampoline within reach of a branch gives way to one that is not, while another CPU runs through the patch site at every
// single memory event: it calls the one or the other, and never neither.

import { bpfArchTextPoke } from "../../impl/trampoline/arch-text-poke.js";
import { archPrepareBpfTrampoline } from "../../impl/trampoline/arch-trampoline.js";
import { bpfTrampImageMake } from "../../impl/trampoline/tramp-image.js";
import { halves, type RoAddr } from "../../machine/address.js";
import type { Traced } from "../../spec/trampoline/traced.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { FAR_FUNCTION, PAGE_BYTES } from "../../subjects/trampoline/layout.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import type { ProgramPlan, TrampolineSetup } from "../cases/trampoline/arbitrary.js";

const PROGRAM: ProgramPlan = {
  ...{ cookie: 7n, sleepable: false, recursionChecked: true, lsmCgroup: false },
  ...{ jited: true, start: 3n, result: 0n },
};
export const TRACED_PROGRAM: TrampolineSetup = {
  ...{ target: "jit", helpersFar: false, bti: false, args: [{ bytes: 8, isStruct: false }], values: [5n] },
  ...{ original: 11n, fentry: [PROGRAM], fmodRet: [], fexit: [PROGRAM], ipArg: false, returns: false, moment: 0 },
};

export const TRAMPOLINE_EXCHANGE: DirectedCase = { name: "a near trampoline gives way to a far one", check };

function check(): string | undefined {
  const world = new TracedKernel(TRACED_PROGRAM);
  const { machine, tramp, request, target } = world;
  const near = bpfTrampImageMake(tramp, request);
  if (!near.ok) return `no trampoline: ${near.error}`;
  const far = FAR_FUNCTION as RoAddr;
  machine.map(far, PAGE_BYTES, "rox", true);
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const end = (far + PAGE_BYTES) as RoAddr;
  const made = archPrepareBpfTrampoline(machine, tramp.env, halves(0x4100_0000), places, far, end, request);
  if (!made.ok) return `no far trampoline: ${made.error}`;
  if (bpfArchTextPoke(tramp, target, "call", undefined, near.im.image) !== 0) return "the near one is not attached";
  let busy = false;
  let wrong: string | undefined;
  machine.onEvent = (event) => {
    if (busy || wrong !== undefined) return;
    busy = true;
    const seen = world.run(target, 1);
    if (programsOf(seen) === 0) wrong = `after ${event.kind}, another CPU calls neither`;
    busy = false;
  };
  const error = bpfArchTextPoke(tramp, target, "call", near.im.image, far);
  machine.onEvent = undefined;
  return error === 0 ? wrong : `the exchange fails with ${error}`;
}

/** How many attached programs took part. */
const programsOf = (seen: Traced | string): number =>
  typeof seen === "string" ? 0 : seen.steps.filter(({ kind }) => kind === "enter").length;
