// An exception callback takes over the frame of the program that is its boundary, and returns in its place: every register
// that the boundary saved is as its caller had it. The boundary calls the callback itself, as the kernel does for it.

import { referenceEngine } from "../../engines/reference/engine.js";
import { Machine } from "../../machine/machine.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { execute, trapsOf } from "../../subjects/run/execute.js";
import { STACK } from "../../subjects/run/layout.js";
import type { DirectedCase, JitFunction } from "../../subjects/subject.js";

const MOV = rowById("mov imm");
const EXIT = insn(rowById("exit"));
/** What lies between the boundary's frame record and the end of what it saves: x26 and its pair, x19 to x28. */
const SAVED_BYTES = 6 * 16;
const FUEL = 1000;

export const EXCEPTION_UNWINDING: DirectedCase = {
  name: "an exception callback returns for its boundary",
  check(subject) {
    const machine = new Machine();
    const kernel = subject.boot({ machine, random: () => 0 });
    machine.map(STACK.base, STACK.bytes, "rw");
    const callback: JitFunction = {
      insns: [insn(MOV, { dst: 6, imm: 1 }), insn(MOV, { imm: 42 }), EXIT],
      ...{ index: 1, stackDepth: 24, exceptionCallback: true },
    };
    const thrower = kernel.loadProgram([callback]);
    if (!thrower.ok) return `the callback is refused: ${thrower.error.kind}`;
    const boundary: JitFunction = {
      insns: [
        insn(MOV, { dst: 6, imm: 6 }),
        insn(MOV, { dst: 9, imm: 9 }),
        insn(rowById("mov reg"), { dst: 3, src: 10 }),
        insn(rowById("add imm"), { dst: 3, imm: SAVED_BYTES }),
        insn(rowById("call helper"), { imm: thrower.program.bpfFunc - kernel.env.callBase }),
        EXIT,
      ],
      ...{ index: 0, stackDepth: 40, exceptionBoundary: true },
    };
    const loaded = kernel.loadProgram([boundary]);
    if (!loaded.ok) return `the boundary is refused: ${loaded.error.kind}`;
    const run = { machine, entry: loaded.program.bpfFunc, args: [], fuel: FUEL, traps: trapsOf(kernel) };
    const outcome = execute(referenceEngine, run);
    if (outcome.kind === "returned") return outcome.x0 === 42n ? undefined : `returned ${outcome.x0}, expected 42`;
    if (outcome.kind === "violated") return outcome.rule;
    return outcome.kind === "faulted" ? `${outcome.why}: ${outcome.detail}` : "ran out of fuel";
  },
};
