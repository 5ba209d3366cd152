// Random bodies of rows that only a verifier makes.

import { kernelCase } from "../../properties/kernel-rows/generate.js";
import type { KernelCase } from "../../properties/kernel-rows/kernel-case.js";
import { KernelRows } from "../../properties/kernel-rows/play.js";
import { printKernelCase, shrinkKernelCase } from "../../properties/kernel-rows/shrink.js";
import type { Verdict } from "../../properties/verdict.js";
import { EXCEPTION } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import { oracleOf, type Search } from "./search.js";

export function kernelRowSearch(seed: number): Search {
  let stage = new KernelRows();
  let index = 0;
  const check = (c: KernelCase): Verdict => {
    try {
      return stage.check(c);
    } catch (error) {
      stage = new KernelRows();
      const actual = error instanceof Error ? error.message : String(error);
      return { kind: "disagree", where: EXCEPTION, expected: "a verdict", actual };
    }
  };
  return {
    name: "kernel rows",
    share: 1,
    step() {
      const c = kernelCase(randomSource(seed, index++));
      const verdict = check(c);
      if (verdict.kind !== "disagree") return "nothing";
      return {
        oracle: oracleOf(verdict),
        ...{ where: verdict.where, expected: verdict.expected, actual: verdict.actual },
        shrink(mayGoOn) {
          const shrunk = shrinkKernelCase(c, (candidate) => mayGoOn() && check(candidate).kind === "disagree");
          return { size: shrunk.body.length, text: printKernelCase(shrunk) };
        },
      };
    },
  };
}
