// The reference models of a history, and how they follow what the implementation does: where each region lies (spec/pack)
// and what text memory holds (spec/text).

import type { JitFunction } from "../../impl/jit/function.js";
import { emit, measure } from "../../impl/jit/passes.js";
import { HEADER_BYTES } from "../../impl/pack/binary-pack.js";
import { AARCH64_BREAK_FAULT } from "../../impl/patching/arch-text.js";
import { TrampEmitter } from "../../impl/trampoline/emitter.js";
import { prepareTrampoline } from "../../impl/trampoline/prepare-trampoline.js";
import { halves, type Va } from "../../machine/address.js";
import { ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ReferenceText } from "../../spec/text/text.js";
import type { HistoryOptions } from "../action.js";
import { DUMMY_TRAMPOLINE } from "../run/layout.js";
import type { Live, Patch, Region, TraceEvent, Tramp } from "../step.js";
import type { FunctionView, SubjectKernel } from "../subject.js";
import type { Attachment, Tracing } from "./attachments.js";
import type { BuiltProgram, LiveProgram } from "./built-program.js";
import { entryOf, entryWord, isFar } from "./entry.js";
import { INTERPRETER, NREGS, ORIGINAL_TEXT, PROG_TEXT } from "./traced-calls.js";

const CHUNK_BYTES = 64;
/** What a region holds beside header and image, at least: in a pack, and in pages of its own. */
const SPARE_BYTES = { packs: 16, pages: 128 } as const;
const NOTHING = new Uint8Array();
const KERNEL_TEXT = [ORIGINAL_TEXT.enter, ORIGINAL_TEXT.exit, PROG_TEXT.recur.enter, PROG_TEXT.recur.exit, INTERPRETER];

export class Models {
  readonly text = new ReferenceText();
  readonly allocator: ReferenceAllocator;
  private readonly images: HistoryOptions["images"];
  private readonly pageBytes: number;
  /** What everything takes a multiple of. */
  private readonly unit: number;
  /** Where this step mapped executable memory: not the allocator's decision. */
  private mapped: Va[] = [];

  constructor(
    { images, packBytes, pageBytes }: HistoryOptions,
    private readonly kernel: SubjectKernel,
    private readonly tracing: Tracing,
  ) {
    this.images = images;
    this.pageBytes = pageBytes;
    this.unit = images === "packs" ? CHUNK_BYTES : pageBytes;
    // Pages of their own are what the reference calls larger than a pack.
    this.allocator = new ReferenceAllocator((bytes) => this.mapPages(bytes), images === "packs" ? packBytes : 0);
  }

  /** Of each function, the bytes that it takes. */
  sizesOf = ({ imageBytes }: BuiltProgram): readonly number[] =>
    imageBytes.map((bytes) => this.roundUp(bytes + HEADER_BYTES + SPARE_BYTES[this.images]));

  private roundUp(bytes: number): number {
    return Math.ceil(bytes / this.unit) * this.unit;
  }

  regionOf({ bpfFunc, jitedLen, extable, entries }: FunctionView, bytes: number): Region {
    const image = bpfFunc!;
    const header = image - (image % this.unit);
    return { what: "function", header, bytes, charged: bytes, image, codeBytes: jitedLen, table: extable, entries };
  }

  /** @returns where the reference puts each region. */
  loaded({ built, program, regions }: LiveProgram, events: readonly TraceEvent[]): readonly (Va | undefined)[] {
    this.hear(events);
    const predicted = regions.map(({ bytes }) => this.allocator.alloc(bytes));
    const images = this.imagesOf(built, program.functions);
    regions.forEach(({ header, bytes, image }, i) => {
      this.store(header, bytes, header, wordBytes(bytes));
      this.store(header, bytes, image, images[i] ?? NOTHING);
    });
    return predicted;
  }

  /** Images as they come out of the passes at these addresses. */
  private imagesOf(built: BuiltProgram, functions: readonly FunctionView[]): readonly Uint8Array[] {
    let first = 0;
    return built.codes.flatMap((code) => {
      const addresses = functions.slice(first, first + code.length).map(({ bpfFunc }) => bpfFunc!);
      first += code.length;
      return code.map((fn, i) => {
        const known = built.fixed.get(fn);
        if (known !== undefined) return known;
        const image = this.imageOf(fn, addresses, i);
        // Without a call it is the same at every address.
        if (built.generated === undefined && fn.insns.every(({ row }) => row.kind !== "call"))
          built.fixed.set(fn, image);
        return image;
      });
    });
  }

