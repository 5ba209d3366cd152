// Pokes of text within two pages: of every place and every length, or of those that stand for all of them
// (`docs/exhaustive.md`). What lies in the range changes, what lies outside does not, and each is flushed once, by the address
// that runs.

import { Buffer } from "node:buffer";
import type { RoAddr } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { defaultSubject } from "../../subjects/index.js";
import { PAGE_BYTES } from "../../subjects/run/layout.js";
import { isAlias } from "../../subjects/step.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import type { Exhausted } from "./alloc-free.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const MOST_FAILURES = 10;

/** `full`: every place and length. `classes`: one of each class, copied and filled. */
export type Ranges = "classes" | "full";

interface PokeOptions {
  /** Bytes of text that is poked; it begins at a page. */
  readonly bytes: number;
  readonly ranges: Ranges;
  /** Of every so many offsets; without it all. */
  readonly share?: { readonly index: number; readonly of: number };
}

export function pokesOfEveryRange({ bytes, ranges, share }: PokeOptions, subject = defaultSubject): Exhausted {
  const checker = new Checker(subject, bytes);
  const failures: string[] = [];
  let tried = 0;
  for (let offset = 0; offset < bytes; offset++) {
    if (share !== undefined && Math.floor(offset / 4) % share.of !== share.index) continue;
    const before = tried;
    for (let length = 1; length <= bytes - offset; length++) {
      if (ranges === "classes" && !standsForOthers(offset, offset + length, bytes)) continue;
      tried++;
      const failure = checker.tried(offset, length, ranges);
      if (failure === undefined) continue;
      failures.push(`${length} bytes at ${offset}: ${failure}`);
      if (failures.length >= MOST_FAILURES) return { tried, failures };
    }
    const outside = tried === before ? undefined : checker.compareAll();
    if (outside !== undefined) failures.push(`after the pokes at ${offset}: ${outside}`);
  }
  return { tried, failures };
}

const LINE_BYTES = 64;

/** Whether a place lies within a line of where a page begins or ends, or of the middle of a page. */
function isTelling(place: number): boolean {
  const half = PAGE_BYTES / 2;
  const distance = place % half;
  return distance <= LINE_BYTES || distance >= half - LINE_BYTES;
}

/** Both ends are telling; or one is the start of the text, where a page begins or the end, and the other anywhere. */
function standsForOthers(from: number, to: number, bytes: number): boolean {
  if (isTelling(from) && isTelling(to)) return true;
  return from === 0 || from === PAGE_BYTES || to === PAGE_BYTES || to === bytes;
}

/** A poke may not reach further than that beyond its range; all of the text is compared after each offset. */
const MARGIN = 128;

class Checker {
  private readonly machine = new Machine();
  private readonly kernel: SubjectKernel;
  private readonly expected: Buffer;
  private readonly got: readonly Buffer[];
  private readonly sources: readonly { readonly at: number; readonly bytes: Buffer }[];
  private turn = 0;
  private flushes = 0;
  private maps = 0;
  private events = 0;
  private flushed: MachineEvent | undefined;

  constructor(
    subject: Subject,
    private readonly bytes: number,
  ) {
    const { machine } = this;
    this.kernel = subject.boot({ machine, random: () => 0 });
    machine.map(TEXT, bytes, "rox", true);
    this.expected = Buffer.from(machine.peek(TEXT, bytes));
    this.got = Array.from({ length: bytes / PAGE_BYTES }, (_, i) => {
      const frame = machine.mapping(TEXT + i * PAGE_BYTES)!.frame.bytes;
      return Buffer.from(frame.buffer, frame.byteOffset, PAGE_BYTES);
    });
    this.sources = [0x35, 0xca].map((flip) => {
      const at = machine.kvmalloc(bytes)!;
      const contents = Buffer.from(Array.from({ length: bytes }, (_, i) => (i + (i >> 8)) & 0xff).map((x) => x ^ flip));
      machine.write(at, contents);
      return { at, bytes: contents };
    });
    machine.onEvent = (event) => this.hear(event);
  }

  private hear(event: MachineEvent): void {
    this.events++;
    if (event.kind === "flush") {
      this.flushes++;
      this.flushed = event;
    } else if (event.kind === "map" && isAlias(event.va)) this.maps++;
  }

  /** By turns where there are neighbours that are copied or filled instead; else both. */
  tried(offset: number, length: number, ranges: Ranges): string | undefined {
    if (offset % 4 !== 0) return this.refused(offset, length);
    const turn = this.turn++ % 4;
    if (ranges === "full") return this.poke(offset, length, turn === 3 ? "fill" : "copy", turn & 1);
    return this.poke(offset, length, "copy", turn & 1) ?? this.poke(offset, length, "fill", 0);
  }

  /** A fill leaves the bytes behind its last whole word. */
  private poke(offset: number, length: number, how: "copy" | "fill", from: number): string | undefined {
    const { kernel, expected } = this;
    this.flushes = 0;
    this.maps = 0;
    if (how === "fill") {
      const word = (0x0101_0101 * (length & 0xff)) >>> 0;
      if (kernel.aarch64InsnSet((TEXT + offset) as RoAddr, word, length) === undefined) return "the fill was refused";
      expected.fill(length & 0xff, offset, offset + length - (length % 4));
    } else {
      const source = this.sources[from]!;
      if (kernel.aarch64InsnCopy((TEXT + offset) as RoAddr, source.at, length) === undefined)
        return "the copy was refused";
      expected.set(source.bytes.subarray(0, length), offset);
    }
    return this.compare(offset - MARGIN, offset + length + MARGIN) ?? this.maintenance(offset, length);
  }

  /** A place that is not the start of an instruction: nothing happens. */
  private refused(offset: number, length: number): string | undefined {
    const before = this.events;
    const at = (TEXT + offset) as RoAddr;
    const copied = this.kernel.aarch64InsnCopy(at, this.sources[0]!.at, length);
    const filled = this.kernel.aarch64InsnSet(at, 0, length);
    return copied === undefined && filled === undefined && this.events === before ? undefined : "it was not refused";
  }

  compareAll(): string | undefined {
    return this.compare(0, this.bytes);
  }

  private compare(from: number, to: number): string | undefined {
    const end = Math.min(this.bytes, to);
    for (let at = Math.max(0, from); at < end; ) {
      const page = Math.floor(at / PAGE_BYTES);
      const stop = Math.min(end, (page + 1) * PAGE_BYTES);
      const found = this.got[page]!;
      if (found.compare(this.expected, at, stop, at - page * PAGE_BYTES, stop - page * PAGE_BYTES) !== 0) {
        return `the text from ${at} to ${stop} is not as expected`;
      }
      at = stop;
    }
    return undefined;
  }

  private maintenance(offset: number, length: number): string | undefined {
    const { machine, flushed } = this;
    if (this.flushes !== 1) return `${this.flushes} flushes`;
    if (flushed?.kind !== "flush" || flushed.va !== TEXT + offset || flushed.bytes !== length)
      return "another range is flushed";
    const pages = Math.floor((offset + length - 1) / PAGE_BYTES) - Math.floor(offset / PAGE_BYTES) + 1;
    if (this.maps !== pages) return `${this.maps} pages are mapped, expected ${pages}`;
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const problem = machine.fetch(cpu, TEXT + offset, length);
      if (problem !== undefined) return `CPU ${cpu} must not run it: ${problem.why}`;
    }
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }
}
