// fallback-is-clean: a load that fails leaves the program to the interpreter and the world as it was.

import { hex, type Oracle, PASS, type Step } from "./oracle.js";

export const fallbackIsClean: Oracle = {
  name: "fallback-is-clean",
  statement:
    "A load in which a step failed is refused, its functions are not marked as compiled, and memory and accounts are as before.",
  source:
    "linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(), prog = orig_prog; kernel/bpf/verifier.c, jit_subprogs()",
  check(step) {
    switch (step.result.kind) {
      case "loaded":
        return step.struck === 0 ? PASS : ["a step failed, but the program counts as loaded"];
      case "refused":
        return [...marks(step.result.functions), ...changes(step)];
      default:
        return PASS;
    }
  },
};

function marks(functions: (Step["result"] & { kind: "refused" })["functions"]): readonly string[] {
  return functions.flatMap(({ jited, bpfFunc, jitData }, i) => {
    if (jited) return [`function ${i} is still marked as compiled`];
    if (jitData !== undefined) return [`function ${i} keeps the state of its first round`];
    // Of several functions the caller throws all away; a single one goes on to the interpreter.
    return functions.length === 1 && bpfFunc !== undefined ? [`it still points to ${hex(bpfFunc)}`] : PASS;
  });
}

function changes({ before, after }: Step): readonly string[] {
  const breaches: string[] = [];
  for (const what of ["areas", "heapObjects", "frames"] as const) {
    if (before.usage[what] !== after.usage[what]) {
      breaches.push(`${what}: ${after.usage[what]} after the failed load, ${before.usage[what]} before`);
    }
  }
  if (before.charge !== after.charge)
    breaches.push(`${after.charge} bytes are charged, ${before.charge} before the failed load`);
  if (before.packs.length !== after.packs.length || before.packs.some((base, i) => base !== after.packs[i])) {
    breaches.push(`${after.packs.length} packs after the failed load, ${before.packs.length} before`);
  }
  return breaches;
}
