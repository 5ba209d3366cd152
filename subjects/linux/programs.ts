// `struct bpf_prog` as a verifier hands it to the JIT, and what the JIT has made of it, by the names of the kernel's BTF.

import { pointer, type RoAddr, type Va, vaOfHalves } from "../../machine/address.js";
import { decode, encode, SLOT_BYTES } from "../../spec/bpf/insn.js";
import { bpfJitBlindConstants } from "../lowering.js";
import { NotModelled } from "../not-modelled.js";
import type { FunctionView, JitFunction } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { isOwn } from "./image/features.js";
import { addresses, entriesOf, placeholders } from "./slots.js";
import { type Struct, structOf } from "./structs.js";

const SOCKET_FILTER = 1;
/** A program that was converted from classic BPF has no type. */
const UNSPECIFIED = 0;
/** net.core.bpf_jit_harden: whatever the loader may. */
const EVERYBODY = 2;

/** A function of a loaded program. Its `struct bpf_prog` changes when constants are blinded. */
export class LinuxFunction implements FunctionView {
  offsets = new Int32Array(0);
  origin: Int32Array | undefined;
  /** What the last look found, once the structure is gone. */
  private gone = false;
  private wasMarked = false;

  constructor(
    private readonly programs: Programs,
    public fn: JitFunction,
    public prog: Va,
    public aux: Va,
  ) {}

  /** The kernel has given the structure back. @param isMarked as compiled, when it did */
  freed(isMarked: boolean): void {
    this.gone = true;
    this.wasMarked = isMarked;
  }
  get jited(): boolean {
    return this.gone ? this.wasMarked : this.programs.prog.get(this.prog, "jited") === 1n;
  }
  get bpfFunc(): RoAddr | undefined {
    return this.last("bpfFunc", () => this.programs.prog.pointer(this.prog, "bpf_func")) as RoAddr | undefined;
  }
  get jitedLen(): number {
    return this.last("jitedLen", () => this.programs.prog.number(this.prog, "jited_len")) ?? 0;
  }
  get extable(): RoAddr | undefined {
    const { aux } = this.programs;
    return this.last("extable", () => (this.entries === 0 ? undefined : aux.pointer(this.aux, "extable"))) as
      | RoAddr
      | undefined;
  }
  get entries(): number {
    return this.last("entries", () => this.programs.aux.number(this.aux, "num_exentries")) ?? 0;
  }
  /** Where the kernel has made one. */
  get privateStack(): Va | undefined {
    const { aux } = this.programs;
    return aux.has("priv_stack_ptr") ? aux.pointer(this.aux, "priv_stack_ptr") : undefined;
  }
  get jitData(): unknown {
    const { aux } = this.programs;
    return this.gone || !aux.has("jit_data") ? undefined : aux.pointer(this.aux, "jit_data");
  }

  /** Remember what the structure says, before it is given back. */
  look(): void {
    void [this.bpfFunc, this.jitedLen, this.extable, this.entries];
  }

  private readonly seen = new Map<string, number | undefined>();
  private last(name: string, read: () => number | undefined): number | undefined {
    if (this.gone) return this.seen.get(name);
    const value = read();
    this.seen.set(name, value);
    return value;
  }
}

export class Programs {
  readonly prog: Struct;
  readonly aux: Struct;
  private readonly insns: number;
  private arenaGuard: bigint | undefined;
  /** Otherwise a verifier leaves every BPF stack on the kernel's. */
  readonly hasPrivateStacks: boolean;

  constructor(private readonly kernel: BootedKernel) {
    this.prog = structOf(kernel.image, kernel.memory, "bpf_prog");
    this.aux = structOf(kernel.image, kernel.memory, "bpf_prog_aux");
    this.insns = this.prog.offset("insnsi");
    this.hasPrivateStacks = isOwn(kernel.image, "bpf_jit_supports_private_stack");
  }

  /** Where the stack of a function is to lie. @param functions among which it is */
  privateStackOf(prog: Va, functions: readonly JitFunction[]): Va | undefined {
    const aux = this.prog.pointer(prog, "aux");
    const index = aux === undefined ? undefined : this.aux.number(aux, "func_idx");
    const stack = functions.find((fn) => fn.index === index)?.privateStack;
    return stack && vaOfHalves(stack);
  }

  /** @param isPart of a program with several functions */
  make(fn: JitFunction, isPart: boolean, { blind, modulesBase }: { blind: boolean; modulesBase: Va }): LinuxFunction {
    const bytes = encode(fn.insns);
    placeholders(bytes, modulesBase);
    return this.place(fn, bytes, { isPart, blind });
  }

  /** @param bytes of its instructions */
  place(fn: JitFunction, bytes: Uint8Array, { isPart, blind }: { isPart: boolean; blind: boolean }): LinuxFunction {
    const { kernel, prog, aux, insns } = this;
    const { pageBytes } = kernel.machine;
    const pages = Math.ceil((insns + bytes.length) / pageBytes);
    const va = this.alloc(pages * pageBytes);
    const auxVa = this.alloc(aux.bytes);
    kernel.memory.write(va + insns, bytes);
    const set = (name: string, value: bigint | number): void => {
      if (prog.has(name)) prog.set(va, name, value);
    };
    set("type", fn.wasClassic === true ? UNSPECIFIED : SOCKET_FILTER);
    set("len", bytes.length / SLOT_BYTES);
    set("pages", pages);
    set("aux", pointer(auxVa));
    set("jit_requested", 1);
    set("is_func", isPart ? 1 : 0);
    if (prog.has("blinding_requested")) set("blinding_requested", blind ? 1 : 0);
    else this.harden(blind);
    this.fillAux(fn, auxVa, va, entriesOf(bytes));
    return new LinuxFunction(this, fn, va, auxVa);
  }

