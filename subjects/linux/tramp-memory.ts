// How a kernel image makes room for a trampoline and gives it back: by functions of its architecture, since 6.8; before, in a
// page of its own, in which the code is written where it will run. What kernel/bpf/trampoline.c does there is in our words.

import type { RoAddr, Va } from "../../machine/address.js";
import { NotModelled } from "../not-modelled.js";
import type { Errno } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { isOwn } from "./image/features.js";
import type { TypedImage } from "./kernel-image.js";
import type { EntryPoint } from "./native.js";
import { errnoOf } from "./packs-view.js";
import { kernelPointer } from "./placed-kernel.js";
import { vaOfPointer } from "./structs.js";

interface TrampMemory {
  /** Room for the code; undefined out of memory, with nothing changed. */
  alloc(bytes: number): RoAddr | undefined;
  /** What was written there may run from now on. */
  protect(image: RoAddr, bytes: number): Errno;
  free(image: RoAddr, bytes: number): void;
}

/** A page that is writable and executable while the code is written: up to 6.0. The machine has no such pages. */
const BOTH_AT_ONCE = "bpf_jit_alloc_exec_page";

/** Whether a trampoline has a page of its own; why none can be made, where that is so. */
export function trampolinesOf(image: TypedImage): "sized" | "in pages" | { readonly why: string } {
  const has = (name: string): boolean => image.address(name) !== undefined;
  if (has("arch_bpf_trampoline_size") && has("arch_alloc_bpf_trampoline")) return "sized";
  if (!isOwn(image, "arch_prepare_bpf_trampoline")) {
    return { why: "its kernel makes none (no arch_prepare_bpf_trampoline of its own)" };
  }
  if (has(BOTH_AT_ONCE)) return { why: `its kernel writes them in executable pages (${BOTH_AT_ONCE})` };
  return "in pages";
}

export function trampMemoryOf(kernel: BootedKernel): TrampMemory {
  const way = trampolinesOf(kernel.image);
  if (typeof way === "object") throw new NotModelled(`trampolines: ${way.why}`);
  return way === "sized" ? ofArchitecture(kernel) : inPages(kernel);
}

const placeOf = (x0: bigint): RoAddr | undefined => (x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr));

function ofArchitecture(kernel: BootedKernel): TrampMemory {
  return {
    alloc: (bytes) => placeOf(callNamed(kernel, "arch_alloc_bpf_trampoline", { size: bytes })),
    protect: (image, size) =>
      errnoOf(callNamed(kernel, "arch_protect_bpf_trampoline", { image: kernelPointer(image), size })),
    free(image, size) {
      callNamed(kernel, "arch_free_bpf_trampoline", { image: kernelPointer(image), size });
    },
  };
}

/**
 * What a change of permissions answers is asked by nobody, as for programs in those versions (`protectionFailureIgnored`).
 *
 * @source linux v6.1 kernel/bpf/trampoline.c, bpf_tramp_image_alloc(), bpf_trampoline_update(),
 * __bpf_tramp_image_put_deferred()
 */
function inPages({ machine, cpu }: BootedKernel): TrampMemory {
  return {
    alloc: () => placeOf(cpu.call("bpf_jit_alloc_exec", machine.pageBytes)),
    protect(image) {
      cpu.call("set_memory_ro", kernelPointer(image), 1);
      cpu.call("set_memory_x", kernelPointer(image), 1);
      return 0 as Errno;
    },
    free(image) {
      cpu.call("bpf_jit_free_exec", kernelPointer(image));
    },
  };
}

/** What parameters are called elsewhere: in other versions, or in the weak function that BTF tells of. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  image: "ro_image",
  image_end: "ro_image_end",
  orig_call: "func_addr",
  tnodes: "tlinks",
  t: "poke_type",
  addr1: "old_addr",
  addr2: "new_addr",
};

/** Arguments by the names of the kernel's own parameters: other versions have other orders. */
export function callNamed(
  { cpu, image }: BootedKernel,
  name: EntryPoint,
  args: Readonly<Record<string, bigint | number>>,
): bigint {
  const parameters = image.types.parameters(name);
  if (image.address(name) === undefined || parameters === undefined) {
    throw new NotModelled(`trampolines of this kernel are made another way (no ${name})`);
  }
  const values = parameters.map((parameter) => {
    const value = args[parameter] ?? args[OTHER_NAMES[parameter] ?? ""];
    if (value === undefined) throw new NotModelled(`${name} of this kernel has a parameter ${parameter}`);
    return value;
  });
  return cpu.call(name, ...values);
}

/** Pages for the time of a call, where a caller names an address that is nowhere. @returns how they go */
export function reachable({ machine }: BootedKernel, va: Va, bytes: number): () => void {
  const { pageBytes } = machine;
  const pages: Va[] = [];
  for (let page = va - (va % pageBytes); page < va + bytes; page += pageBytes) {
    if (machine.mapping(page) !== undefined) continue;
    machine.map(page, pageBytes, "rw");
    pages.push(page);
  }
  return () => {
    for (const page of pages) {
      machine.unmap(page, pageBytes);
      machine.invalidateTlb(page, pageBytes);
    }
  };
}
