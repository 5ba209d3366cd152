// no-crash: the machine stops kernel code that breaks a rule, as hardware or a lock checker would.

import { KernelFault } from "../../machine/fault.js";
import { type Oracle, PASS } from "./oracle.js";

export const noCrash: Oracle = {
  name: "no-crash",
  statement:
    "Kernel code reads and writes only what is mapped for it, frees only what it has, and holds its own assertions.",
  source: "linux v6.12 mm/vmalloc.c, mm/slub.c and arch/arm64/mm/fault.c, what they would complain about",
  seesCrashes: true,
  check({ result }) {
    if (result.kind !== "crashed") return PASS;
    const { error } = result;
    // A breach of the lock rules has an oracle of its own.
    return error instanceof KernelFault && error.why === "badLock" ? PASS : [error.message];
  },
};
