// The kernel heap. Objects of the JIT's own come from the machine's heap, with redzones and a failure on demand; programs
// and their parts, which callers of the JIT own, from the arena.

import type { RwAddr, Va } from "../../../machine/address.js";
import type { BootedKernel } from "../booted-kernel.js";
import { vaOfPointer } from "../structs.js";
import { VERIFIER } from "./programs.js";
import { trap } from "./trap.js";

const GFP_ZERO = 0x100n;
/** kfree(ZERO_SIZE_PTR) and kfree(NULL) do nothing. */
const ZERO_SIZE_POINTER = 16n;
const KERNEL = 0xffff_0000_0000_0000n;

function allocate(kernel: BootedKernel, size: bigint, gfp: bigint): bigint {
  const { machine, cpu } = kernel;
  if (VERIFIER.has(cpu.caller)) return allocateProgram(kernel, size);
  const va = machine.kvmalloc(Number(size));
  if (va === undefined) return 0n;
  if ((gfp & GFP_ZERO) !== 0n) machine.heapBytes(va).fill(0);
  return KERNEL | BigInt(va);
}

function allocateProgram({ machine, arena }: BootedKernel, size: bigint): bigint {
  if (machine.refuse("progAlloc")) return 0n;
  return KERNEL | BigInt(arena.alloc(Number(size)));
}

function reallocateProgram(kernel: BootedKernel, object: bigint, size: bigint): bigint {
  const { arena, memory } = kernel;
  const moved = allocateProgram(kernel, size);
  if (moved === 0n || object === 0n) return moved;
  const va = vaOfPointer(object);
  memory.write(vaOfPointer(moved), memory.read(va, Math.min(arena.bytesAt(va), Number(size))));
  arena.free(va);
  return moved;
}

/** The JIT asks for the stack of a program, everybody else for what belongs to one. */
function allocatePerCpu(kernel: BootedKernel, size: bigint): bigint {
  const { cpu, machine, privateStacks } = kernel;
  if (cpu.caller !== "bpf_int_jit_compile") return allocateProgram(kernel, size);
  if (machine.refuse("progAlloc")) return 0n;
  const va = privateStacks.alloc(Number(size));
  return va === undefined ? 0n : KERNEL | BigInt(va);
}

function give(kernel: BootedKernel, pointer: bigint): void {
  if (pointer <= ZERO_SIZE_POINTER) return;
  const va: Va = vaOfPointer(pointer);
  if (kernel.arena.holds(va)) kernel.arena.free(va);
  else kernel.machine.kvfree(va as RwAddr);
}

const SIZE_GFP = { size: ["size"], gfp: ["flags", "gfp", "gfpflags", "gfp_mask"] };

export const HEAP = [
  trap(
    ["__kmalloc_noprof", "__kmalloc", "__kmalloc_large_noprof", "kmalloc_large_noprof"],
    SIZE_GFP,
    (kernel, { size, gfp }) => allocate(kernel, size, gfp),
  ),
  trap(
    ["__kmalloc_cache_noprof", "kmalloc_trace", "kmem_cache_alloc_trace"],
    { cache: ["s", "cachep"], gfp: ["gfpflags", "flags"], size: ["size"] },
    (kernel, { size, gfp }) => allocate(kernel, size, gfp),
  ),
  trap(["__kvmalloc_node_noprof", "kvmalloc_node_noprof", "kvmalloc_node"], SIZE_GFP, (kernel, { size, gfp }) =>
    allocate(kernel, size, gfp),
  ),
  trap(["kfree", "kvfree"], { object: ["object", "objp", "addr"] }, (kernel, { object }) => {
    give(kernel, object);
  }),
  trap(
    ["__vmalloc_noprof", "vmalloc_noprof", "vzalloc_noprof", "__vmalloc", "vmalloc", "vzalloc"],
    { size: ["size"] },
    (kernel, { size }) => allocateProgram(kernel, size),
  ),
  trap(
    ["vrealloc_node_align_noprof", "vrealloc_noprof"],
    { object: ["p"], size: ["size"] },
    (kernel, { object, size }) => reallocateProgram(kernel, object, size),
  ),
  trap(["pcpu_alloc_noprof", "__alloc_percpu_gfp", "__alloc_percpu"], { size: ["size"] }, (kernel, { size }) =>
    allocatePerCpu(kernel, size),
  ),
  trap(["free_percpu"], { object: ["ptr", "__pdata"] }, (kernel, { object }) => {
    const va = vaOfPointer(object);
    if (kernel.privateStacks.isLive(va)) kernel.privateStacks.free(va);
    else give(kernel, object);
  }),
];
