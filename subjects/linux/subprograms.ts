// Programs of several functions, loaded as a verifier does: their instructions are one array, in an environment that says
// where each function begins, and the kernel's own jit_subprogs() cuts it, compiles it in two rounds, and takes back what it
// has made when something fails.

import { pointer, type Va } from "../../machine/address.js";
import { encode } from "../../spec/bpf/insn.js";
import { MISSING_ARGUMENTS } from "../lone-form.js";
import { NotModelled } from "../not-modelled.js";
import type { JitFunction } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { errnoOf } from "./packs-view.js";
import { LinuxFunction, type Programs } from "./programs.js";
import { distances } from "./slots.js";
import { type Struct, structOf, vaOfPointer } from "./structs.js";

const NAMES = ["jit_subprogs", "bpf_jit_subprogs"] as const;
const POINTER_BYTES = 8;
/** enum priv_stack_mode: on the kernel's stack, or on one of its own. */
const NO_PRIVATE_STACK = 1;
const PRIVATE_STACK = 2;
/** The base of arguments beyond five, of which so many are in registers. */
const STACK_ARGUMENTS = 11;
const REGISTER_ARGUMENTS = 5;

/** What it is called in this image; undefined where a compiler has left no function of it. */
export const jitSubprogsOf = (image: TypedImage): (typeof NAMES)[number] | undefined =>
  NAMES.find((name) => image.address(name) !== undefined);

export class Subprograms {
  private readonly env: Struct;
  private readonly info: Struct;
  private readonly insnAux: Struct;

  constructor(
    private readonly kernel: BootedKernel,
    private readonly programs: Programs,
    private readonly name: (typeof NAMES)[number],
  ) {
    const struct = (of: string): Struct => structOf(kernel.image, kernel.memory, of);
    this.env = struct("bpf_verifier_env");
    this.info = struct("bpf_subprog_info");
    this.insnAux = struct("bpf_insn_aux_data");
  }

  /** @returns the functions that the kernel has made; undefined if it refuses, and then it has taken back all of them */
  load(functions: readonly JitFunction[], main: LinuxFunction): readonly LinuxFunction[] | undefined {
    const { kernel } = this;
    const { arena } = kernel;
    const parts = this.environment(functions, main.prog);
    const [env] = parts;
    const before = arena.objects;
    try {
      const error = errnoOf(kernel.cpu.call(this.name, pointer(env!)));
      // Blinding replaces the whole program.
      main.prog = this.env.pointer(env!, "prog") ?? main.prog;
      if (error === 0) return this.made(functions, main);
    } finally {
      // And what the verifier knows of its instructions.
      for (const part of [env!, this.env.pointer(env!, "insn_aux_data")]) if (part !== undefined) arena.free(part);
    }
    const lost = arena.objects - (before - parts.length);
    if (lost > 0) kernel.warn(`${lost} programs or parts of them outlive a load that was refused`);
    return undefined;
  }

  /** The whole program, as a verifier has it. */
  main(functions: readonly JitFunction[], blind: boolean): LinuxFunction {
    const [main] = functions;
    const isShared = functions.every(({ arena }) => JSON.stringify(arena) === JSON.stringify(main!.arena));
    if (!isShared) throw new NotModelled("an arena that only some functions of a program have");
    if (functions.some(({ exceptionBoundary }, i) => i > 0 && exceptionBoundary === true)) {
      throw new NotModelled("an exception boundary that is not the main function");
    }
    const bytes = encode(functions.flatMap(({ insns }) => insns));
    distances(bytes, startsOf(functions));
    return this.programs.place(main!, bytes, { isPart: false, blind });
  }

  /** @returns what it consists of, the environment itself first; the caller gives all of it back */
  environment(functions: readonly JitFunction[], prog: Va): readonly Va[] {
    const { env, info, insnAux, programs } = this;
    const starts = startsOf(functions);
    const slots = starts.at(-1)!;
    const va = programs.alloc(env.bytes);
    const perInsn = programs.alloc(insnAux.bytes * (slots + 1));
    const set = (of: Struct, at: Va, name: string, value: bigint | number): void => {
      if (of.has(name)) of.set(at, name, value);
      else if (value !== 0) throw new NotModelled(`the verifier of this kernel knows no ${name}`);
    };
    set(env, va, "prog", pointer(prog));
    set(env, va, "insn_aux_data", pointer(perInsn));
    set(env, va, "subprog_cnt", functions.length);
    set(env, va, "seen_exception", functions[0]!.exceptionBoundary === true ? 1 : 0);
    const infos = this.infosOf(va, starts.length);
    for (const [i, start] of starts.entries()) {
      const at = infos + i * info.bytes;
      set(info, at, "start", start);
      const fn = functions[i];
      if (fn === undefined) continue;
      set(info, at, "stack_depth", fn.stackDepth);
      if (programs.hasPrivateStacks)
        set(info, at, "priv_stack_mode", fn.privateStack === undefined ? NO_PRIVATE_STACK : PRIVATE_STACK);
      set(info, at, "is_exception_cb", fn.exceptionCallback === true ? 1 : 0);
      if (fn.exceptionCallback === true) set(env, va, "exception_callback_subprog", i);
    }
    for (const fn of functions) this.countArguments(infos + fn.index * info.bytes, fn);
    return [va, perInsn];
  }

  /** Its own arguments and those of its calls, as far as there are more than five. */
  private countArguments(at: Va, { insns, stackArguments }: JitFunction): void {
    if (stackArguments === undefined) return;
    const { info } = this;
    if (!info.has("stack_arg_cnt")) throw new NotModelled(MISSING_ARGUMENTS);
    const own = insns.reduce(
      (most, { row, src, off }) => (row.id === "ldxdw" && src === STACK_ARGUMENTS ? Math.max(most, off / 8) : most),
      0,
    );
    info.set(at, "arg_cnt", REGISTER_ARGUMENTS + own);
    info.set(at, "stack_arg_cnt", own + stackArguments);
  }

  /** Of each function, and one behind the last: an array in the environment. */
  private infosOf(env: Va, count: number): Va {
    const { env: type, info } = this;
    const offset = type.offset("subprog_info");
    if (offset + count * info.bytes > type.bytes) throw new NotModelled(`${count - 1} functions in one program`);
    return env + offset;
  }

  private made(functions: readonly JitFunction[], main: LinuxFunction): readonly LinuxFunction[] {
    const { kernel, programs } = this;
    const list = programs.aux.pointer(main.aux, "func");
    if (list === undefined) throw new NotModelled(`${this.name}() leaves no list of functions`);
    return functions.map((fn, i) => {
      const prog = vaOfPointer(kernel.memory.read64(list + POINTER_BYTES * i));
      return new LinuxFunction(programs, fn, prog, programs.prog.pointer(prog, "aux") ?? 0);
    });
  }
}

/** Slots before each function, and all of them. */
function startsOf(functions: readonly JitFunction[]): readonly number[] {
  const starts = [0];
  for (const { insns } of functions) starts.push(starts.at(-1)! + insns.length);
  return starts;
}
