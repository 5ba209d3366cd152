// What the code asks of the rest of the kernel, and answers that need no machine: capabilities, messages, scheduling.

import { CAPABILITY } from "../image/features.js";
import { vaOfPointer } from "../structs.js";
import { trap } from "./trap.js";

/** Whoever makes a program and lists it. */
const ASKS_FOR_OTHERS = /^bpf_prog_(alloc|kallsyms_add)/;

export const SURROUNDINGS = [
  // The JIT asks when a load would pass the limit, and at no other time; others ask what decides nothing here.
  trap([...CAPABILITY, "bpf_token_capable"], {}, (kernel) => {
    if (ASKS_FOR_OTHERS.test(kernel.cpu.caller)) return 1n;
    const may = kernel.options.bpfCapable === true;
    if (!may) kernel.overLimit = true;
    return may ? 1n : 0n;
  }),
  trap(["_printk", "printk"], { fmt: ["fmt"] }, (kernel, { fmt }) => {
    kernel.messages.push(kernel.memory.text(vaOfPointer(fmt)));
  }),
  trap(["__warn_printk"], { fmt: ["fmt"] }, (kernel, { fmt }) => {
    kernel.warningText = kernel.memory.text(vaOfPointer(fmt)).trim();
  }),
  trap(
    [
      "print_hex_dump",
      "__cond_resched",
      "__might_sleep",
      "__might_resched",
      // Whether a copy is of one object: what is copied here is on no heap of the kernel's.
      "__check_object_size",
      "preempt_schedule",
      "preempt_schedule_notrace",
      // A cache of executable memory that is never writable: no kernel has one before it has booted.
      "execmem_is_rox",
    ],
    {},
    () => 0n,
  ),
  // What all CPUs have of a feature: that of the architecture's first version, and no mitigation that needs more.
  trap(["read_sanitised_ftr_reg"], {}, () => 0n),
  trap(["bpf_prog_fill_jited_linfo"], { prog: ["prog"], offsets: ["insn_to_jit_off"] }, (kernel, { prog, offsets }) => {
    kernel.onOffsets?.(vaOfPointer(prog), vaOfPointer(offsets));
  }),
  trap(
    ["bpf_address_lookup", "__bpf_address_lookup"],
    { addr: ["addr"], size: ["size"], off: ["off"] },
    (kernel, args) => {
      const symbol = kernel.lookup?.(vaOfPointer(args.addr));
      if (symbol === undefined) return 0n;
      if (args.size !== 0n) kernel.memory.write64(vaOfPointer(args.size), BigInt(symbol.bytes));
      if (args.off !== 0n) kernel.memory.write64(vaOfPointer(args.off), BigInt(vaOfPointer(args.addr) - symbol.start));
      return 1n;
    },
  ),
];
