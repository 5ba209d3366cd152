// Memory that code comes to lie in, and what its pages allow.

import type { Va } from "../../../machine/address.js";
import { KernelFault } from "../../../machine/fault.js";
import type { Permission } from "../../../machine/machine.js";
import type { BootedKernel } from "../booted-kernel.js";
import { vaOfPointer } from "../structs.js";
import { trap } from "./trap.js";

const KERNEL = 0xffff_0000_0000_0000n;
const ENOMEM = 12n;
const failure = (errno: bigint): bigint => BigInt.asUintN(64, -errno);

function alloc(kernel: BootedKernel, size: bigint): bigint {
  const { machine, wanted } = kernel;
  if (wanted !== undefined) {
    const bytes = Math.ceil(Number(size) / machine.pageBytes) * machine.pageBytes;
    machine.map(wanted, bytes, "rw", true);
    kernel.placedAreas.set(wanted, bytes);
    return KERNEL | BigInt(wanted);
  }
  const va = machine.vmalloc(Number(size));
  return va === undefined ? 0n : KERNEL | BigInt(va);
}

function free(kernel: BootedKernel, pointer: bigint): void {
  if (pointer === 0n) return;
  const va = vaOfPointer(pointer);
  const placed = kernel.placedAreas.get(va);
  if (placed !== undefined) {
    kernel.placedAreas.delete(va);
    kernel.machine.unmap(va, placed);
  } else if (kernel.arena.holds(va)) kernel.arena.free(va);
  else if (!kernel.machine.vfree(va)) kernel.warn(`vfree of 0x${va.toString(16)}, where no area begins`);
}

/**
 * One call changes one of writable and executable. What is both in Linux has no executable page here meanwhile: it is
 * remembered, and is executable again when it is no longer writable.
 */
const PERMISSIONS: Readonly<Record<string, Readonly<Record<Permission, Permission | undefined>>>> = {
  set_memory_ro: { rw: "ro", ro: "ro", rox: "rox" },
  set_memory_rw: { rw: "rw", ro: "rw", rox: "rw" },
  set_memory_x: { rw: undefined, ro: "rox", rox: "rox" },
  set_memory_nx: { rw: "rw", ro: "ro", rox: "ro" },
};

function change(kernel: BootedKernel, name: string, addr: bigint, pages: bigint): bigint {
  const { machine } = kernel;
  const va = vaOfPointer(addr);
  const bytes = Number(pages & 0xffff_ffffn) * machine.pageBytes;
  const before = machine.mapping(va)?.permission;
  if (before === undefined) throw new KernelFault("badMapping", va, `${name} of a page that is not mapped`);
  const isBoth = kernel.writableText.has(va);
  const after = name === "set_memory_ro" && isBoth ? "rox" : PERMISSIONS[name]![before];
  if (after === undefined) throw new KernelFault("badMapping", va, `${name} of a page that is writable`);
  // Before the machine is told: whoever hears of it may have another CPU do the same.
  const staysText = name === "set_memory_rw" && (before === "rox" || isBoth);
  remember(kernel, va, staysText);
  if (!machine.setPermission(va, bytes, after)) {
    remember(kernel, va, isBoth);
    return failure(ENOMEM);
  }
  machine.invalidateTlb(va, bytes);
  return 0n;
}

function remember({ writableText }: BootedKernel, va: Va, isText: boolean): void {
  if (isText) writableText.add(va);
  else writableText.delete(va);
}

export const EXECUTABLE_MEMORY = [
  trap(["execmem_alloc"], { type: ["type"], size: ["size"] }, (kernel, { size }) => alloc(kernel, size)),
  trap(["bpf_jit_alloc_exec", "module_alloc"], { size: ["size"] }, (kernel, { size }) => alloc(kernel, size)),
  trap(
    ["execmem_free", "vfree", "module_memfree", "bpf_jit_free_exec"],
    { ptr: ["ptr", "addr", "region"] },
    (kernel, { ptr }) => {
      free(kernel, ptr);
    },
  ),
  trap(Object.keys(PERMISSIONS), { addr: ["addr"], pages: ["numpages"] }, (kernel, { addr, pages }, name) =>
    change(kernel, name, addr, pages),
  ),
  // Flags are written to it and nobody reads them: what vfree does about permissions is the machine's.
  trap(["find_vm_area"], { addr: ["addr"] }, (kernel) => KERNEL | BigInt(kernel.vmStruct)),
];
