// Small bodies of rows that only a verifier makes: what they compute is what they mean.

import { kernelCase } from "../../properties/kernel-rows/generate.js";
import type { KernelCase } from "../../properties/kernel-rows/kernel-case.js";
import { KernelRows } from "../../properties/kernel-rows/play.js";
import { minimizeKernelCase } from "../../properties/kernel-rows/shrink.js";
import { parseKernelCase, printKernelCase } from "../../properties/kernel-rows/text.js";
import { verdictOrCrash } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import type { Kind } from "./kind.js";
import { judgedOf } from "./objection.js";

export const KERNEL_ROWS: Kind<KernelCase> = {
  name: "kernel rows",
  extension: ".rows",
  what: "rows that only a verifier makes",
  unit: "instruction",
  fresh: (seed, index) => kernelCase(randomSource(seed, index)),
  /** On the reference engine: no other has exceptions and the registers that per-CPU addresses come from. */
  stage() {
    let rows = new KernelRows();
    const renew = (): void => {
      rows = new KernelRows();
    };
    return { judge: (c) => judgedOf(verdictOrCrash(() => rows.check(c), renew)) };
  },
  size: ({ body }) => body.length,
  minimize: minimizeKernelCase,
  print: (c, { title, oracle, id, notes = [] }) => printKernelCase(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseKernelCase(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
