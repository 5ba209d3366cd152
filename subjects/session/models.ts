// The reference models of a history, and how they follow what the subject does: where each region lies (spec/pack) and
// what text memory holds (spec/text). Nothing is compiled here a second time: what must stand in read-only memory is what
// the writable image held when it was published.

import { halves, type Va } from "../../machine/address.js";
import { isBeyondBranch } from "../../spec/a64/address.js";
import { NOP } from "../../spec/a64/hints.js";
import { mapList } from "../../spec/lists.js";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { ILLEGAL, LITERAL_BYTES, ReferenceText } from "../../spec/text/text.js";
import type { HistoryOptions } from "../action.js";
import type { Live, Patch, Region, Skip, Tramp } from "../step.js";
import type { FunctionView, SkipPlace, SubjectKernel, TrampolineEnv } from "../subject.js";
import type { Attachment } from "./attachments.js";
import { branchWord, entryOf, entryWord } from "./entry.js";
import { livesOf } from "./plan.js";
import type { PreparedProgram } from "./prepared.js";
import type { Recorder } from "./recorder.js";
import { INTERPRETER } from "./traced-calls.js";

const HEADER_BYTES = 8;
/** What a region holds beside header and image, at least: in a pack, and in pages of its own. */
const SPARE_BYTES = { packs: 16, pages: 128 } as const;
const NOTHING = new Uint8Array();

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
    private readonly recorder: Recorder,
  ) {
    this.images = images;
    this.pageBytes = pageBytes;
    this.unit = images === "packs" ? CHUNK_BYTES : pageBytes;
    // Pages of their own are what the reference calls larger than a pack.
    this.allocator = new ReferenceAllocator((bytes) => this.mapPages(bytes), images === "packs" ? packBytes : 0);
  }

  /** Of each function, the bytes that it takes; undefined where only its header says. */
  sizesOf = ({ imageBytes }: PreparedProgram): readonly number[] | undefined =>
    imageBytes?.map((bytes) => this.roundUp(bytes + HEADER_BYTES + SPARE_BYTES[this.images]));

  private roundUp(bytes: number): number {
    return Math.ceil(bytes / this.unit) * this.unit;
  }

  /** @param size undefined: what the header says */
  regionOf({ bpfFunc, jitedLen, extable, entries }: FunctionView, size: number | undefined): Region {
    const image = bpfFunc!;
    const header = image - (image % this.unit);
    const bytes = size ?? this.kernel.regionBytes?.(header) ?? this.kernel.machine.peek32(header);
    return { what: "function", header, bytes, charged: bytes, image, codeBytes: jitedLen, table: extable, entries };
  }

  /** @returns where the reference puts each region. */
  loaded(regions: readonly Region[]): readonly (Va | undefined)[] {
    this.mapped = [...this.recorder.executable];
    const predicted = mapList(regions, ({ bytes }) => this.allocator.alloc(bytes));
    const images = this.recorder.published.slice(-regions.length);
    regions.forEach(({ header }, i) => {
      this.published(header, images[i] ?? NOTHING);
    });
    return predicted;
  }

  freed({ header, bytes }: Pick<Region, "header" | "bytes">): void {
    const freed = this.allocator.free(header);
    if (freed.kind === "chunks") this.text.freed(header, bytes);
    else this.text.unmapped(freed.base);
  }

  /** @returns the trampoline, and where the reference puts it. */
  attached({ plan, im, answer, places }: Attachment, { original, prog }: TrampolineEnv): [Tramp, Va | undefined] {
    const { live } = plan;
    const lives = livesOf(plan);
    const built = this.recorder.published.at(-1) ?? NOTHING;
    const region: Region = {
      what: "trampoline",
      header: im.image,
      bytes: this.roundUp(im.size),
      charged: im.size,
      image: im.image,
      codeBytes: codeBytesOf(built),
      table: undefined,
      entries: 0,
    };
    this.mapped = [...this.recorder.executable];
    const predicted = this.allocator.alloc(im.size);
    this.published(im.image, built);
    const text = [original.enter, original.exit, prog.recur.enter, prog.recur.exit, INTERPRETER];
    const targets = [...text, ...mapList(lives, ({ program }) => program.bpfFunc)];
    const calls = mapList(lives, ({ id }) => id);
    const releases = [
      ...(im.ipAfterCall === undefined ? [] : [im.ipAfterCall]),
      ...mapList(places, ({ place }) => place),
    ];
    return [{ id: live.id, region, calls, targets, answer, releases }, predicted];
  }

  /** The entry of a program was made to lead from one trampoline to another; undefined for none. */
  patchOf(live: Live, from: Va | undefined, to: Va | undefined, error: number): Patch {
    const entry = entryOf(live, this.kernel.env);
    const before = entryWord(entry, from);
    const after = error === 0 ? entryWord(entry, to) : before;
    return { id: live.id, va: entry.site, literal: entry.literal, before, after, error };
  }

  /** @param warned the kernel could not store the address that nothing leads to any more */
  patched({ va, literal, after }: Patch, from: Va | undefined, to: Va | undefined, warned: boolean): void {
    const { machine } = this.kernel;
    this.text.stored(va, wordBytes(after));
    const isUsed = to !== undefined && isBeyondBranch(va, to);
    const wasUsed = from !== undefined && isBeyondBranch(va, from);
    const target = isUsed ? to : this.kernel.env.dummyTramp;
    if (isUsed || (wasUsed && !warned)) this.text.stored(literal, pointerBytes(target));
    else if (warned) this.text.stored(literal, machine.peek(literal, LITERAL_BYTES));
  }

  /** A program was removed, or not. @returns what became of the word before it */
  passedOver(id: number, { place, target }: SkipPlace, error: number): Skip {
    const after = error === 0 ? branchWord(place, target) : NOP;
    if (error === 0) this.text.stored(place, wordBytes(after));
    const { machine } = this.kernel;
    const until = this.recorder.events.length;
    return { id, va: place, before: NOP, after, error, now: machine.peek32(place), until };
  }

  /** A poke failed. What it has stored where nothing leads does not matter. */
  notPatched({ literal, va }: Patch, from: Va | undefined): void {
    if (from !== undefined && isBeyondBranch(va, from)) return;
    this.text.stored(literal, this.kernel.machine.peek(literal, LITERAL_BYTES));
  }

  /** Room that no program has. @returns what the reference says of its place */
  reserved(bytes: number): Va | undefined {
    this.mapped = [...this.recorder.executable];
    return this.allocator.alloc(bytes);
  }

  private mapPages(bytes: number): Va | undefined {
    const va = this.mapped.shift();
    if (va !== undefined) this.text.mapped(va, Math.ceil(bytes / this.pageBytes) * this.pageBytes);
    return va;
  }

  /** Not where the reference knows of no memory: another oracle objects to that. */
  private published(at: Va, image: Uint8Array): void {
    if (this.text.holds(at, image.length)) this.text.stored(at, image);
  }
}

/** Up to the illegal instructions at the end. */
function codeBytesOf(image: Uint8Array): number {
  const words = new Uint32Array(image.buffer, image.byteOffset, Math.floor(image.length / 4));
  let end = words.length;
  while (end > 0 && words[end - 1] === ILLEGAL) end--;
  return 4 * end;
}

const wordBytes = (word: number): Uint8Array => Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24);
const pointerBytes = (va: Va): Uint8Array => {
  const { high, low } = halves(va);
  return Uint8Array.of(...wordBytes(low), ...wordBytes(high));
};
