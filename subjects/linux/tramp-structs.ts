// What a caller of the trampoline code hands to it, as structures in the kernel's memory: the shape of the traced function,
// and the programs by kind. They are there during one call, and gone behind it.

import { pointer, type Va } from "../../machine/address.js";
import { NotModelled } from "../not-modelled.js";
import type { FuncArg, TrampFlags, TrampLink, TrampRequest } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { type Struct, structOf } from "./structs.js";

/** enum bpf_tramp_prog_type. */
const KINDS = ["fentry", "fexit", "fmodRet"] as const;
/** Newer kernels have more kinds, of which nothing is attached. */
const MOST_KINDS = 8;

/** How a kernel calls its lists of programs. */
interface ListNames {
  readonly list: string;
  readonly items: string;
  readonly count: string;
  readonly item: string;
  /** An item points to its `struct bpf_link`; otherwise it has one in it. */
  readonly isPointer: boolean;
}
const LISTS: readonly ListNames[] = [
  { list: "bpf_tramp_links", items: "links", count: "nr_links", item: "bpf_tramp_link", isPointer: false },
  { list: "bpf_tramp_nodes", items: "nodes", count: "nr_nodes", item: "bpf_tramp_node", isPointer: true },
];
const MOST_ARGS = 12;
const STRUCT_ARG = 1;
const POINTER_BYTES = 8;
/** enum bpf_prog_type and bpf_attach_type: what decides which functions are called around a program. */
const TRACING = { type: 26, attach: 24 };
const SESSION = { type: 26, attach: 58 };
const LSM = { type: 29, attach: 27 };
const LSM_CGROUP = { type: 29, attach: 43 };
const FLAG_BITS: Readonly<Record<keyof TrampFlags, number>> = {
  restoreRegs: 1,
  callOrig: 2,
  skipFrame: 4,
  ipArg: 8,
  retFentryRet: 16,
};
/** BPF_TRAMP_F_INDIRECT and BPF_LINK_TYPE_STRUCT_OPS. */
const INDIRECT = 256;
const STRUCT_OPS = 9;

export class TrampStructs {
  private readonly model: Struct;
  /** The programs of one kind, and one of them. */
  private readonly list: Struct;
  private readonly item: Struct;
  private readonly names: ListNames;
  private readonly bpfLink: Struct;
  private readonly prog: Struct;
  private aux: Struct | undefined;
  readonly im: Struct;

  constructor(private readonly kernel: BootedKernel) {
    const of = (name: string): Struct => structOf(kernel.image, kernel.memory, name);
    const names = LISTS.find(({ list }) => kernel.image.types.struct(list) !== undefined);
    if (names === undefined) {
      const known = LISTS.map(({ list }) => list).join(", no ");
      throw new NotModelled(`trampolines of this kernel take their programs another way (no struct ${known})`);
    }
    this.names = names;
    this.model = of("btf_func_model");
    this.list = of(names.list);
    this.item = of(names.item);
    this.bpfLink = of("bpf_link");
    this.prog = of("bpf_prog");
    this.im = of("bpf_tramp_image");
  }

  get insnsiOffset(): number {
    return this.prog.offset("insnsi");
  }

  static flags(flags: TrampFlags, structOps: boolean): number {
    let bits = structOps ? INDIRECT : 0;
    for (const [flag, bit] of Object.entries(FLAG_BITS)) if (flags[flag as keyof TrampFlags]) bits |= bit;
    return bits;
  }

  /** @returns what `use` does with the addresses of the model and of the lists */
  during<T>({ args, links }: TrampRequest, use: (model: Va, links: Va) => T): T {
    const given: Va[] = [];
    const alloc = (bytes: number): Va => {
      const va = this.kernel.arena.alloc(bytes);
      given.push(va);
      return va;
    };
    const unmap = this.placeObjects(
      KINDS.flatMap((kind) => links[kind]),
      alloc,
    );
    try {
      const lists = alloc(MOST_KINDS * this.list.bytes);
      KINDS.forEach((kind, i) => {
        this.fillList(lists + i * this.list.bytes, links[kind], links.structOps, alloc);
      });
      return use(this.fillModel(alloc(this.model.bytes), args), lists);
    } finally {
      for (const va of given) this.kernel.arena.free(va);
      unmap();
    }
  }

