// The making of programs as objects, which a verifier asks for: what it computes about them that nobody reads here.

import { vaOfPointer } from "../structs.js";
import { probe, trap } from "./trap.js";

const ENOMEM = 12n;

/** Functions that ask for programs and parts of them; what they get is not the JIT's. */
export const VERIFIER: ReadonlySet<string> = new Set([
  "jit_subprogs",
  "bpf_jit_subprogs",
  "bpf_prog_alloc",
  "bpf_prog_alloc_no_stats",
]);

export const PROGRAMS = [
  probe(["bpf_int_jit_compile"], { prog: ["prog", "fp"] }, (kernel, { prog }) => {
    kernel.onCompile?.(vaOfPointer(prog));
  }),
  // What the author of a program is told about it.
  trap(["bpf_prog_report_arena_violation"], {}, () => 0n),
  // A hash that names a program. It takes memory for a copy of the instructions.
  trap(["bpf_prog_calc_tag"], {}, ({ machine }) => (machine.refuse("progAlloc") ? BigInt.asUintN(64, -ENOMEM) : 0n)),
  // The name under which a program is listed.
  trap(["snprintf"], {}, () => 0n),
  trap(["verbose", "bpf_verifier_log_write", "bpf_log"], { log: ["env", "log"], fmt: ["fmt"] }, (kernel, { fmt }) => {
    kernel.messages.push(kernel.memory.text(vaOfPointer(fmt)));
  }),
];
