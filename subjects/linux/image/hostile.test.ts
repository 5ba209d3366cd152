// Kernel images that are nearly right: each is read or refused in one sentence, and nothing else happens.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parsed } from "../../../spec/malformed.js";
import { KERNEL_LAYOUTS, KERNEL_WRAPPINGS, writeKernelImage } from "../../../testing/kernel-image.js";
import { assertLaw } from "../../../testing/law.js";
import { allocatorOf, buildFeatures, jitFeatures } from "./features.js";
import { readKernelImage } from "./read.js";

const FILES = KERNEL_LAYOUTS.flatMap((layout) =>
  (["rela", "in place"] as const).map((relocations) => writeKernelImage({ layout, relocations })),
).concat(["EFI zboot (zstd)", "vmlinux"].map((format) => KERNEL_WRAPPINGS[format]!(writeKernelImage())));

/** Where there is something to spoil. */
const places = (file: Uint8Array): readonly number[] => {
  const found: number[] = [];
  for (let i = 0; i < file.length; i++) if (file[i] !== 0) found.push(i);
  return found;
};
const PLACES = FILES.map(places);

test("an image with a few bytes changed, or cut, is read or refused", () => {
  let refused = 0;
  const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), near: fc.integer({ min: -2, max: 2 }) });
  assertLaw(
    fc.property(
      fc.nat(FILES.length - 1),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat(), { freq: 20 }),
      (which, edits, cut) => {
        const file = FILES[which]!.slice();
        const spots = PLACES[which]!;
        for (const { at, byte, near } of edits) file[Math.max(0, spots[at % spots.length]! + near)] = byte;
        const kernel = readKernelImage(cut === null ? file : file.subarray(0, cut % file.length));
        if (!kernel.ok) {
          refused++;
          expect(`${kernel.error.expected}, ${kernel.error.got}`).not.toMatch(/undefined|NaN|\n/);
          return;
        }
        const { image } = kernel.value;
        buildFeatures(image);
        jitFeatures(image);
        allocatorOf(image);
        parsed(() => image.types?.struct("bpf_prog")?.member("insnsi"));
        parsed(() => image.types?.parameters("bpf_int_jit_compile"));
      },
    ),
    { seed: 20261129, numRuns: 5000 },
  );
  expect(refused).toBeGreaterThan(500);
});