  private fillModel(va: Va, args: readonly FuncArg[]): Va {
    const { model, kernel } = this;
    if (args.length > MOST_ARGS) throw new NotModelled(`a function of ${args.length} arguments`);
    model.set(va, "ret_size", POINTER_BYTES);
    model.set(va, "nr_args", args.length);
    kernel.memory.write(
      va + model.offset("arg_size"),
      Uint8Array.from(args, ({ bytes }) => bytes),
    );
    const flags = Uint8Array.from(args, ({ isStruct }) => (isStruct ? STRUCT_ARG : 0));
    kernel.memory.write(va + model.offset("arg_flags"), flags);
    return va;
  }

  private fillList(va: Va, programs: readonly TrampLink[], structOps: boolean, alloc: (bytes: number) => Va): void {
    const { list, item, names, bpfLink, kernel } = this;
    const [first, count] = [list.offset(names.items), list.offset(names.count)];
    if (programs.length > (count - first) / POINTER_BYTES)
      throw new NotModelled(`${programs.length} programs of a kind`);
    list.set(va, names.count, programs.length);
    programs.forEach(({ prog, cookie }, i) => {
      const at = alloc(item.bytes);
      item.set(at, "cookie", (BigInt(cookie.high >>> 0) << 32n) | BigInt(cookie.low >>> 0));
      const link = names.isPointer ? alloc(bpfLink.bytes) : at + item.offset("link");
      if (names.isPointer) item.set(at, "link", pointer(link));
      if (structOps) bpfLink.set(link, "type", STRUCT_OPS);
      bpfLink.set(link, "prog", pointer(prog));
      kernel.memory.write64(va + first + POINTER_BYTES * i, pointer(at));
    });
  }

  /** At the addresses that the callers chose, pages of their own hold the objects for as long as they are read. */
  private placeObjects(links: readonly TrampLink[], alloc: (bytes: number) => Va): () => void {
    const { machine, memory } = this.kernel;
    const { pageBytes } = machine;
    const { prog } = this;
    const pages = new Set<Va>();
    const listener = machine.onEvent;
    machine.onEvent = undefined;
    for (const { prog: va } of links) {
      for (let page = va - (va % pageBytes); page < va + prog.bytes; page += pageBytes) pages.add(page);
    }
    for (const page of pages) {
      if (machine.mapping(page) !== undefined) pages.delete(page);
      else machine.map(page, pageBytes, "rw");
    }
    for (const link of links) {
      memory.write(link.prog, new Uint8Array(prog.bytes));
      const { type, attach } = kindOf(link);
      prog.set(link.prog, "type", type);
      prog.set(link.prog, "expected_attach_type", attach);
      prog.set(link.prog, "jited", link.jited ? 1 : 0);
      this.setSleepable(link, alloc);
      prog.set(link.prog, "bpf_func", pointer(link.bpfFunc));
      if (link.session?.keeps === true) prog.set(link.prog, "call_session_cookie", 1);
    }
    machine.onEvent = listener;
    return () => {
      const heard = machine.onEvent;
      machine.onEvent = undefined;
      for (const page of pages) {
        machine.unmap(page, pageBytes);
        machine.invalidateTlb(page, pageBytes);
      }
      machine.onEvent = heard;
    };
  }

  /** Since 6.9 a bit of the program itself. */
  private setSleepable({ prog: va, sleepable }: TrampLink, alloc: (bytes: number) => Va): void {
    const bit = sleepable ? 1 : 0;
    if (this.prog.has("sleepable")) {
      this.prog.set(va, "sleepable", bit);
      return;
    }
    this.aux ??= structOf(this.kernel.image, this.kernel.memory, "bpf_prog_aux");
    const aux = alloc(this.aux.bytes);
    this.aux.set(aux, "sleepable", bit);
    this.prog.set(va, "aux", pointer(aux));
  }
}

function kindOf({ session, recursionChecked, lsmCgroup }: TrampLink): {
  readonly type: number;
  readonly attach: number;
} {
  if (session !== undefined) return SESSION;
  return recursionChecked ? TRACING : lsmCgroup ? LSM_CGROUP : LSM;
}
