// Where the regions of one run lie in the kernel's address space. Each region ends at a page boundary (rounded to 8
// bytes) with nothing mapped behind it, so that an access past its end faults on the machine as it does in the
// interpreter; what the rounding leaves before it is filled with a canary.

import { type Layout, type Program, type Range, STACK_BYTES } from "../spec/bpf/program.js";

export const PAGE_BYTES = 4096;

/** Kernel text: helper addresses are relative to it (kernel: `__bpf_call_base`). */
export const CALL_BASE = 0x8000_8026_9da8;
/** Where a program entry's long jump points while nothing is attached. */
export const DUMMY_TRAMPOLINE = 0x8000_8004_0e10;
/** Reached by the last return of the entry program. */
const STACK_LOW = 0x8000_9000_0000;
const STACK_PAGES = 4;
const CALLEE_STACKS = 0x8000_a000_0000;
const CONTEXT = 0x0000_0410_0000;
const PACKET = 0x0000_0420_0000;
const MAPS = 0x0000_1000_0000;
const MAP_STRIDE = 0x1000_0000;
const VALUES = 0x0800_0000;
/** struct bpf_array up to its pointers. */
export const ARRAY_HEADER_BYTES = 264;
/** struct bpf_prog up to and including bpf_func, rounded up. */
export const PROG_BYTES = 64;
const XDP_BUFF_BYTES = 56;

/** The mapped kernel stack: the main frame lies near its top, with room above for what the entry pushes. */
export const STACK: Range = { base: STACK_LOW, bytes: STACK_PAGES * PAGE_BYTES };
const FRAME_TOP = STACK_LOW + STACK.bytes - 512;

export const pagesOf = (range: Range): Range => {
  const base = range.base - (range.base % PAGE_BYTES);
  return { base, bytes: Math.ceil((range.base + range.bytes - base) / PAGE_BYTES) * PAGE_BYTES };
};

/** A range of `bytes` that ends where its pages end. */
function endAligned(area: number, bytes: number): Range {
  const pages = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  return { base: area + pages - Math.ceil(bytes / 8) * 8, bytes };
}

export function layoutOf(program: Program, inputBytes: number): Layout {
  return {
    stack: { base: FRAME_TOP - STACK_BYTES, bytes: STACK_BYTES },
    calleeStacks: { base: CALLEE_STACKS, bytes: 8 * STACK_BYTES },
    context: endAligned(CONTEXT, program.context === "xdp" ? XDP_BUFF_BYTES : inputBytes),
    packet: endAligned(PACKET, program.context === "xdp" ? inputBytes : 0),
    maps: program.maps.map((map, i) => {
      const area = MAPS + i * MAP_STRIDE;
      const pointers = map.kind === "progArray" ? 8 * map.entries : 0;
      const values = map.kind === "progArray" ? 0 : roundUp8(map.valueBytes) * map.entries;
      return {
        object: endAligned(area, ARRAY_HEADER_BYTES + pointers),
        values: endAligned(area + VALUES, values),
      };
    }),
  };
}

/** Kernel: array elements are `round_up(value_size, 8)` apart. */
export const roundUp8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Where the map object keeps the pointers of a prog array's slots; one `struct bpf_prog` for each program follows. */
export const PROG_OBJECTS = 0x0000_0430_0000;
