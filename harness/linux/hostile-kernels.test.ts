// Real kernels that are damaged: whatever is changed in one, it is described and runs, or is refused in one sentence.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { KernelFault } from "../../machine/fault.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { Malformed } from "../../spec/malformed.js";
import { linuxSubject } from "../../subjects/linux/index.js";
import { readTypedImage } from "../../subjects/linux/open.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { machineFor } from "../../subjects/subject.js";
import { newSeed } from "../../testing/law.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { describeKernel } from "./kernel-report.js";

const SEED = newSeed() ?? 20261129;
const TRIES = 24;
const SLOW = { timeout: 600_000 };
const folder = mkdtempSync(path.join(tmpdir(), "rox-damaged-"));
// What is found out of damaged images is remembered beside them, and goes with them.
process.env.XDG_CACHE_HOME = folder;
afterAll(() => rmSync(folder, { recursive: true }));

/** Where its header and its tables lie, and anywhere. */
const placeIn = (bytes: Uint8Array, draw: Draw): number =>
  draw.chance(10) ? draw.below(64) : Math.min(bytes.length - 1, draw.below(bytes.length));

/** Bits flipped, a range zeroed or drawn anew, a piece moved, the end missing; one to three of these. */
function damaged(original: Uint8Array, draw: Draw): Uint8Array {
  let bytes = original.slice();
  for (let left = draw.between(1, 3); left > 0; left--) {
    const at = placeIn(bytes, draw);
    const length = Math.min(bytes.length - at, 1 << draw.below(20));
    switch (draw.below(6)) {
      case 0:
        for (let i = draw.between(1, 200); i > 0; i--) bytes[placeIn(bytes, draw)]! ^= 1 << draw.below(8);
        break;
      case 1:
        bytes.fill(0, at, at + length);
        break;
      case 2:
        bytes.fill(0xff, at, at + length);
        break;
      case 3:
        for (let i = at; i < at + Math.min(length, 4096); i++) bytes[i] = draw.below(256);
        break;
      case 4:
        bytes.copyWithin(placeIn(bytes, draw), at, at + length);
        break;
      default:
        if (draw.chance(30)) bytes = bytes.slice(0, Math.max(1, at));
        break;
    }
  }
  return bytes;
}

const PLAIN = { insns: [insn(rowById("exit"))], index: 0, stackDepth: 0 };

/** A program is loaded and freed; a kernel that crashes, or cannot be run, says so in its own way. */
function load(file: string): string {
  const read = readTypedImage(file);
  if (!read.ok) return `${read.error.expected}, ${read.error.got}`;
  try {
    const subject = linuxSubject(`linux:${file}`, read.value);
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
    const loaded = kernel.loadProgram([PLAIN]);
    if (loaded.ok) kernel.freeProgram(loaded.program);
    return loaded.ok ? "loaded" : loaded.error.kind;
  } catch (error) {
    if (error instanceof KernelFault || error instanceof NotModelled || error instanceof Malformed)
      return error.message;
    throw error;
  }
}

const kernels = linuxKernels();

describe.runIf(kernels.length > 0)("a damaged kernel", SLOW, () => {
  test.each(Array.from({ length: TRIES }, (_, i) => i))(`is read or refused (seed ${SEED}, %i)`, async (i) => {
    const draw = new Draw(randomSource(SEED, i));
    const file = path.join(folder, "vmlinuz");
    writeFileSync(file, damaged(readFileSync(kernels[i % kernels.length]!), draw));
    const report = describeKernel(file);
    const said = report.ok ? report.value.release : `${report.error.expected}, ${report.error.got}`;
    for (const line of [said, load(file)]) expect(line).not.toMatch(/undefined|NaN|\n|^$/);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
