// Real kernels that are damaged, mostly where somebody reads or runs them: each is described and runs, or is refused or crashes
// in one sentence, and soon.

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
import { newSeed, saturated, triesAll } from "../../testing/law.js";
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

/** What of an image is read as a table, and what of it runs: sorts of places, each with one or more. */
function sortsOf(bytes: Uint8Array): readonly (readonly Range[])[] {
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
  const sections = SECTIONS.flatMap(([from, end]): (readonly Range[])[] => {
    const [start, stop] = [image.address(from), image.address(end)];
    return start === undefined || stop === undefined ? [] : [[[start - image.base, stop - image.base]]];
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
  return [...sections, kallsyms, ...(rows.length > 0 ? [rows] : []), code, code, [[0, bytes.length]]];
}

/** Bits flipped, a range zeroed, filled, drawn anew or moved, words spoilt, the end missing; one to three of these. */
function damaged(original: Uint8Array, sorts: ReturnType<typeof sortsOf>, draw: Draw): Uint8Array {
  const bytes = new Uint8Array(original);
  for (let left = draw.between(1, 3); left > 0; left--) {
    const [from, end] = draw.chance(3) ? [0, HEADER_BYTES] : draw.pick(draw.pick(sorts));
    const placeIn = (): number => Math.min(from + draw.below(end - from), bytes.length - 1);
    const at = placeIn();
    const length = Math.min(end - at, 1 << draw.below(13));
    switch (draw.below(9)) {
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
        if (draw.chance(10)) return bytes.subarray(0, Math.max(1, at));
        break;
      case 5:
      case 6:
        spoilWords(bytes, [at & ~3, at + length - 4], draw);
        break;
      default:
        for (let i = draw.between(1, 8); i > 0; i--) bytes[placeIn()]! ^= 1 << draw.below(8);
        break;
    }
  }
  return bytes;
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
      const sorts = sortsOf(bytes);
      for (let n = 0; n < EACH; n++) {
        const started = process.cpuUsage().user;
        const { how, said } = tell(damaged(bytes, sorts, new Draw(randomSource(SEED, EACH * i + n))));
        counts[how]++;
        for (const line of said) expect(line, `try ${n}`).not.toMatch(/undefined|NaN|\n|^$/);
        expect((process.cpuUsage().user - started) / 1e6, `seconds of try ${n}`).toBeLessThan(MOST_SECONDS);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  );
  test("comes to what it is damaged for", () => {
    const all = counts.refused + counts.crashed + counts.ran;
    if (all < LEAST_TOGETHER) return;
    expect(counts.refused, "refused before anything runs").toBeLessThan(0.7 * all);
    // One in twenty or so: of a few tries with a new seed none may have.
    if (newSeed() === undefined || triesAll()) expect(counts.crashed, "crashed while it ran").toBeGreaterThan(0);
  });
});
