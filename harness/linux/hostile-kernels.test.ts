// Real kernels that are damaged, mostly where somebody reads or runs them: each is described and runs, or is refused or crashes
// in one sentence, and soon. Sorts of damage take turns, so that few tries have some of each.

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { KernelFault } from "../../machine/fault.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { Malformed } from "../../spec/malformed.js";
import { closureOf } from "../../subjects/linux/closure.js";
import { functionAround } from "../../subjects/linux/image/functions.js";
import type { Location } from "../../subjects/linux/image/location.js";
import { readKernelImage } from "../../subjects/linux/image/read.js";
import { unwrap } from "../../subjects/linux/image/unwrap.js";
import { linuxSubject } from "../../subjects/linux/index.js";
import { typedImage } from "../../subjects/linux/open.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { machineFor } from "../../subjects/subject.js";
import { newSeed, saturated } from "../../testing/law.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { describeImage } from "./kernel-report.js";

const SEED = newSeed() ?? 20261129;
/** Of all kernels together. */
const TRIES = saturated({ few: 28, full: 1000 });
/** One takes a second; a search that never ends, or a loop in the kernel's code, takes all of this. */
const MOST_SECONDS = 30;
/** So many say something of all of them. */
const LEAST_TOGETHER = 25;
const SLOW = { timeout: 3_600_000 };
const HEADER_BYTES = 64;
const RELA_BYTES = 24;

/** Where something is, in bytes from the start of the image. */
type Range = readonly [from: number, end: number];

const SECTIONS = [
  ["__start_BTF", "__stop_BTF"],
  ["__alt_instructions", "__alt_instructions_end"],
  ["__start___ex_table", "__stop___ex_table"],
  ["__start___bug_table", "__stop___bug_table"],
] as const;

/** Where every kernel comes that loads a program and frees it. */
const SURE = ["bpf_int_jit_compile", "bpf_jit_free"];

/** What a kernel does not get past, as words of code, and what is said of it there. */
const ENDS = [
  { words: [0x0000_0000], said: /does not know 00000000/ },
  { words: [0xffff_ffff], said: /does not know ffffffff/ },
  { words: [0xd421_0000], said: /BRK 0x800/ },
  { words: [0x1400_0000], said: /no end/ },
  // mov x0, 0; ldr x0, [x0]
  { words: [0xd280_0000, 0xf940_0000], said: /load of 8 bytes at 0x0+: not mapped/ },
  // mov x0, 0; br x0
  { words: [0xd280_0000, 0xd61f_0000], said: /br to 0x0+, which is no kernel address/ },
] as const;

/** Places of a kernel, in the order in which they take turns. */
interface Places {
  /** What is read as a table, and what runs: sorts of places, each with one or more. */
  readonly sorts: readonly (readonly Range[])[];
  /** First bytes of functions that surely run. */
  readonly sure: readonly number[];
}

function placesOf(bytes: Uint8Array): Places {
  let location: Location | undefined;
  const known = {
    get: () => undefined,
    put(_: Uint8Array, found: Location) {
      location = found;
    },
  };
  const read = readKernelImage(bytes, { known });
  if (!read.ok) throw new Error(`expected ${read.error.expected}, got ${read.error.got}`);
  const { image } = read.value;
  const anywhere: Range = [0, bytes.length];
  const sections = SECTIONS.map(([from, end]): readonly Range[] => {
    const [start, stop] = [image.address(from), image.address(end)];
    return [start === undefined || stop === undefined ? anywhere : [start - image.base, stop - image.base]];
  });
  const code = [...closureOf(image, image.bytes).native].flatMap((va): Range[] => {
    const own = functionAround(image, va);
    return own === undefined ? [] : [[own.start - image.base, own.end - image.base]];
  });
  const { tables, offsets, relocations } = location!;
  const { names, namesEnd, tokenTable, tokensEnd, count } = tables;
  const kallsyms: readonly Range[] = [
    [names, namesEnd],
    [tokenTable, tokensEnd],
    [offsets, offsets + 4 * count],
  ];
  const rows = relocations.map(([first, entries]): Range => [4 * first, 4 * first + RELA_BYTES * entries]);
  const sure = SURE.map((name) => image.address(name)! - image.base);
  const header: Range = [0, HEADER_BYTES];
  const sorts = [...sections, kallsyms, rows.length > 0 ? rows : [anywhere], code, code, [anywhere], [header]];
  return { sorts, sure };
}

interface Damaged {
  readonly bytes: Uint8Array;
  /** What is said of it as it runs; undefined where nobody knows how it ends. */
  readonly ends?: RegExp;
}

/** One to three places are damaged, first one whose turn it is in try `n`; or it surely ends; or its end is missing. */
function damaged(original: Uint8Array, { sorts, sure }: Places, n: number, draw: Draw): Damaged {
  const turn = n % (sorts.length + 2);
  const bytes = new Uint8Array(original);
  if (turn === sorts.length) return ended(bytes, draw.pick(sure), draw);
  if (turn > sorts.length) return { bytes: bytes.subarray(0, draw.between(1, bytes.length - 1)) };
  spoil(bytes, draw.pick(sorts[turn]!), draw);
  for (let left = draw.below(3); left > 0; left--) spoil(bytes, draw.pick(draw.pick(sorts)), draw);
  return { bytes };
}

