// The kernel heap. Objects of the JIT's own come from the machine's heap, with redzones and a failure on demand; programs
// and their parts, which callers of the JIT own, from the arena.

import type { RwAddr, Va } from "../../../machine/address.js";
import { vaOfPointer } from "../structs.js";
import type { World } from "../world.js";
import { trap } from "./trap.js";

const GFP_ZERO = 0x100n;
/** kfree(ZERO_SIZE_PTR) and kfree(NULL) do nothing. */
const ZERO_SIZE_POINTER = 16n;
const KERNEL = 0xffff_0000_0000_0000n;

function allocate({ machine }: World, size: bigint, gfp: bigint): bigint {
  const va = machine.kvmalloc(Number(size));
  if (va === undefined) return 0n;
  if ((gfp & GFP_ZERO) !== 0n) machine.heapBytes(va).fill(0);
  return KERNEL | BigInt(va);
}

function allocateProgram({ machine, arena }: World, size: bigint): bigint {
  if (machine.refuse("kvmalloc")) return 0n;
  const va = arena.alloc(Number(size));
  return va === undefined ? 0n : KERNEL | BigInt(va);
}

function give(world: World, pointer: bigint): void {
  if (pointer <= ZERO_SIZE_POINTER) return;
  const va: Va = vaOfPointer(pointer);
  if (world.arena.holds(va)) world.arena.free(va);
  else world.machine.kvfree(va as RwAddr);
}

const SIZE_GFP = { size: ["size"], gfp: ["flags", "gfp", "gfpflags", "gfp_mask"] };

export const HEAP = [
  trap(
    ["__kmalloc_noprof", "__kmalloc", "__kmalloc_large_noprof", "kmalloc_large_noprof"],
    SIZE_GFP,
    (world, { size, gfp }) => allocate(world, size, gfp),
  ),
  trap(
    ["__kmalloc_cache_noprof", "kmalloc_trace", "kmem_cache_alloc_trace"],
    { cache: ["s", "cachep"], gfp: ["gfpflags", "flags"], size: ["size"] },
    (world, { size, gfp }) => allocate(world, size, gfp),
  ),
  trap(["__kvmalloc_node_noprof", "kvmalloc_node_noprof", "kvmalloc_node"], SIZE_GFP, (world, { size, gfp }) =>
    allocate(world, size, gfp),
  ),
  trap(["kfree", "kvfree"], { object: ["object", "objp", "addr"] }, (world, { object }) => {
    give(world, object);
  }),
  trap(
    ["__vmalloc_noprof", "vmalloc_noprof", "vzalloc_noprof", "__vmalloc", "vmalloc", "vzalloc"],
    { size: ["size"] },
    (world, { size }) => allocateProgram(world, size),
  ),
  trap(["pcpu_alloc_noprof", "__alloc_percpu_gfp", "__alloc_percpu"], { size: ["size"] }, (world, { size }) =>
    allocateProgram(world, size),
  ),
  trap(["free_percpu"], { object: ["ptr", "__pdata"] }, (world, { object }) => {
    give(world, object);
  }),
];
