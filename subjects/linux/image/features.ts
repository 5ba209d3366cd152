// What a kernel image is able to, found out from its symbols, tables and machine code: nobody is asked.

import { branchTarget, functionAround } from "./functions.js";
import type { KernelImage } from "./image.js";

/** Functions that one branches to, as names, each once. No function of a kernel is longer than 256 KiB. */
function callsOf(image: KernelImage, name: string): readonly string[] {
  const { base, bytes } = image;
  const start = image.address(name);
  const own = start === undefined ? undefined : functionAround(image, start);
  if (own === undefined) return [];
  const view = new DataView(bytes.buffer);
  const called = new Set<string>();
  const end = Math.min(own.end, own.start + 0x40000, base + bytes.length) - base;
  for (let at = Math.max(0, own.start - base); at + 4 <= end; at += 4) {
    const target = branchTarget(view.getUint32(at, true), base + at);
    const symbol = target === undefined ? undefined : image.symbolAt(target);
    if (symbol !== undefined && symbol.offset === 0 && target !== start) called.add(symbol.name);
  }
  return [...called];
}

export type Allocator = "packs" | "a page or more for each program" | "unknown";

/** What the JIT asks for memory, itself or through functions that only it has. */
export function allocatorOf(image: KernelImage): Allocator {
  const known = allocators.get(image) ?? findAllocator(image);
  allocators.set(image, known);
  return known;
}
const allocators = new WeakMap<KernelImage, Allocator>();

function findAllocator(image: KernelImage): Allocator {
  const seen = new Set<string>(["bpf_int_jit_compile"]);
  for (const name of seen) {
    for (const called of callsOf(image, name)) {
      if (called.startsWith("bpf_jit_binary_pack_alloc")) return "packs";
      if (called.startsWith("bpf_jit_binary_alloc")) return "a page or more for each program";
      if (seen.size < 64 && image.address(called) !== undefined && /jit|bpf/.test(called)) seen.add(called);
    }
  }
  return "unknown";
}

export interface Feature {
  readonly name: string;
  readonly present: boolean;
}

const BTI_C = 0xd503_245f;
const PACIASP = 0xd503_233f;
const SHADOW_PUSH = 0xf800_8e5e;
/** Compilers leave the landing pad out of functions that nobody calls through a pointer. */
const LEAST_SHARE = 0.05;
/** Room for tracing lies between a landing pad and what a function begins with. */
const FIRST_WORDS = 5;

/** What the JIT emits where the compiler was told to: both are of one configuration. */
export function protectionOf(image: Pick<KernelImage, "functions" | "base" | "bytes">): {
  readonly bti: boolean;
  readonly pac: boolean;
} {
  const starts = firstWords(image);
  return { bti: isCommon(BTI_C, starts), pac: isCommon(PACIASP, starts) };
}

const isCommon = (one: number, starts: readonly Uint32Array[]): boolean =>
  starts.filter((words) => words.includes(one)).length > LEAST_SHARE * starts.length;

/** Of the build: what its code is made of. */
export function buildFeatures(image: KernelImage): readonly Feature[] {
  const has = (name: string): boolean => image.address(name) !== undefined;
  const starts = firstWords(image);
  const { bti, pac } = protectionOf(image);
  return [
    { name: "PREEMPT_RT", present: image.banner.includes("PREEMPT_RT") },
    { name: "BTI in kernel code", present: bti },
    { name: "pointer authentication in kernel code", present: pac },
    { name: "shadow call stack", present: isCommon(SHADOW_PUSH, starts) || has("scs_alloc") },
    { name: "LSE atomics, chosen at boot", present: hasText(image, "LSE atomic instructions") },
    { name: "KASAN", present: has("kasan_report") },
    { name: "UBSAN", present: has("__ubsan_handle_shift_out_of_bounds") },
    { name: "CFI", present: image.symbols.names.some((name) => name.startsWith("__cfi_") || name.endsWith(".cfi_jt")) },
    { name: "function tracing", present: has("ftrace_caller") },
  ];
}

function firstWords({
  functions,
  base,
  bytes,
}: Pick<KernelImage, "functions" | "base" | "bytes">): readonly Uint32Array[] {
  const view = new DataView(bytes.buffer);
  const starts: Uint32Array[] = [];
  for (const va of functions) {
    const at = va - base;
    if (at < 0 || at % 4 !== 0 || at + 4 * FIRST_WORDS > bytes.length) continue;
    starts.push(Uint32Array.from({ length: FIRST_WORDS }, (_, i) => view.getUint32(at + 4 * i, true)));
  }
  return starts;
}

const hasText = ({ bytes }: KernelImage, text: string): boolean => Buffer.from(bytes.buffer).includes(`${text}\0`);

/** `bpf_jit_supports_arena` and the like: the JIT's own answers (the common ones, which say no, are weak symbols). */
export function jitFeatures(image: KernelImage): readonly Feature[] {
  const found: Feature[] = [];
  for (const [i, symbol] of image.symbols.names.entries()) {
    const name = /^bpf_jit_supports_(\w+)$/.exec(symbol)?.[1];
    if (name === undefined || found.some((one) => one.name === name)) continue;
    found.push({ name, present: image.symbols.letters[i] === "T".charCodeAt(0) });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What is asked whether a caller may do something. */
export const CAPABILITY = ["capable", "ns_capable", "ns_capable_noaudit"];

/** A kernel that was built for a single user lets anybody load anything. */
export const asksWhoLoads = (image: Pick<KernelImage, "address">): boolean =>
  CAPABILITY.some((name) => image.address(name) !== undefined);

/** A kernel without NUMA has one memory node, and no variable that counts them. */
export const hasNodes = (image: Pick<KernelImage, "address">): boolean => image.address("nr_node_ids") !== undefined;

/** Whether a function is the architecture's own, and not the weak one that refuses. */
export function isOwn({ symbols }: KernelImage, name: string): boolean {
  const letter = symbols.letter(name);
  return letter !== undefined && letter.toUpperCase() !== "W";
}