function ended(bytes: Uint8Array, at: number, draw: Draw): Damaged {
  const { words, said } = draw.pick(ENDS);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(at + 4 * i, word, true);
  return { bytes, ends: said };
}

/** Bits flipped, a range zeroed, filled, drawn anew or moved, words spoilt. */
function spoil(bytes: Uint8Array, [from, end]: Range, draw: Draw): void {
  const placeIn = (): number => Math.min(from + draw.below(end - from), bytes.length - 1);
  const at = placeIn();
  const length = Math.min(end - at, 1 << draw.below(13));
  switch (draw.below(8)) {
    case 0:
      bytes.fill(0, at, at + length);
      break;
    case 1:
      bytes.fill(0xff, at, at + length);
      break;
    case 2:
      for (let i = at; i < at + length; i++) bytes[i] = draw.below(256);
      break;
    case 3:
      bytes.copyWithin(at, placeIn(), Math.min(placeIn() + length, end));
      break;
    case 4:
    case 5:
      spoilWords(bytes, [at & ~3, at + length - 4], draw);
      break;
    default:
      for (let i = draw.between(1, 8); i > 0; i--) bytes[placeIn()]! ^= 1 << draw.below(8);
      break;
  }
}

/** Words here and there are others: entries of a table keep some of their fields. */
function spoilWords(bytes: Uint8Array, [from, last]: Range, draw: Draw): void {
  const view = new DataView(bytes.buffer);
  for (let at = from; at <= last; at += 4) {
    if (draw.chance(25)) view.setUint32(at, draw.pick([0, 1, 0x7fff_ffff, 0x8000_0000, draw.word()]), true);
  }
}

const PLAIN = { insns: [insn(rowById("exit"))], index: 0, stackDepth: 0 };

/** How far it comes, and what is said of it. */
interface Told {
  readonly how: "refused" | "crashed" | "ran";
  readonly said: readonly string[];
}

/** It is described, and a program is loaded and freed; a kernel that crashes, or cannot be run, says so in its own way. */
function tell(bytes: Uint8Array): Told {
  const read = readKernelImage(bytes);
  if (!read.ok) return { how: "refused", said: [`${read.error.expected}, ${read.error.got}`] };
  const report = describeImage("vmlinuz", read.value);
  const said = [report.ok ? report.value.release : `${report.error.expected}, ${report.error.got}`];
  const typed = typedImage(read.value.image);
  if (!typed.ok) return { how: "refused", said: [...said, `${typed.error.expected}, ${typed.error.got}`] };
  try {
    const subject = linuxSubject("linux:vmlinuz", typed.value);
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
    const loaded = kernel.loadProgram([PLAIN]);
    if (loaded.ok) kernel.freeProgram(loaded.program);
    return { how: "ran", said: [...said, loaded.ok ? "loaded" : loaded.error.kind] };
  } catch (error) {
    if (error instanceof KernelFault || error instanceof NotModelled || error instanceof Malformed)
      return { how: "crashed", said: [...said, error.message] };
    throw error;
  }
}

const kernels = linuxKernels();
const EACH = Math.ceil(TRIES / Math.max(1, kernels.length));

describe.runIf(kernels.length > 0)("a damaged kernel", SLOW, () => {
  const counts: Record<Told["how"], number> = { refused: 0, crashed: 0, ran: 0 };
  test.each(kernels.map((file, i) => [path.basename(file), file, i] as const))(
    `%s is read or refused ${EACH} times (seed ${SEED})`,
    async (_, file, i) => {
      const { bytes } = unwrap(readFileSync(file));
      const places = placesOf(bytes);
      for (let n = 0; n < EACH; n++) {
        const started = process.cpuUsage().user;
        const nth = EACH * i + n;
        // With another seed other kernels have their turn.
        const { bytes: spoilt, ends } = damaged(bytes, places, SEED + nth, new Draw(randomSource(SEED, nth)));
        const { how, said } = tell(spoilt);
        counts[how]++;
        if (ends !== undefined)
          expect({ how, said: said.at(-1) }).toEqual({ how: "crashed", said: expect.stringMatching(ends) });
        for (const line of said) expect(line, `try ${n}`).not.toMatch(/undefined|NaN|\n|^$/);
        expect((process.cpuUsage().user - started) / 1e6, `seconds of try ${n}`).toBeLessThan(MOST_SECONDS);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  );
  test("runs before it is damaged", () => {
    const { bytes } = unwrap(readFileSync(kernels[0]!));
    expect(tell(bytes)).toMatchObject({ how: "ran", said: [expect.any(String), "loaded"] });
  });
  test("comes to what it is damaged for", () => {
    const all = counts.refused + counts.crashed + counts.ran;
    if (all < LEAST_TOGETHER) return;
    expect(counts.refused, "refused before anything runs").toBeLessThan(0.7 * all);
    expect(counts.crashed, "crashed while it ran").toBeGreaterThan(0);
  });
});
