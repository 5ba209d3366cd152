import fc from "fast-check";
import { expect, test } from "vitest";
import { halves } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { hexWord } from "../../spec/bits.js";
import { ILLEGAL } from "../../spec/text/text.js";
import { defaultSubject } from "../../subjects/index.js";
import { openLinux } from "../../subjects/linux/open.js";
import { linuxEnv, type Subject, type TrampImage } from "../../subjects/subject.js";
import { mapText } from "../../subjects/trampoline/machines.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { setup } from "../cases/trampoline/arbitrary.js";
import { plain } from "../cases/trampoline/case.js";
import { TRAMPOLINES } from "../cases/trampoline/index.js";

const SETUPS = 150;

test("a trampoline of a kernel image is word for word that of impl in its profile", () => {
  for (const file of linuxKernels()) {
    const opened = openLinux(`linux:${file}`, file);
    if (!opened.ok || opened.value.profile === undefined || opened.value.build === undefined) continue;
    const subject = opened.value;
    const { adapt } = TRAMPOLINES.checker(subject, []);
    const drawn = fc.sample(setup, { seed: 7, numRuns: SETUPS }).map((one) => plain({ setup: one, record: undefined }));
    for (const c of drawn) {
      const traced = new TracedKernel((adapt?.(c) ?? c).setup, subject);
      const made = traced.tramp.bpfTrampImageMake(traced.request);
      if (!made.ok) continue;
      expect([file, c.setup, ours(traced, made.im, subject)]).toEqual([
        file,
        c.setup,
        wordsAt(traced.machine, made.im),
      ]);
    }
  }
});

/** The same trampoline at the same place, of impl. */
function ours(
  { tramp: { env }, request }: TracedKernel,
  im: TrampImage,
  { profile, build }: Subject,
): readonly string[] {
  const machine = new Machine();
  mapText(machine, { base: im.image, bytes: im.size });
  const filled = new Uint8Array(Uint32Array.from({ length: im.size / 4 }, () => ILLEGAL).buffer);
  machine.poke(im.image, filled);
  const kernel = defaultSubject.boot({ machine, env: { ...linuxEnv(profile!), ...build }, random: () => 0 });
  const end = (im.image + im.size) as typeof im.image;
  const made = kernel
    .trampolines({ original: env.original, prog: env.prog })
    .archPrepareBpfTrampoline(halves(im.record), im.image, end, request);
  return made.ok ? wordsAt(machine, im) : [`error ${made.error}`];
}

const wordsAt = (machine: Machine, { image, size }: TrampImage): readonly string[] =>
  Array.from({ length: size / 4 }, (_, i) => hexWord(machine.peek32(image + 4 * i)));
