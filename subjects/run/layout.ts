// Where the regions of one run lie in the kernel's address space. Each region ends at a boundary of pages of any size (rounded
// to 8 bytes) with nothing mapped behind it, so that an access past its end faults on the machine as it does in the
// interpreter; what the rounding leaves before it is filled with a canary.

import { structureOf } from "../../spec/bpf/context-fields.js";
import { valuesBytes } from "../../spec/bpf/maps.js";
import { packetRoom } from "../../spec/bpf/packet.js";
import {
  type FrameRange,
  hasFields,
  type Layout,
  MAX_CALL_DEPTH,
  type MapSpec,
  type Program,
  type Range,
  STACK_BYTES,
} from "../../spec/bpf/program.js";
import { mapList } from "../../spec/lists.js";

/** Of our own machine; those of a kernel image are as it was built. */
export const PAGE_BYTES = 4096;
export const LARGEST_PAGE_BYTES = 65536;

/** Kernel text: helper addresses are relative to it (kernel: `__bpf_call_base`). */
export const CALL_BASE = 0x8000_8026_9da8;
/** Where a program entry's long jump points while nothing is attached. */
export const DUMMY_TRAMPOLINE = 0x8000_8004_0e10;
const STACK_LOW = 0x8000_9000_0000;
const STACK_PAGES = 4;
const CALLEE_STACKS = 0x8000_a000_0000;
const CONTEXT = 0x0000_0410_0000;
const PACKET = 0x0000_0420_0000;
const MAPS = 0x0100_0000_0000;
const MAP_STRIDE = 0x1000_0000;
const VALUES = 0x0800_0000;
/** struct bpf_array up to its pointers. */
export const ARRAY_HEADER_BYTES = 264;
/** The same of kernels that keep more in it: real-time ones have larger locks. */
const LONGEST_ARRAY_HEADER_BYTES = 512;
/** struct htab_elem up to and including a key of up to 8 bytes: its value follows. */
export const HASH_ELEMENT_HEADER_BYTES = 56;
/** struct bpf_prog up to and including bpf_func, rounded up, of the kernel that keeps it furthest behind. */
export const PROG_BYTES = 128;

/** The mapped kernel stack: the main frame lies near its top, with room above for what the entry pushes. */
export const STACK: Range = { base: STACK_LOW, bytes: STACK_PAGES * PAGE_BYTES };
/** struct task_struct, as far as compiled code reads it: all zero, so that the task runs on CPU 0. */
export const TASK: Range = { base: 0x0000_0440_0000, bytes: 64 };
/** SP when the entry program is called. */
export const ENTRY_SP = STACK_LOW + STACK.bytes - 256;

export const pagesOf = (range: Range, pageBytes: number): Range => {
  const base = range.base - (range.base % pageBytes);
  return { base, bytes: Math.ceil((range.base + range.bytes - base) / pageBytes) * pageBytes };
};

/** A range of `bytes` that ends where its pages end. */
function endAligned(area: number, bytes: number): Range {
  const pages = Math.ceil(bytes / LARGEST_PAGE_BYTES) * LARGEST_PAGE_BYTES;
  return { base: area + pages - Math.ceil(bytes / 8) * 8, bytes };
}

/**
 * The frame of a code that has pushed `savedBytes` below the SP it was entered with and then makes room for
 * `stackDepth` bytes, rounded up as the stack pointer must be.
 */
export function frameAt(savedBytes: number, stackDepth: number): Range {
  const bytes = Math.ceil(stackDepth / 16) * 16;
  return { base: ENTRY_SP - savedBytes - bytes, bytes };
}

/** @param frames where each code's frame lies; the default is for a run without a subject to compare with. */
export function layoutOf(program: Program, inputBytes: number, frames?: readonly FrameRange[]): Layout {
  const hasPacket = hasFields(program.context);
  const room = hasPacket ? packetRoom(program) : undefined;
  const packetBytes = hasPacket ? inputBytes : 0;
  return {
    frames: frames ?? program.code.map(() => frameAt(0, STACK_BYTES)),
    calleeStacks: { base: CALLEE_STACKS, bytes: MAX_CALL_DEPTH * STACK_BYTES },
    context: endAligned(CONTEXT, structureOf(program.context)?.bytes ?? inputBytes),
    packet: endAligned(PACKET, room === undefined ? packetBytes : room.head + packetBytes + room.tail),
    headroom: room?.head,
    maps: mapLayouts(program.maps),
  };
}

let last: { readonly maps: readonly MapSpec[]; readonly layouts: Layout["maps"] } | undefined;

/** Where maps lie depends on nothing else, so that the runs of a program share it. */
export function mapLayouts(maps: readonly MapSpec[]): Layout["maps"] {
  if (last?.maps === maps) return last.layouts;
  const layouts = mapList(maps, (map, i) => mapLayout(map, MAPS + i * MAP_STRIDE));
  last = { maps, layouts };
  return layouts;
}

/** An array map is one object, its values behind its header; the values of other maps lie elsewhere. */
function mapLayout(map: MapSpec, area: number): { readonly object: Range; readonly values: Range } {
  if (map.kind === "progArray") {
    return {
      object: endAligned(area, LONGEST_ARRAY_HEADER_BYTES + 8 * map.entries),
      values: { base: area + VALUES, bytes: 0 },
    };
  }
  const bytes = valuesBytes(map);
  if (map.kind !== "array") {
    return { object: endAligned(area, ARRAY_HEADER_BYTES), values: endAligned(area + VALUES, bytes) };
  }
  const whole = endAligned(area, ARRAY_HEADER_BYTES + bytes);
  return {
    object: { base: whole.base, bytes: ARRAY_HEADER_BYTES },
    values: { base: whole.base + ARRAY_HEADER_BYTES, bytes },
  };
}

/** Per-CPU memory of the one CPU that runs, whose offset is 0. */
const PRIVATE_STACKS = 0x8000_b100_0000;
const MOST_FUNCTIONS = 1024;

/** The private stack of a function of a code. */
export const privateStackAt = (code: number, fn: number, depth: number): Range =>
  endAligned(PRIVATE_STACKS + (code * MOST_FUNCTIONS + fn) * LARGEST_PAGE_BYTES, Math.ceil(depth / 16) * 16);

/** Where the map object keeps the pointers of a prog array's slots; one `struct bpf_prog` for each program follows. */
export const PROG_OBJECTS = 0x0000_0430_0000;
