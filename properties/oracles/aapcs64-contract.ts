// aapcs64-contract: a JITed program is a C function to its caller.

import { breachesOfAll, type Oracle, PASS } from "./oracle.js";

export const aapcs64Contract: Oracle = {
  name: "aapcs64-contract",
  statement:
    "A program that returns has restored SP, x19 to x28 and the frame pointer, and went back where it came from.",
  source: "Arm IHI 0055, procedure call standard; linux v6.12 arch/arm64/net/bpf_jit_comp.c, build_epilogue()",
  check({ executions }) {
    return breachesOfAll(executions, ({ id, cpu, outcome }) =>
      outcome?.kind === "violated" ? [`#${id} on CPU ${cpu}: ${outcome.rule}`] : PASS,
    );
  },
};