  /** Before 5.19 the setting of the whole kernel says whose constants are blinded. */
  private harden(blind: boolean): void {
    const va = this.kernel.image.address("bpf_jit_harden");
    if (va !== undefined) this.kernel.memory.writeNumber(va, 4, blind ? EVERYBODY : 0);
    else if (blind) {
      throw new NotModelled("blinding, for which this kernel looks at bpf_jit_harden (give linux:IMAGE?symbols=FILE)");
    }
  }

  private fillAux(fn: JitFunction, auxVa: Va, prog: Va, entries: number): void {
    const { aux } = this;
    const set = (name: string, value: bigint | number): void => {
      if (aux.has(name)) aux.set(auxVa, name, value);
      else if (value !== 0) throw new NotModelled(`this kernel's JIT knows no ${name}`);
    };
    aux.set(auxVa, "prog", pointer(prog));
    set("stack_depth", fn.stackDepth);
    set("func_idx", fn.index);
    set("num_exentries", entries);
    if (this.hasPrivateStacks) set("jits_use_priv_stack", fn.privateStack === undefined ? 0 : 1);
    set("exception_boundary", fn.exceptionBoundary === true ? 1 : 0);
    set("exception_cb", fn.exceptionCallback === true ? 1 : 0);
    // A kernel without arenas knows none of their instructions either.
    if (fn.arena !== undefined && this.kernel.image.types.struct("bpf_arena") !== undefined)
      set("arena", pointer(this.arenaOf(fn.arena)));
    // In no list: what looks whether it was taken from one is content.
    for (const node of ["ksym.lnode", "ksym_prefix.lnode"]) {
      if (!aux.has(node)) continue;
      const at = auxVa + aux.offset(node);
      this.kernel.memory.write64(at, pointer(at));
      this.kernel.memory.write64(at + 8, pointer(at));
    }
  }

  private arenaOf({ kernelBase, userBase }: NonNullable<JitFunction["arena"]>): Va {
    const { kernel } = this;
    const arena = structOf(kernel.image, kernel.memory, "bpf_arena");
    const area = structOf(kernel.image, kernel.memory, "vm_struct");
    const [va, vm] = [this.alloc(arena.bytes), this.alloc(area.bytes)];
    const whole = ({ high, low }: { readonly high: number; readonly low: number }): bigint =>
      (BigInt(high) << 32n) | BigInt(low);
    arena.set(va, "kern_vm", pointer(vm));
    // The pages lie behind half of a guard, which may be a page: the kernel says how far from where its area begins.
    area.set(vm, "addr", 0);
    this.arenaGuard ??= kernel.cpu.call("bpf_arena_get_kern_vm_start", pointer(va));
    area.set(vm, "addr", whole(kernelBase) - this.arenaGuard);
    arena.set(va, "user_vm_start", whole(userBase));
    return va;
  }

  /** What a verifier tells each function of the others between the two rounds. @returns the list of them */
  link(functions: readonly LinuxFunction[], callBase: Va): Va {
    const { kernel, prog, aux, insns } = this;
    const list = this.alloc(8 * functions.length);
    functions.forEach(({ prog: va }, i) => {
      kernel.memory.write64(list + 8 * i, pointer(va));
    });
    for (const { prog: va, aux: auxVa } of functions) {
      const bytes = kernel.memory.read(va + insns, prog.number(va, "len") * SLOT_BYTES);
      addresses(bytes, (index) => functions[index]?.bpfFunc ?? 0, callBase);
      kernel.memory.write(va + insns, bytes);
      aux.set(auxVa, "func", pointer(list));
      for (const count of ["func_cnt", "real_func_cnt"]) {
        if (aux.has(count)) aux.set(auxVa, count, functions.length);
      }
    }
    return list;
  }

  /** The program as the JIT has left it: blinding replaces the whole structure. @param scratch of blinding */
  moved(fn: LinuxFunction, prog: Va, scratch: number): void {
    if (fn.prog === prog) return;
    fn.prog = prog;
    fn.aux = this.prog.pointer(prog, "aux") ?? fn.aux;
    this.blinded(fn, scratch);
  }

  /** What was compiled is what blinding has made of it. @param scratch of blinding */
  blinded(fn: LinuxFunction, scratch: number): void {
    const { prog } = fn;
    const slots = this.prog.number(prog, "len");
    // Which instruction becomes how many does not depend on the random numbers.
    const blinded = bpfJitBlindConstants(fn.fn.insns, () => 0x5a5a_5a5a, scratch);
    const decoded = decode(this.kernel.memory.read(prog + this.insns, slots * SLOT_BYTES), "kernel");
    if (!blinded.ok || blinded.origin.length !== slots || !decoded.ok) {
      throw new NotModelled("this kernel blinds constants in another way");
    }
    fn.origin = blinded.origin;
    fn.fn = { ...fn.fn, insns: decoded.value };
  }

  alloc(bytes: number): Va {
    return this.kernel.arena.alloc(bytes);
  }
}
