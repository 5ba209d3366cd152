// A load that may fault clears its register and goes on behind it, whichever register it is: the table says which, in bits
// that reach up to the sign.

import { referenceEngine } from "../../engines/reference/engine.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { fn, x0Of } from "../../subjects/directed-case.js";
import { execute, trapsOf } from "../../subjects/run/execute.js";
import { STACK } from "../../subjects/run/layout.js";
import { type DirectedCase, machineFor, type SubjectKernel } from "../../subjects/subject.js";

const LOAD = rowById("probe ldxdw");
const REGISTERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const FUEL = 1000;
/** What stands in the register before. */
const BEFORE = 7;

const CLEARED: DirectedCase = {
  name: "a load that faults clears its register, whichever it is",
  check(subject) {
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
    kernel.machine.map(STACK.base, STACK.bytes, "rw");
    for (const register of REGISTERS) {
      const wrong = isCleared(kernel, register);
      if (wrong !== undefined) return `r${register}: ${wrong}`;
    }
    return undefined;
  },
};

function isCleared(kernel: SubjectKernel, register: number): string | undefined {
  const { machine } = kernel;
  const nowhere = register === 1 ? 2 : 1;
  const load = insn(LOAD, { dst: register, src: nowhere });
  const code = [...bpf(`r${nowhere} = 0; r${register} = ${BEFORE}`), load, ...bpf(`r0 = r${register}; exit`)];
  const loaded = kernel.loadProgram([fn(0, ...code)]);
  if (!loaded.ok) return `the program is refused: ${loaded.error.kind}`;
  const { bpfFunc, functions } = loaded.program;
  const outcome = execute(referenceEngine, {
    ...{ machine, entry: bpfFunc, args: [], fuel: FUEL, traps: trapsOf(kernel) },
    fixup: (pc) => kernel.fixupException(functions, pc),
  });
  const x0 = x0Of(outcome);
  if (typeof x0 === "string") return x0;
  return x0 === 0n ? undefined : `it holds ${x0}, expected 0`;
}

export const FAULTING_LOADS: readonly DirectedCase[] = [CLEARED];
