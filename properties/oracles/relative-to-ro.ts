// relative-to-ro: code is built in one place and runs in another. Everything in it that depends on the place is read here
// where it runs, straight from the encodings of the Arm manual.

import type { Va } from "../../machine/address.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../spec/text/text.js";
import { hex, type Region, type Scene } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";

export const relativeToRo: Oracle = {
  name: "relative-to-ro",
  statement:
    "Branches, literal loads and exception entries are right at the address where the code runs, and nowhere else.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, build_insn(), add_exception_handler(); the series, patch 4",
  about: KERNEL_STEPS,
  check({ scene, result, added }) {
    if (added !== undefined) return targets(scene, added.region, (target) => added.targets.includes(target));
    if (result.kind !== "loaded") return PASS;
    const { regions } = result.live;
    const { callBase } = scene.kernel.env;
    const isKnown = (target: Va): boolean =>
      regions.some(({ image }) => image === target) || Math.abs(target - callBase) < KERNEL_TEXT_BYTES;
    return breachesOfAll(regions, (region) => together(targets(scene, region, isKnown), entries(scene, region)));
  },
};

/** Helpers lie that near the base of calls. */
const KERNEL_TEXT_BYTES = 32 * 1024 * 1024;
const DISTANCE_MASK = 2 ** 27 - 1;

function targets(
  { machine }: Scene,
  { image, codeBytes }: Region,
  isKnown: (target: Va) => boolean,
): readonly string[] {
  const { pageBytes } = machine;
  let breaches = PASS;
  let words: Uint32Array = NO_WORDS;
  for (let i = 0, at = image % pageBytes; i < codeBytes / 4; i++, at += 4) {
    if (i === 0 || at === pageBytes) {
      at %= pageBytes;
      const mapping = machine.mapping(image + 4 * i);
      if (mapping === undefined) return [`word ${i} of the image at ${hex(image)} is not mapped`];
      words = mapping.frame.words;
    }
    const word = words[at / 4]!;
    const target = targetOf(word, image + 4 * i);
    if (target === undefined || (target >= image && target < image + codeBytes)) continue;
    if (isLiteral(word) ? target === image + codeBytes : isKnown(target)) continue;
    breaches = [...breaches, `word ${i} of the image at ${hex(image)} refers to ${hex(target)}, which is not its own`];
  }
  return breaches;
}

const NO_WORDS = new Uint32Array(0);

const isLiteral = (word: number): boolean => (word & 0x3b00_0000) === 0x1800_0000;

/** What a B, BL, B.cond, CBZ, CBNZ or LDR (literal) refers to; undefined for anything else. */
function targetOf(word: number, pc: Va): Va | undefined {
  if ((word & 0x7c00_0000) === 0x1400_0000) return pc + ((word << 6) >> 6) * 4;
  const hasImm19 =
    (word & 0xff00_0010) >>> 0 === 0x5400_0000 || (word & 0x7e00_0000) === 0x3400_0000 || isLiteral(word);
  return hasImm19 ? pc + ((word << 8) >> 13) * 4 : undefined;
}

/** Each entry names a load or a store of this image, in order, and goes on right behind it. */
function entries(
  { machine, kernel }: Scene,
  { image, codeBytes, table, entries: count, header, bytes }: Region,
): readonly string[] {
  if (table === undefined) return PASS;
  const { literalBytes = LITERAL_BYTES, entryBytes = ENTRY_BYTES } = kernel;
  if (table < image + codeBytes + literalBytes || table + count * entryBytes > header + bytes) {
    return [`the exception table at ${hex(table)} is not behind the code at ${hex(image)}`];
  }
  const breaches: string[] = [];
  const reportsArena = kernel.env.changes.arenaReport;
  let last = image - 4;
  for (let i = 0; i < count; i++) {
    const at = table + i * entryBytes;
    const pc = at + (machine.peek32(at) | 0);
    // Kernels that report faults in arenas go on behind the access without being told.
    const resume = reportsArena ? pc + 4 : at + 4 - (machine.peek32(at + 4) & DISTANCE_MASK);
    if (pc <= last || pc >= image + codeBytes || !isAccess(machine.peek32(pc))) {
      breaches.push(`exception entry ${i} names ${hex(pc)}, which is no access of the code at ${hex(image)}`);
    } else if (resume !== pc + 4) {
      breaches.push(`exception entry ${i} for ${hex(pc)} goes on at ${hex(resume)}, expected ${hex(pc + 4)}`);
    }
    last = pc;
  }
  return breaches;
}

/** Loads and stores (C4.1.94): op0 is x1x0. */
const isAccess = (word: number): boolean => (word & 0x0a00_0000) === 0x0800_0000;
