// Functions that the JIT refuses at different moments: nothing of them may stay, in memory or in the account, and none may
// be entered.

import { Machine } from "../../../machine/machine.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { ROWS, rowById } from "../../../spec/bpf/isa.js";
import { ILLEGAL } from "../../../spec/text/text.js";
import { fn, IMAGE, linuxIn } from "../../directed-case.js";
import {
  DEFAULT_ENV,
  type DirectedCase,
  type JitEnv,
  type JitFunction,
  type Subject,
  type SubjectKernel,
} from "../../subject.js";

const EXIT = insn(rowById("exit"));
const CALL = insn(rowById("call local"), { off: 1 });
const PROBE = insn(rowById("probe ldxdw"));
/** No encoding: found when the image has been written. */
const UNENCODABLE = insn(rowById("lsh imm"), { imm: 64 });
/** No lowering: found while the image is measured. */
const UNKNOWN = insn(rowById("lddw high"));
/** No function of that index: found in the last round. */
const BAD_CALL = insn(rowById("call local"), { off: 7 });

const refusal = (name: string, ...functions: readonly JitFunction[]): DirectedCase => ({
  name: `refused: ${name}`,
  check: (subject) => check(boot(subject), functions),
});

const boot = (subject: Subject, quirks: JitEnv["quirks"] = DEFAULT_ENV.quirks): SubjectKernel =>
  subject.boot({ machine: new Machine(), random: () => 0, env: { ...DEFAULT_ENV, quirks }, packBytes: 8192 });

/** @param failing which copy fails; 0 for none */
function check(kernel: SubjectKernel, functions: readonly JitFunction[], failing = 0): string | undefined {
  const { machine } = kernel;
  // Another program lives in the pack.
  kernel.loadProgram([fn(0, insn(rowById("mov imm")), EXIT)]);
  const before = JSON.stringify([machine.usage, kernel.modmem.current, kernel.packs.packs[0]?.bitmap.count]);
  if (failing > 0) machine.failures.plan("copy", failing);
  const loaded = kernel.loadProgram(functions);
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
  check: (subject) => check(boot(subject, linuxIn("finalizeFailureSize")), [fn(0, UNENCODABLE, EXIT)]),
};

/** The size is not read where it was not written. */
const HEADERLESS: DirectedCase = {
  name: "refused: a word without encoding, and not even the header can be copied",
  check: (subject) => check(boot(subject), [fn(0, UNENCODABLE, EXIT)], 1),
};

/** As in Linux, where a function that fails in its last round is still said to be compiled. */
const KEPT: DirectedCase = {
  name: "refused in the last round: Linux goes on with an image that has been freed",
  check(subject) {
    const kernel = boot(subject, linuxIn("extraPassFailureKeepsImage"));
    kernel.loadProgram([fn(0, EXIT)]);
    const loaded = kernel.loadProgram([fn(0, CALL, EXIT), fn(1, BAD_CALL, EXIT)]);
    if (!loaded.ok) return "the program is refused";
    const { bpfFunc } = loaded.program.functions[1]!;
    const word = bpfFunc === undefined ? undefined : kernel.machine.peek32(bpfFunc);
    return word === ILLEGAL ? undefined : `its second function begins with ${String(word)}`;
  },
};

/** What a verifier puts something else in place of. */
const REPLACED = ROWS.filter(
  (row) =>
    row.kind === "legacyLoad" ||
    row.kind === "mayGoto" ||
    row.kind === "stackArgument" ||
    (row.kind === "kernel" && row.op === "castKernel"),
);

/** First, in the middle, last. */
const NAMED: DirectedCase = {
  name: "refused: the error names the slot of the word without encoding",
  check(subject) {
    for (const slot of [0, 5, 40]) {
      const insns = new Array<Insn>(41).fill(insn(rowById("mov imm"))).with(slot, UNENCODABLE);
      const compiled = subject.compile([fn(0, ...insns, EXIT)], DEFAULT_ENV, () => IMAGE);
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
  ...REPLACED.map((row) => refusal(`${row.id}, which a verifier replaces`, fn(0, insn(row), EXIT))),
  refusal("the second function, in the first round", fn(0, CALL, EXIT), fn(1, UNENCODABLE, EXIT)),
  refusal("the second function, in the last round", fn(0, CALL, EXIT), fn(1, BAD_CALL, EXIT)),
  refusal("the first function, in the last round", fn(0, BAD_CALL, EXIT), fn(1, EXIT)),
];
