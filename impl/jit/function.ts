// What the verifier hands to the JIT, one function at a time (kernel: `struct bpf_prog` and the parts of its `aux` that
// arm64 reads). Instructions are in the kernel dialect: map loads are `lddw imm64` rows that hold addresses, a helper
// call's imm is the helper's address minus `callBase`, and the off of a local call or of an `lddw code` is the index of
// the function that it means.

import type { Insn } from "../../spec/bpf/insn.js";

/** A 64-bit value as two unsigned halves. */
export interface Halves {
  readonly high: number;
  readonly low: number;
}

export interface JitFunction {
  readonly insns: readonly Insn[];
  /** `aux->func_idx`: 0 is the main program, everything else a subprogram. */
  readonly index: number;
  /** Bytes, as the verifier counted them; not yet rounded. */
  readonly stackDepth: number;
  /** `aux->exception_boundary`. */
  readonly exceptionBoundary?: boolean | undefined;
  /** `aux->exception_cb`. */
  readonly exceptionCallback?: boolean | undefined;
  /** Converted from classic BPF. */
  readonly wasClassic?: boolean | undefined;
  /** The program uses an arena: its kernel-side base lives in x28. */
  readonly arena?: { readonly kernelBase: Halves; readonly userBase: Halves } | undefined;
  /** Since 6.17: `aux->priv_stack_ptr`, in per-CPU memory, behind its guard; the BPF stack lies there. */
  readonly privateStack?: Halves | undefined;
  /**
   * Since 7.2: how many arguments beyond five its calls have (kernel: `bpf_out_stack_arg_cnt()`); three of them go in
   * registers. Not there if no function of the program has any.
   */
  readonly stackArguments?: number | undefined;
}
