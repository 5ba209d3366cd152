// A whole program from load to free. Functions are first compiled by themselves; when all have an address, each is
// compiled once more with direct calls and published. If anything fails, nothing is left and the program is interpreted.

import type { RoAddr } from "../../machine/address.js";
import { mapList } from "../../spec/lists.js";
import type { JitFunction } from "../jit/function.js";
import { bpfIntJitCompile } from "./bpf-int-jit-compile.js";
import { type BpfProg, bpfProg, type LoadError } from "./bpf-prog.js";
import type { Kernel } from "./kernel.js";

export interface LoadedProgram {
  /** Where to enter: the image of function 0. */
  readonly bpfFunc: RoAddr;
  readonly functions: readonly BpfProg[];
}
type LoadResult =
  | { readonly ok: true; readonly program: LoadedProgram }
  /** `index`: the position of the function that failed. `functions`: all of them, as the failure left them. */
  | { readonly ok: false; readonly index: number; readonly error: LoadError; readonly functions: readonly BpfProg[] };

/** Compile and publish; `functions[0]` is the main program. */
export function loadProgram(kernel: Kernel, functions: readonly JitFunction[]): LoadResult {
  const progs = mapList(functions, (fn) => bpfProg(fn, functions.length > 1));
  const failed = functions.length > 1 ? jitSubprogs(kernel, progs) : compileAll(kernel, progs, undefined);
  if (failed !== undefined) return { ok: false, ...failed, functions: progs };
  return { ok: true, program: { bpfFunc: progs[0]!.bpfFunc!, functions: progs } };
}

/** Nobody runs it any more: its memory goes back. */
export function freeProgram(kernel: Kernel, { functions }: LoadedProgram): void {
  for (const prog of functions) bpfJitFree(kernel, prog);
}

interface Failed {
  readonly index: number;
  readonly error: LoadError;
}

/**
 * The verifier's part: two rounds, and an answer that depends on nothing but whether the second gave the same addresses.
 *
 * @source linux v6.12 kernel/bpf/verifier.c, jit_subprogs()
 */
function jitSubprogs(kernel: Kernel, progs: readonly BpfProg[]): Failed | undefined {
  const failed = compileAll(kernel, progs, undefined) ?? secondRound(kernel, progs);
  if (failed !== undefined) for (const prog of progs) bpfJitFree(kernel, prog);
  return failed;
}

function compileAll(
  kernel: Kernel,
  progs: readonly BpfProg[],
  addresses: readonly RoAddr[] | undefined,
): Failed | undefined {
  for (const [index, prog] of progs.entries()) {
    const error = bpfIntJitCompile(kernel, prog, addresses);
    if (error !== undefined) return { index, error };
  }
  return undefined;
}

function secondRound(kernel: Kernel, progs: readonly BpfProg[]): Failed | undefined {
  const addresses = mapList(progs, ({ bpfFunc }) => bpfFunc!);
  for (const [index, prog] of progs.entries()) {
    const error = bpfIntJitCompile(kernel, prog, addresses);
    if (prog.bpfFunc !== addresses[index]) return { index, error: error ?? { kind: "moved" } };
  }
  return undefined;
}

/**
 * Free one function, published or waiting for its last round; nothing happens if it was never compiled.
 *
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_jit_free()
 */
function bpfJitFree(kernel: Kernel, prog: BpfProg): void {
  if (!prog.jited) return;
  const { jitData, bpfFunc } = prog;
  prog.jited = false;
  prog.jitData = undefined;
  if (jitData === undefined) {
    kernel.images.free(kernel, bpfFunc!);
    return;
  }
  kernel.images.abandon(kernel, jitData.place);
  kernel.machine.kvfree(jitData.record);
  if (!kernel.quirks.freeLeaksOffsets) kernel.machine.kvfree(jitData.offsets);
}
