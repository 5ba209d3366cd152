// Known defects of patch sites and trampolines: which of them a subject has, and what they make other CPUs see.

import { pointer, type RoAddr } from "../machine/address.js";
import { KernelFault } from "../machine/fault.js";
import { BRANCH_REACH } from "../spec/a64/address.js";
import { NotModelled } from "../subjects/not-modelled.js";
import { DEFAULT_ENV, type QuirkId, type Subject } from "../subjects/subject.js";
import { isKeptOut } from "../subjects/trampoline/poke.js";
import { TracedKernel } from "../subjects/trampoline/traced-kernel.js";
import { TRACED_PROGRAM, UNTRACED_FUNCTION } from "./directed/traced.js";
import { LAST_ARGUMENT, MEMBER_OF_MANY, TOO_MANY } from "./directed/trampolines.js";

const ALWAYS = (): boolean => true;

/** By defect, whether the subject has it; each looks for it in the one case that shows it. */
const LOOKS: readonly { readonly quirk: QuirkId; has(subject: Subject): boolean }[] = [
  { quirk: "pltPageWritable", has: takesPage },
  { quirk: "pltResetFirst", has: losesAddress },
  { quirk: "trampolineRefusalLeak", has: leaksBuffer },
  { quirk: "memberArguments", has: readsBeyond },
];

/** Of what a subject cannot be asked nothing is known. */
export function findInTrampolines(subject: Subject): readonly QuirkId[] {
  return LOOKS.filter(({ has }) => isThere(() => has(subject))).map(({ quirk }) => quirk);
}

function isThere(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (error instanceof NotModelled || error instanceof KernelFault) return false;
    throw error;
  }
}

/** Out of reach of a branch, and within it. Nothing runs there. */
const far = ({ site }: TracedKernel): RoAddr => (site + 2 * BRANCH_REACH) as RoAddr;
const near = ({ site }: TracedKernel): RoAddr => (site + 4096) as RoAddr;

/** While a patch site comes to lead far away, another CPU cannot run on its page. */
function takesPage(subject: Subject): boolean {
  const traced = new TracedKernel(TRACED_PROGRAM, subject);
  return traced.poke(undefined, far(traced), ALWAYS).seen.some((one) => isKeptOut(one, traced));
}

/** While a near place takes that of a far one, the patch site leads to neither. */
function losesAddress(subject: Subject): boolean {
  const traced = new TracedKernel(TRACED_PROGRAM, subject);
  const { machine, site, target, tramp } = traced;
  if (traced.poke(undefined, far(traced)).error !== 0) return false;
  const { start, bytes } = tramp.symbols.lookup(target)!;
  const before = machine.peek32(site);
  let isLost = false;
  machine.onEvent = () => {
    const leadsTo = machine.peek64(start + bytes);
    isLost ||= machine.peek32(site) === before && leadsTo === pointer(tramp.env.dummyTramp);
  };
  tramp.bpfArchTextPoke(target, "call", far(traced), near(traced));
  machine.onEvent = undefined;
  return isLost;
}

/** A trampoline that is refused before anybody has asked for its size leaves its buffer behind. */
function leaksBuffer(subject: Subject): boolean {
  const { machine, tramp, request, target } = new TracedKernel(UNTRACED_FUNCTION, subject);
  const before = machine.usage.heapObjects;
  // Later kernels take arguments on the stack, and would write more than the room below.
  if (tramp.archBpfTrampolineSize({ ...request, args: TOO_MANY }).ok) return false;
  const made = tramp.archPrepareBpfTrampoline({ high: 0, low: 0 }, target, (target + 64) as RoAddr, {
    ...request,
    args: TOO_MANY,
  });
  return !made.ok && machine.usage.heapObjects > before;
}

/** The program of a struct_ops member gets other arguments than its caller passes. */
function readsBeyond(subject: Subject): boolean {
  if ((subject.build ?? DEFAULT_ENV).changes.stackWords !== true) return false;
  const traced = new TracedKernel(MEMBER_OF_MANY, subject);
  const made = traced.tramp.bpfTrampImageMake(traced.request);
  if (!made.ok) return false;
  const got = traced.run(made.im.image);
  return typeof got === "object" && got.steps.some((step) => step.kind === "run" && step.args.at(-1) !== LAST_ARGUMENT);
}
