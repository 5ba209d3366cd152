// Pokes of text within two pages: of every place and every length, or of those that stand for all of them
// (`docs/exhaustive.md`). What lies in the range changes, what lies outside does not, and each is flushed once, by the address
// that runs.

import { Buffer } from "node:buffer";
import type { RoAddr } from "../../machine/address.js";
import { LINE_BYTES } from "../../machine/coherence.js";
import type { MachineEvent } from "../../machine/event.js";
import type { Machine } from "../../machine/machine.js";
import { defaultSubject } from "../../subjects/index.js";
import { PAGE_BYTES } from "../../subjects/run/layout.js";
import { isAlias } from "../../subjects/step.js";
import { machineFor, type Subject, type SubjectKernel } from "../../subjects/subject.js";
import { ALL, type Exhausted, isOfShare, MOST_FAILURES, type Share } from "./exhausted.js";

const TEXT = 0x8000_8400_0000 as RoAddr;

/** `full`: every place and length. `classes`: one of each class, copied and filled; `few`: of each pair of boundaries, and each length. */
export type Ranges = "few" | "classes" | "full";

/** Two pages of it are poked. */
const POKED_PAGES = 2;
export const pokedBytes = ({ fixed }: Subject): number => POKED_PAGES * pageBytesOf(fixed);
const pageBytesOf = (fixed: Subject["fixed"]): number => fixed?.pageBytes ?? PAGE_BYTES;

interface PokeOptions {
  /** Bytes of text that is poked; it begins at a page. */
  readonly bytes: number;
  readonly ranges: Ranges;
  /** Of every so many offsets; without it all. */
  readonly share?: Share;
}

export function pokesOfEveryRange({ bytes, ranges, share = ALL }: PokeOptions, subject = defaultSubject): Exhausted {
  const pageBytes = pageBytesOf(subject.fixed);
  const text: Text = { bytes, pageBytes, ranges };
  const checker = new Checker(subject, text);
  const failures: string[] = [];
  let tried = 0;
  for (let offset = 0; offset < bytes; offset++) {
    if (!isOfShare(Math.floor(offset / 4), share)) continue;
    const before = tried;
    for (let length = 1; length <= bytes - offset; length++) {
      if (ranges !== "full" && !standsForOthers(offset, offset + length, text)) continue;
      tried++;
      const failure = checker.tried(offset, length);
      if (failure === undefined) continue;
      failures.push(`${length} bytes at ${offset}: ${failure}`);
      if (failures.length >= MOST_FAILURES) return { tried, failures };
    }
    const outside = tried === before ? undefined : checker.compareAll();
    if (outside !== undefined) failures.push(`after the pokes at ${offset}: ${outside}`);
  }
  return { tried, failures };
}

/** Of a kernel image, whose own code pokes: what lies that near to a boundary stands for what lies further from it. */
const FEW_BYTES = 8;

/** Whether a place lies so near to where a page begins or ends, or to the middle of a page. */
function isTelling(place: number, pageBytes: number, near: number): boolean {
  const half = pageBytes / 2;
  const distance = place % half;
  return distance <= near || distance >= half - near;
}

/** Both ends are telling; or one is the start of the text, where a page begins or the end, and the other anywhere. */
function standsForOthers(from: number, to: number, { bytes, pageBytes, ranges }: Text): boolean {
  const near = ranges === "few" ? FEW_BYTES : LINE_BYTES;
  if (isTelling(from, pageBytes, near) && isTelling(to, pageBytes, near)) return true;
  return from === 0 || (ranges === "classes" && (from === pageBytes || to === pageBytes || to === bytes));
}

/** A poke may not reach further than that beyond its range; all of the text is compared after each offset. */
const MARGIN = 128;

interface Text {
  readonly bytes: number;
  readonly pageBytes: number;
  readonly ranges: Ranges;
}

class Checker {
  private readonly machine: Machine;
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
    private readonly text: Text,
  ) {
    const { bytes, pageBytes } = text;
    const machine = machineFor(subject);
    this.machine = machine;
    this.kernel = subject.boot({ machine, random: () => 0 });
    machine.map(TEXT, bytes, "rox", true);
    this.expected = Buffer.from(machine.peek(TEXT, bytes));
    this.got = Array.from({ length: bytes / pageBytes }, (_, i) => {
      const frame = machine.mapping(TEXT + i * pageBytes)!.frame.bytes;
      return Buffer.from(frame.buffer, frame.byteOffset, pageBytes);
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
  tried(offset: number, length: number): string | undefined {
    if (offset % 4 !== 0) return this.refused(offset, length);
    const turn = this.turn++ % 4;
    if (this.text.ranges === "full") return this.poke(offset, length, turn === 3 ? "fill" : "copy", turn & 1);
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
    return this.compare(0, this.text.bytes);
  }

  private compare(from: number, to: number): string | undefined {
    const { text, expected } = this;
    const { bytes, pageBytes } = text;
    const end = Math.min(bytes, to);
    for (let at = Math.max(0, from); at < end; ) {
      const page = Math.floor(at / pageBytes);
      const stop = Math.min(end, (page + 1) * pageBytes);
      const found = this.got[page]!;
      if (found.compare(expected, at, stop, at - page * pageBytes, stop - page * pageBytes) !== 0) {
        return `the text from ${at} to ${stop} is not as expected`;
      }
      at = stop;
    }
    return undefined;
  }

  private maintenance(offset: number, length: number): string | undefined {
    const { machine, flushed, text } = this;
    const { pageBytes } = text;
    if (this.flushes !== 1) return `${this.flushes} flushes`;
    if (flushed?.kind !== "flush" || flushed.va !== TEXT + offset || flushed.bytes !== length)
      return "another range is flushed";
    const pages = Math.floor((offset + length - 1) / pageBytes) - Math.floor(offset / pageBytes) + 1;
    if (this.maps !== pages) return `${this.maps} pages are mapped, expected ${pages}`;
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const problem = machine.fetch(cpu, TEXT + offset, length);
      if (problem !== undefined) return `CPU ${cpu} must not run it: ${problem.why}`;
    }
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }
}
