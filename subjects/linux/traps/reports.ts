// What a kernel says when it has found itself damaged: checks that its compiler has put in. Each is a breach.

import { KernelFault } from "../../../machine/fault.js";
import { trap } from "./trap.js";

/** After these nothing goes on. */
const ENDS: Readonly<Record<string, string>> = {
  panic: "panic",
  __stack_chk_fail: "the stack of a function is overwritten",
  fortify_panic: "more is written to an object, or read of it, than it has",
  __fortify_panic: "more is written to an object, or read of it, than it has",
};

/** `CONFIG_UBSAN`, by what the rest of the handler's name says; the kernel goes on behind it. */
const UNDEFINED = [
  ...["out_of_bounds", "shift_out_of_bounds", "load_invalid_value", "divrem_overflow", "negate_overflow"],
  ...["add_overflow", "sub_overflow", "mul_overflow", "type_mismatch", "type_mismatch_v1", "alignment_assumption"],
  "builtin_unreachable",
];
const HANDLER = "__ubsan_handle_";

export const REPORTS = [
  trap(Object.keys(ENDS), {}, (_kernel, _args, name) => {
    throw new KernelFault("badWrite", 0, ENDS[name]!);
  }),
  trap([...UNDEFINED.map((what) => HANDLER + what)], {}, (kernel, _args, name) => {
    const what = name.slice(HANDLER.length).replaceAll("_", " ");
    kernel.warn(`UBSAN (${what}) in ${kernel.cpu.backtrace()}`);
    return 0n;
  }),
  // The message that the guard around a private stack is not what it was names the program.
  trap(["bpf_jit_get_prog_name"], {}, (kernel) => {
    kernel.warn("the guard around a private stack was overwritten");
    return 0n;
  }),
  // Where an object lies, for a message that has been printed.
  trap(["mem_dump_obj"], {}, () => 0n),
];
