// Small bodies of rows that only a verifier makes: what they compute is what they mean.

import { DEFAULT_ENV } from "../../impl/jit/env.js";
import { binaryPackSize } from "../../impl/pack/binary-pack.js";
import { kernelCase } from "../../properties/kernel-rows/generate.js";
import type { KernelCase } from "../../properties/kernel-rows/kernel-case.js";
import { functionsOf, KernelRows, loweredOf } from "../../properties/kernel-rows/play.js";
import { minimizeKernelCase } from "../../properties/kernel-rows/shrink.js";
import { parseKernelCase, printKernelCase } from "../../properties/kernel-rows/text.js";
import { CALL_BASE } from "../../properties/layout.js";
import { verdictOrCrash } from "../check-or-crash.js";
import { compileCode, DEFAULT_BASE } from "../compile.js";
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
  code(c) {
    const written = functionsOf(c);
    const env = { ...DEFAULT_ENV, callBase: CALL_BASE, ...c.env };
    let next = DEFAULT_BASE;
    const code = { index: 0, lowered: loweredOf(c), env, written: (fn: number) => written[fn]!.insns };
    const compiled = compileCode(code, (imageBytes) => {
      const place = next;
      next += binaryPackSize(imageBytes);
      return place;
    });
    return compiled.ok ? compiled.value : [];
  },
  print: (c, { title, oracle, id, notes = [] }) => printKernelCase(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseKernelCase(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
