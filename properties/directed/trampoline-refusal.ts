// A function whose arguments take more registers than a trampoline can save is refused, and nothing is left of it.

import { archPrepareBpfTrampoline } from "../../impl/trampoline/arch-trampoline.js";
import { bpfTrampImageMake } from "../../impl/trampoline/tramp-image.js";
import type { RoAddr } from "../../machine/address.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import type { TrampolineSetup } from "../cases/trampoline/arbitrary.js";

const ENOMEM = -12;
const ENOTSUPP = -524;
const WORD = { bytes: 8, isStruct: false };
const SCENARIO: TrampolineSetup = {
  ...{ target: "near", helpersFar: false, bti: false, args: [WORD], values: [0n], original: 0n },
  ...{ fentry: [], fmodRet: [], fexit: [], ipArg: false, returns: false, moment: 0 },
};

export const TRAMPOLINE_WITHOUT_MEMORY: DirectedCase = {
  name: "a trampoline for which there is no memory",
  check() {
    const { machine, tramp, request } = new TracedKernel(SCENARIO);
    const before = JSON.stringify(machine.usage);
    machine.failures.plan("kvmalloc", 1);
    const made = bpfTrampImageMake(tramp, request);
    machine.failures.clear();
    if (made.ok || made.error !== ENOMEM) return `it answers ${made.ok ? "an image" : made.error}`;
    return JSON.stringify(machine.usage) === before ? undefined : "something is left";
  },
};

export const TRAMPOLINE_REFUSAL: DirectedCase = { name: "a trampoline for nine registers is refused", check };

function check(): string | undefined {
  const { machine, tramp, request, target } = new TracedKernel(SCENARIO);
  const { heapObjects } = machine.usage;
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const end = (target + 64) as RoAddr;
  const nine = { ...request, args: new Array<typeof WORD>(9).fill(WORD) };
  const made = archPrepareBpfTrampoline(machine, tramp.env, { high: 0, low: 0 }, places, target, end, nine);
  if (made.ok || made.error !== ENOTSUPP) return "it is not refused as unsupported";
  const left = machine.usage.heapObjects - heapObjects;
  return left === 0 ? undefined : `${left} objects are left on the heap`;
}
