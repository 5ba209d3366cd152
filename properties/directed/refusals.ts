// Functions that the JIT refuses at different moments: nothing of them may stay, in memory or in the account, and none may
// be entered.

import { FILL } from "../../impl/a64/word.js";
import { compileImages } from "../../impl/jit/compile.js";
import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { Kernel } from "../../impl/program/kernel.js";
import { loadProgram } from "../../impl/program/load.js";
import { Machine } from "../../machine/machine.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { IMAGE, linuxIn } from "./compiled.js";

const EXIT = insn(rowById("exit"));
const CALL = insn(rowById("call local"), { off: 1 });
const PROBE = insn(rowById("probe ldxdw"));
/** No encoding: found when the image has been written. */
const UNENCODABLE = insn(rowById("lsh imm"), { imm: 64 });
/** No lowering: found while the image is measured. */
const UNKNOWN = insn(rowById("lddw high"));
/** No function of that index: found in the last round. */
const BAD_CALL = insn(rowById("call local"), { off: 7 });

const fn = (index: number, ...insns: readonly Insn[]): JitFunction => ({ insns, index, stackDepth: 0 });
const refusal = (name: string, ...functions: readonly JitFunction[]): DirectedCase => ({
  name: `refused: ${name}`,
  check: () => check(functions, DEFAULT_ENV),
});

/** @param failing which copy fails; 0 for none */
function check(functions: readonly JitFunction[], env: JitEnv, failing = 0): string | undefined {
  const machine = new Machine();
  const kernel = new Kernel({ machine, random: () => 0, env, packBytes: 8192 });
  // Somebody else lives in the pack.
  loadProgram(kernel, [fn(0, insn(rowById("mov imm")), EXIT)]);
  const before = JSON.stringify([machine.usage, kernel.modmem.current, kernel.packs.packs[0]?.bitmap.count]);
  if (failing > 0) machine.failures.plan("copy", failing);
  const loaded = loadProgram(kernel, functions);
  machine.failures.clear();
  if (loaded.ok) return "it is loaded";
  const after = JSON.stringify([machine.usage, kernel.modmem.current, kernel.packs.packs[0]?.bitmap.count]);
  if (after !== before) return `memory, charge and chunks were ${before}, are ${after}`;
  const { bpfFunc, jitedLen, extable } = loaded.functions[loaded.index]!;
  const failed = bpfFunc !== undefined || jitedLen !== 0 || extable !== undefined;
  if (failed || loaded.functions.some(({ jited }) => jited)) return "a function is still marked as compiled";
  return kernel.warnings[0];
}

/** Linux asks the read-only header for the size, so it is written although nothing else of the image is. */
const DISCARDED: DirectedCase = {
  name: "refused: a word without encoding, where the size is read back",
  check: () => check([fn(0, UNENCODABLE, EXIT)], { ...DEFAULT_ENV, quirks: linuxIn("finalizeFailureSize") }),
};

/** The size is not read where it was not written. */
const HEADERLESS: DirectedCase = {
  name: "refused: a word without encoding, and not even the header can be copied",
  check: () => check([fn(0, UNENCODABLE, EXIT)], DEFAULT_ENV, 1),
};

/** As in Linux, where a function that fails in its last round is still said to be compiled. */
const KEPT: DirectedCase = {
  name: "refused in the last round: Linux goes on with an image that has been freed",
  check() {
    const machine = new Machine();
    const env = { ...DEFAULT_ENV, quirks: linuxIn("extraPassFailureKeepsImage") };
    const kernel = new Kernel({ machine, random: () => 0, env, packBytes: 8192 });
    loadProgram(kernel, [fn(0, EXIT)]);
    const loaded = loadProgram(kernel, [fn(0, CALL, EXIT), fn(1, BAD_CALL, EXIT)]);
    if (!loaded.ok) return "the program is refused";
    const { bpfFunc } = loaded.program.functions[1]!;
    const word = bpfFunc === undefined ? undefined : machine.peek32(bpfFunc);
    return word === FILL ? undefined : `its second function begins with ${String(word)}`;
  },
};

/** First, in the middle, last. */
const NAMED: DirectedCase = {
  name: "refused: the error names the slot of the word without encoding",
  check() {
    for (const slot of [0, 5, 40]) {
      const insns = new Array<Insn>(41).fill(insn(rowById("mov imm"))).with(slot, UNENCODABLE);
      const compiled = compileImages([fn(0, ...insns, EXIT)], DEFAULT_ENV, () => IMAGE);
      if (compiled.ok || compiled.error.kind !== "refusedEncoding") return "it is not refused for that";
      if (compiled.error.pc !== slot) return `slot ${slot} is called ${compiled.error.pc}`;
    }
    return undefined;
  },
};

export const REFUSALS: readonly DirectedCase[] = [
  DISCARDED,
  NAMED,
  KEPT,
  HEADERLESS,
  refusal("a word without encoding at the start", fn(0, UNENCODABLE, EXIT)),
  refusal(
    "a word without encoding at the end",
    fn(0, ...new Array<Insn>(40).fill(insn(rowById("mov imm"))), UNENCODABLE),
  ),
  refusal("a word without encoding behind an access that may fault", fn(0, PROBE, UNENCODABLE, EXIT)),
  refusal("an instruction without lowering", fn(0, UNKNOWN, EXIT)),
  refusal("the second function, in the first round", fn(0, CALL, EXIT), fn(1, UNENCODABLE, EXIT)),
  refusal("the second function, in the last round", fn(0, CALL, EXIT), fn(1, BAD_CALL, EXIT)),
  refusal("the first function, in the last round", fn(0, BAD_CALL, EXIT), fn(1, EXIT)),
];
