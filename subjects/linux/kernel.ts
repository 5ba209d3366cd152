// The subject `linux:IMAGE` as a kernel that is up: its own JIT, allocator and text poke, called by their names in our
// machine.

import type { RoAddr, Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Machine } from "../../machine/machine.js";
import { hex64 } from "../../spec/bits.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import { NotModelled } from "../not-modelled.js";
import type {
  BootOptions,
  Errno,
  FunctionView,
  JitEnv,
  JitFunction,
  KernelBuild,
  LoadedProgram,
  LoadResult,
  SubjectKernel,
  SubjectTrampolines,
  TrampolineEnv,
} from "../subject.js";
import { DEFAULT_ENV, envWith } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { Emissions } from "./emissions.js";
import { fixupOf } from "./entry-fixup.js";
import { Fixups, hasFixup } from "./fixup.js";
import { HeldLocks } from "./held-locks.js";
import { hasNodes, isOwn } from "./image/features.js";
import { KernelCpu } from "./kernel-cpu.js";
import type { TypedImage } from "./kernel-image.js";
import { Loads } from "./loads.js";
import { errnoOf, LinuxModmem, LinuxPacks } from "./packs-view.js";
import { kernelPointer, type PlacedKernel, placeKernel } from "./placed-kernel.js";
import { PrivateStacks } from "./private-stacks.js";
import { vaOfPointer } from "./structs.js";
import { entryBytesOf } from "./tables.js";
import { LinuxTrampolines } from "./trampolines.js";

const DEFAULT_LIMIT = 69_267_617_742_848;
const VM_STRUCT_BYTES = 256;

export class LinuxKernel implements SubjectKernel, BootedKernel {
  readonly machine: Machine;
  readonly memory: BootedKernel["memory"];
  readonly arena: BootedKernel["arena"];
  readonly pages: BootedKernel["pages"];
  readonly task: Va;
  readonly vmStruct: Va;
  readonly privateStacks: PrivateStacks;
  readonly packs: LinuxPacks;
  readonly modmem: LinuxModmem;
  readonly warnings: string[] = [];
  readonly messages: string[] = [];
  readonly locks = new HeldLocks((va) => this.nameOf(va));
  readonly placedAreas = new Map<Va, number>();
  readonly writableText = new Set<Va>();
  warningText = "";
  overLimit = false;
  /** Why it never came up. */
  private broken: KernelFault | undefined;
  emissions: Emissions | undefined;
  blinding: (() => number) | undefined;
  onCompile: BootedKernel["onCompile"];
  onOffsets: BootedKernel["onOffsets"];
  lookup: BootedKernel["lookup"];
  wanted: BootedKernel["wanted"];
  beforeCompile: BootedKernel["beforeCompile"];
  private readonly placed: PlacedKernel;
  readonly loads: Loads;
  readonly fixups: Fixups | undefined;
  private readonly cpus: KernelCpu[] = [];
  /** Asked for, and not to be had. */
  private isAtEl2 = false;
  private current: JitEnv;

  get perCpuPages(): number {
    return this.privateStacks.pages;
  }

