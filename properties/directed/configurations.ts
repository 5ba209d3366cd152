// Kernels with and without landing pads and pointer authentication: where a tail call enters follows from both.

import { compileImages } from "../../impl/jit/compile.js";
import { DEFAULT_ENV, prologueOffset } from "../../impl/jit/env.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { compiles, IMAGE } from "./compiled.js";

/** Landing pad, copy of LR, patch site, PACIASP, frame record, FP, counter, its address. */
const WORDS = { pad: 1, pac: 1, others: 6 };

export const CLASSIC_ENTRY: DirectedCase = {
  name: "nobody tail calls a classic program, so it has no landing pad for that",
  check() {
    const fn = { insns: bpf("r0 = 0; exit"), index: 0, stackDepth: 0 };
    const [converted, other] = [true, false].map((wasClassic) => {
      const compiled = compileImages([{ ...fn, wasClassic }], { ...DEFAULT_ENV, bti: true }, () => IMAGE);
      return compiled.ok ? compiled.images[0]!.offsets[0]! : Number.NaN;
    });
    return converted! + 1 === other ? undefined : `it begins with ${converted} words, any other with ${other}`;
  },
};

export const CONFIGURATIONS: readonly DirectedCase[] = [true, false].flatMap((bti) =>
  [true, false].map((pac) => ({
    name: `a kernel ${bti ? "with" : "without"} landing pads, ${pac ? "with" : "without"} pointer authentication`,
    check() {
      const fn = { insns: bpf("r0 = 0; exit"), index: 0, stackDepth: 0 };
      const wrong = compiles([fn], () => IMAGE, { bti, pac });
      if (wrong !== undefined) return wrong;
      const entered = prologueOffset({ ...DEFAULT_ENV, bti, pac });
      const expected = WORDS.others + (bti ? WORDS.pad : 0) + (pac ? WORDS.pac : 0);
      return entered === expected ? undefined : `a tail call enters at word ${entered}, expected ${expected}`;
    },
  })),
);
