// Which functions a version can trace: those whose arguments its trampolines can pass on. Eight words go in registers. What is
// beyond them goes on the stack since 6.16, and of structs, which are passed whole or not at all in registers, since 6.17.

import { linuxEnv } from "../../../impl/jit/env.js";
import { isTraceable } from "../../../impl/trampoline/arch-trampoline.js";
import type { FuncArg } from "../../../impl/trampoline/links.js";
import { isFrom, type Version } from "../../../impl/versions.js";
import type { DirectedCase } from "../../subject.js";

const numbers = (count: number): readonly FuncArg[] => new Array(count).fill({ bytes: 8, isStruct: false });
const struct = (bytes: number): FuncArg => ({ bytes, isStruct: true });

const FUNCTIONS: readonly { readonly of: string; readonly args: readonly FuncArg[]; readonly from: Version }[] = [
  { of: "eight numbers", args: numbers(8), from: "6.12" },
  { of: "six numbers and a struct of two words", args: [...numbers(6), struct(16)], from: "6.12" },
  { of: "nine numbers", args: numbers(9), from: "6.16" },
  { of: "twelve numbers", args: numbers(12), from: "6.16" },
  {
    of: "six numbers, a struct of two words and a number",
    args: [...numbers(6), struct(16), ...numbers(1)],
    from: "6.16",
  },
  { of: "seven numbers and a struct of two words", args: [...numbers(7), struct(16)], from: "6.17" },
  { of: "eight numbers and a struct of one word", args: [...numbers(8), struct(8)], from: "6.17" },
];

const LINKS = { fentry: [], fmodRet: [], fexit: [], structOps: false };
const FLAGS = { restoreRegs: true, callOrig: false, skipFrame: false, ipArg: false, retFentryRet: false };

export const TRACEABLE: readonly DirectedCase[] = (["6.12", "6.16", "6.17"] as const).map((version) => ({
  name: `functions that Linux ${version} can trace`,
  check() {
    const env = linuxEnv(version);
    for (const { of, args, from } of FUNCTIONS) {
      const expected = isFrom(version, from);
      const got = isTraceable(env, { args, flags: FLAGS, links: LINKS, func: 0 });
      if (got !== expected) return `a function of ${of} is ${got ? "" : "not "}traceable`;
    }
    return undefined;
  },
}));