  /** Of one of several functions, compiled a second time when all have addresses. */
  private imageOf(fn: JitFunction, addresses: readonly Va[], index: number): Uint8Array {
    const measured = measure(fn, this.kernel.env);
    if (!measured.ok) return NOTHING;
    const { sized } = measured;
    const words = new Uint32Array(sized.imageBytes / 4).fill(AARCH64_BREAK_FAULT);
    const image = new Uint8Array(words.buffer);
    emit(sized, image, addresses[index]!, undefined);
    return addresses.length === 1 || emit(sized, image, addresses[index]!, addresses).ok ? image : NOTHING;
  }

  freed({ header, bytes }: Region): void {
    const freed = this.allocator.free(header);
    if (freed.kind === "chunks") this.text.freed(header, bytes);
    else this.text.unmapped(freed.base);
  }

  /** @returns the trampoline, and where the reference puts it. */
  attached({ plan, im, answer }: Attachment, events: readonly TraceEvent[]): [Tramp, Va | undefined] {
    const { live, programs } = plan;
    const lives = programs.flatMap((called) => (called.live === undefined ? [] : [called.live]));
    const code = this.codeOf(plan, im);
    const region: Region = {
      what: "trampoline",
      header: im.image,
      bytes: this.roundUp(im.size),
      charged: im.size,
      image: im.image,
      codeBytes: code.words * 4,
      table: undefined,
      entries: 0,
    };
    this.hear(events);
    const predicted = this.allocator.alloc(im.size);
    this.store(region.header, region.bytes, im.image, code.bytes);
    const targets = [...KERNEL_TEXT, ...lives.map(({ program }) => program.bpfFunc)];
    const calls = lives.map(({ id }) => id);
    return [{ id: live.id, region, calls, targets, answer, release: im.ipAfterCall }, predicted];
  }

  private codeOf({ request }: Attachment["plan"], { image, size, record }: Attachment["im"]) {
    const words = new Uint32Array(size / 4).fill(AARCH64_BREAK_FAULT);
    const e = new TrampEmitter({ image: words, roImage: image });
    const { links, flags, func } = request;
    prepareTrampoline(e, { links, flags, func, env: this.tracing.kernel.env, nregs: NREGS, im: halves(record) });
    return { words: e.words, bytes: new Uint8Array(words.buffer) };
  }

  /** The entry of a program was made to lead from one trampoline to another; undefined for none. */
  patchOf(live: Live, from: Va | undefined, to: Va | undefined, error: number): Patch {
    const entry = entryOf(live);
    const before = entryWord(entry, from);
    const after = error === 0 ? entryWord(entry, to) : before;
    return { id: live.id, va: entry.site, literal: entry.literal, before, after, error };
  }

  /** @param warned the kernel could not store the address that nothing leads to any more */
  patched({ va, literal, after }: Patch, from: Va | undefined, to: Va | undefined, warned: boolean): void {
    const { machine } = this.kernel;
    this.text.stored(va, wordBytes(after));
    const isUsed = to !== undefined && isFar(va, to);
    const wasUsed = from !== undefined && isFar(va, from);
    const target = isUsed ? to : DUMMY_TRAMPOLINE;
    if (isUsed || (wasUsed && !warned)) this.text.stored(literal, pointerBytes(target));
    else if (warned) this.text.stored(literal, machine.peek(literal, LITERAL_BYTES));
  }

  /** A poke failed. What it has stored where nothing leads does not matter. */
  notPatched({ literal, va }: Patch, from: Va | undefined): void {
    if (from !== undefined && isFar(va, from)) return;
    this.text.stored(literal, this.kernel.machine.peek(literal, LITERAL_BYTES));
  }

  /** Areas that were mapped for executable memory. */
  private hear(events: readonly TraceEvent[]): void {
    const areas: Va[] = [];
    this.mapped = [];
    for (const event of events) {
      if (event.kind === "alloc" && event.area === "vmalloc") areas.push(event.va);
      if (event.kind === "setPermission" && event.permission === "rox" && areas.includes(event.va))
        this.mapped.push(event.va);
    }
  }

  private mapPages(bytes: number): Va | undefined {
    const va = this.mapped.shift();
    if (va !== undefined) this.text.mapped(va, Math.ceil(bytes / this.pageBytes) * this.pageBytes);
    return va;
  }

  /** Not where the reference knows of no memory: another oracle objects to that. */
  private store(header: Va, bytes: number, at: Va, contents: Uint8Array): void {
    if (this.text.holds(header, bytes)) this.text.stored(at, contents);
  }
}

const LITERAL_BYTES = 8;
const wordBytes = (word: number): Uint8Array => Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24);
const pointerBytes = (va: Va): Uint8Array => {
  const { high, low } = halves(va);
  return Uint8Array.of(...wordBytes(low), ...wordBytes(high));
};
