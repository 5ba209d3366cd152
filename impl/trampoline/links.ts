// What is attached to a function, and what is known of the function: the input of a trampoline.

import type { Va } from "../../machine/address.js";
import type { Halves } from "../jit/function.js";
import type { EnterExit, ProgEntry, TrampolineEnv } from "./env.js";

/** One program at its place in a trampoline (kernel: `struct bpf_tramp_link`, and what is read of its `prog`). */
export interface TrampLink {
  /** Low 48 bits of the address of the program's object. */
  readonly prog: Va;
  /** Its image, or the interpreter's entry if it is not compiled; low 48 bits. */
  readonly bpfFunc: Va;
  /** Not compiled: low 48 bits of the address of its instructions, which the interpreter gets. */
  readonly insnsi: Va;
  readonly jited: boolean;
  /** 0: none. */
  readonly cookie: Halves;
  readonly sleepable: boolean;
  /** Must not run while it is running on this CPU. */
  readonly recursionChecked: boolean;
  /** An LSM program for a control group. */
  readonly lsmCgroup: boolean;
  /** Since 7.0: one link for entry and exit, first in both lists. `keeps`: it has eight bytes of its own. */
  readonly session?: { readonly keeps: boolean };
}

export interface TrampLinks {
  readonly fentry: readonly TrampLink[];
  /** Kernel: BPF_TRAMP_MODIFY_RETURN. */
  readonly fmodRet: readonly TrampLink[];
  readonly fexit: readonly TrampLink[];
  /** The one fentry program implements the function itself: it is called through a pointer, and there is no original. */
  readonly structOps: boolean;
}

/** An argument of the function, as its type says. */
export interface FuncArg {
  readonly bytes: number;
  /** Passed by value in as many registers as it takes. */
  readonly isStruct: boolean;
}

/** Kernel: BPF_TRAMP_F_*. */
export interface TrampFlags {
  /** Load the arguments again before going back to the function. Not with `skipFrame`. */
  readonly restoreRegs: boolean;
  /** The trampoline calls the function itself. */
  readonly callOrig: boolean;
  /** Return to the caller of the function instead of to the function. */
  readonly skipFrame: boolean;
  /** Programs can ask for the address of the function. */
  readonly ipArg: boolean;
  /** The result of fentry programs is the result of the call. */
  readonly retFentryRet: boolean;
}

/** Words that the arguments take: each one, but a struct as many as hold its bytes. */
export const btfFuncModelNregs = (args: readonly FuncArg[]): number =>
  args.reduce((n, { bytes, isStruct }) => n + (isStruct ? Math.ceil(bytes / 8) : 1), 0);

/** How the arguments of a function are passed. */
export interface ArgAux {
  readonly registers: number;
  /** Bytes of each word on the stack that belong to an argument. */
  readonly stack: readonly number[];
}

const ARGUMENT_REGISTERS = 8;

/** An argument that the registers do not hold lies on the stack, and all behind it too. */
export function calcArgAux(args: readonly FuncArg[]): ArgAux {
  let registers = 0;
  const stack: number[] = [];
  for (const arg of args) {
    const words = btfFuncModelNregs([arg]);
    if (stack.length === 0 && registers + words <= ARGUMENT_REGISTERS) registers += words;
    else for (let k = 0; k < words; k++) stack.push(Math.min(8, arg.bytes - 8 * k));
  }
  return { registers, stack };
}

/**
 * The flags for what is attached. `ipArg`: some program asks for the address of the function. `returns`: struct_ops, the
 * member has a result.
 *
 * @source linux v6.12 kernel/bpf/trampoline.c, bpf_trampoline_update(); bpf_struct_ops.c, bpf_struct_ops_prepare_trampoline()
 */
export function trampFlags(links: TrampLinks, { ipArg = false, returns = false } = {}): TrampFlags {
  if (links.structOps) {
    return { restoreRegs: false, callOrig: false, skipFrame: false, ipArg: false, retFentryRet: returns };
  }
  const afterwards = links.fexit.length > 0 || links.fmodRet.length > 0;
  return { restoreRegs: !afterwards, callOrig: afterwards, skipFrame: afterwards, ipArg, retFentryRet: false };
}

/** @source linux v6.12 kernel/bpf/trampoline.c, bpf_trampoline_enter(), bpf_trampoline_exit() */
export const bpfTrampolineEnterExit = (env: TrampolineEnv, link: TrampLink): EnterExit => env.prog[progEntry(link)];

function progEntry({ sleepable, recursionChecked, lsmCgroup }: TrampLink): ProgEntry {
  if (recursionChecked) return sleepable ? "sleepableRecur" : "recur";
  if (lsmCgroup) return "lsmCgroup";
  return sleepable ? "sleepable" : "plain";
}
