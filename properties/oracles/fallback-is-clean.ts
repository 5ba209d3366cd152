// fallback-is-clean: a load that fails leaves the program to the interpreter and everything else as it was; an attach or a
// detach that fails leaves the program with what was attached to it before.

import { hex, type Step } from "../../subjects/step.js";
import { describeLoadError } from "../../subjects/subject.js";
import { KERNEL_STEPS, type Oracle, PASS } from "./oracle.js";

export const fallbackIsClean: Oracle = {
  name: "fallback-is-clean",
  statement:
    "A load, attach or detach in which a step failed is refused, no function is marked as compiled by it, and memory and accounts are as before.",
  source:
    "linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(), prog = orig_prog; kernel/bpf/verifier.c, jit_subprogs()",
  about: KERNEL_STEPS,
  check(step) {
    switch (step.result.kind) {
      case "loaded":
        return step.faultsHit === 0 ? PASS : ["a step failed, but the program counts as loaded"];
      case "refused":
        return [...refusal(step.result, step.faultsHit), ...marks(step.result), ...changes(step, "load")];
      case "attached":
      case "detached":
      case "kept":
        return traced(step, step.result.kind);
      default:
        return PASS;
    }
  },
};

function marks({ functions, given }: Step["result"] & { kind: "refused" }): readonly string[] {
  const marked = [...given, ...functions].flatMap(({ jited, jitData }, i) => {
    if (jited) return [`function ${i} is still marked as compiled`];
    return jitData === undefined ? PASS : [`function ${i} keeps the state of its first round`];
  });
  // Of several functions the caller throws all away, and so it does with what was loaded before; a single one that is refused
  // goes on to the interpreter.
  const [only, ...others] = functions;
  const pointed = others.length === 0 ? only?.bpfFunc : undefined;
  return marked.length > 0 || pointed === undefined ? marked : [`it still points to ${hex(pointed)}`];
}

/** A program that is whole must compile. That there is no room for it is for accounting-balanced. */
function refusal({ error }: Step["result"] & { kind: "refused" }, faultsHit: number): readonly string[] {
  if (faultsHit > 0 || error.kind === "noMemory" || error.kind === "missing") return PASS;
  return [`the load is refused, though nothing failed: ${describeLoadError(error)}`];
}

const ACTIONS = { attached: "attach", detached: "detach", kept: "free" } as const;

/** What fails once the entry leads elsewhere cannot be undone any more; the kernel tells of it. */
function traced(step: Step, kind: keyof typeof ACTIONS): readonly string[] {
  const { result, faultsHit, warnings, removed } = step;
  const action = ACTIONS[kind];
  if ("error" in result && result.error === 0) {
    return faultsHit > warnings.length ? [`a step failed, but the ${action} counts as done`] : PASS;
  }
  // Only the limit may refuse an attach without a failure: see accounting-balanced.
  const isWrong = faultsHit === 0 && kind !== "attached";
  const wrong = isWrong ? [`the ${action} is refused, though nothing failed`] : PASS;
  return removed.length > 0 ? wrong : [...wrong, ...changes(step, action)];
}

function changes({ before, after }: Step, action: string): readonly string[] {
  const breaches: string[] = [];
  for (const what of ["areas", "heapObjects", "frames"] as const) {
    if (before.usage[what] !== after.usage[what]) {
      breaches.push(`${what}: ${after.usage[what]} after the failed ${action}, ${before.usage[what]} before`);
    }
  }
  if (before.charge !== after.charge)
    breaches.push(`${after.charge} bytes are charged, ${before.charge} before the failed ${action}`);
  if (before.packs.length !== after.packs.length || before.packs.some(({ base }, i) => base !== after.packs[i]!.base)) {
    breaches.push(`${after.packs.length} packs after the failed ${action}, ${before.packs.length} before`);
  }
  return breaches;
}