  constructor(
    readonly image: TypedImage,
    private readonly build: KernelBuild,
    readonly options: BootOptions,
    /** Ids of the instruction forms that the image's JIT takes; undefined in a kernel in which that is found out. */
    forms?: () => ReadonlySet<string>,
  ) {
    const { machine, nodes = 1, limit = DEFAULT_LIMIT, env = DEFAULT_ENV } = options;
    this.machine = machine;
    if (machine.pageBytes !== image.pageBytes) {
      throw new NotModelled(`pages of ${machine.pageBytes} bytes (the image has ${image.pageBytes})`);
    }
    this.placed = placeKernel(machine, image);
    this.memory = this.placed.memory;
    this.arena = this.placed.arena;
    this.pages = this.placed.pages;
    this.privateStacks = new PrivateStacks(machine);
    this.vmStruct = this.arena.alloc(VM_STRUCT_BYTES);
    this.task = image.address("init_task") ?? this.arena.alloc(machine.pageBytes);
    if (nodes > 1 && !hasNodes(image)) throw new NotModelled("several memory nodes (the image was built for one)");
    this.placed.setGlobals({ nodes, limit });
    this.current = env;
    this.env = env;
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const { placed } = this;
      const stacks = { top: placed.stackTop(cpu), shadow: placed.shadowStack(cpu) };
      this.cpus.push(new KernelCpu(this, placed.cpu(cpu), placed.resolved, stacks));
    }
    this.packs = new LinuxPacks(this, nodes);
    this.modmem = new LinuxModmem(this);
    const { packBytes = this.packs.packBytes, images } = options;
    if (images !== undefined && images !== (this.packs.packBytes > 0 ? "packs" : "pages")) {
      throw new NotModelled(images === "packs" ? "packs: each program has its own pages" : "pages for each program");
    }
    if (packBytes !== this.packs.packBytes) {
      throw new NotModelled(`packs of ${packBytes} bytes (the image has ${this.packs.packBytes})`);
    }
    this.loads = new Loads(this, build, forms);
    this.fixups = hasFixup(image) ? new Fixups(this) : undefined;
    this.calibrate();
  }

  /** A kernel that breaks while it comes up does so in the first load, as a case that can be told. */
  private calibrate(): void {
    try {
      this.pages.calibrate(() => this.cpu.call("aarch64_insn_patch_text_nosync", kernelPointer(this.vmStruct), 0));
    } catch (error) {
      if (!(error instanceof KernelFault)) throw error;
      this.broken = error;
    }
  }

  get cpu(): KernelCpu {
    if (this.broken !== undefined) throw this.broken;
    return this.cpus[this.machine.cpu]!;
  }

  get env(): JitEnv {
    return this.current;
  }
  /** Of an environment, a kernel image takes what its CPU has; the rest it was built with. It runs at EL1. */
  set env(env: JitEnv) {
    const { placed } = this;
    this.isAtEl2 = env.vhe;
    const { lse } = placed.prepared;
    // Whose alternatives cannot be found runs without.
    const hasLse = env.lse && lse !== undefined;
    this.current = envWith(env, { ...this.build, lse: hasLse, vhe: false, branchHistory: undefined });
    if (lse !== undefined) placed.setCapability(lse, env.lse);
  }

  where(): string | undefined {
    return this.cpu.where();
  }

  noteEmissions(): (va: Va) => string | undefined {
    // A new pack is filled word by word, which nobody wants to know.
    this.loads.loadPlain();
    const emissions = new Emissions();
    this.emissions = emissions;
    return (va) => emissions.at(va);
  }

  /** Of a variable; as it stands where nobody has named it. */
  private nameOf(va: Va): string {
    const symbol = this.image.symbolAt(va);
    return symbol?.offset === 0 ? symbol.name : hex64(kernelPointer(va));
  }

  holdsLock(): boolean {
    return this.placed.holdsLock() || this.cpus.some((_, cpu) => this.locks.count(cpu) > 0);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  loadProgram(functions: readonly JitFunction[]): LoadResult {
    const missing = { kind: "missing", what: "a kernel that runs at EL2 (vhe)" } as const;
    return this.isAtEl2 ? { ok: false, index: 0, error: missing, functions: [] } : this.loads.load(functions);
  }

  freeProgram(program: LoadedProgram): void {
    this.loads.free(program);
  }

  /** Without trampolines there is none. */
  get literalBytes(): number {
    return isOwn(this.image, "bpf_arch_text_poke") ? LITERAL_BYTES : 0;
  }

  get entryBytes(): number {
    return entryBytesOf(this.image);
  }

  /** Up to 5.15 the header counts pages. */
  regionBytes(header: Va): number {
    const said = this.machine.peek32(header);
    const countsPages = this.image.types.struct("bpf_binary_header")?.member("pages") !== undefined;
    return countsPages ? said * this.machine.pageBytes : said;
  }

  fixupException(functions: readonly FunctionView[], pc: Va) {
    // Programs run while another CPU is in the middle of kernel code.
    const idle = this.cpus.find(({ isIdle }) => isIdle);
    return this.fixups === undefined || idle === undefined
      ? fixupOf(this, functions, pc)
      : this.fixups.ofProgram(pc, idle);
  }

  trampolines(text: Pick<TrampolineEnv, "original" | "prog">): SubjectTrampolines {
    return new LinuxTrampolines(this, text);
  }

  aarch64InsnCopy(dst: RoAddr, src: Va, bytes: number): RoAddr | undefined {
    const x0 = this.cpu.call("aarch64_insn_copy", kernelPointer(dst), kernelPointer(src), bytes);
    return x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr);
  }
  aarch64InsnSet(dst: RoAddr, insn: number, bytes: number): RoAddr | undefined {
    const x0 = this.cpu.call("aarch64_insn_set", kernelPointer(dst), insn, bytes);
    return x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr);
  }
  aarch64InsnPatchTextNosync(addr: RoAddr, insn: number): Errno {
    return errnoOf(this.cpu.call("aarch64_insn_patch_text_nosync", kernelPointer(addr), insn));
  }
  bpfArchTextCopy(dst: RoAddr, src: Va, bytes: number): Errno {
    this.needsOwn("bpf_arch_text_copy");
    const x0 = this.cpu.call("bpf_arch_text_copy", kernelPointer(dst), kernelPointer(src), bytes);
    // A pointer, or an error as one (ERR_PTR).
    return BigInt.asIntN(64, x0) < 0n && BigInt.asIntN(64, x0) >= -4095n ? errnoOf(x0) : (0 as Errno);
  }
  bpfArchTextInvalidate(dst: RoAddr, bytes: number): Errno {
    this.needsOwn("bpf_arch_text_invalidate");
    return errnoOf(this.cpu.call("bpf_arch_text_invalidate", kernelPointer(dst), bytes));
  }
  /** The weak one refuses whatever it is asked. */
  private needsOwn(name: string): void {
    if (!isOwn(this.image, name)) throw new NotModelled(`the image has no ${name} of its own`);
  }
  aarch64InsnPatchText(): Errno {
    throw new NotModelled("stopping all CPUs of a kernel image is not modelled");
  }
}

/** Addresses of kernel text that compiled code refers to. */
export function kernelText(image: TypedImage): { readonly callBase: Va; readonly dummyTramp: Va } {
  const callBase = image.address("__bpf_call_base");
  if (callBase === undefined) throw new NotModelled("the image has no __bpf_call_base");
  return { callBase, dummyTramp: image.address("dummy_tramp") ?? DEFAULT_ENV.dummyTramp };
}
