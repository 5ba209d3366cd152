// The JIT is asked to compile one function, as the rest of the kernel asks it. Since 7.1 it is also told of the verifier's
// environment, and constants are blinded before.

import type { Va } from "../../machine/address.js";
import type { BootedKernel } from "./booted-kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { kernelPointer } from "./placed-kernel.js";
import type { Struct } from "./structs.js";
import { vaOfPointer } from "./structs.js";

const JIT = "bpf_int_jit_compile";
/** Pointers from here on are errors. */
const FIRST_ERROR = -4095n;

/** Whether the verifier's environment comes in before the JIT is asked. */
const hasEnv = (image: TypedImage): boolean => image.types.parameters(JIT)?.includes("env") === true;

/** @param env of the verifier, where there is one. @returns `struct bpf_prog`, which may be another one than `prog` */
function askJit(kernel: BootedKernel, prog: Va, env: Va | undefined): Va {
  const position = Math.max(0, kernel.image.types.parameters(JIT)?.indexOf("prog") ?? 0);
  const before: bigint[] = position === 0 ? [] : [kernelPointer(env), ...new Array<bigint>(position - 1).fill(0n)];
  return vaOfPointer(kernel.cpu.call(JIT, ...before, kernelPointer(prog)));
}

/**
 * The same for a program that may be asked to be blinded.
 *
 * @source linux v7.2 kernel/bpf/core.c, bpf_prog_jit_compile()
 */
export function askJitBlinding(kernel: BootedKernel, prog: Va, env: Va | undefined, type: Struct): Va {
  if (kernel.blinding === undefined || !hasEnv(kernel.image)) return askJit(kernel, prog, env);
  const x0 = kernel.cpu.call("bpf_jit_blind_constants", 0n, kernelPointer(prog));
  const blinded = vaOfPointer(x0);
  if (BigInt.asIntN(64, x0) >= FIRST_ERROR && BigInt.asIntN(64, x0) < 0n) return prog;
  const made = askJit(kernel, blinded, env);
  const isJited = type.get(made, "jited") === 1n;
  const [kept, other] = isJited ? [made, prog] : [prog, made];
  kernel.cpu.call("bpf_jit_prog_release_other", kernelPointer(kept), kernelPointer(other));
  return kept;
}
