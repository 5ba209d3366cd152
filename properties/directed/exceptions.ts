// An exception callback takes over the frame of the program that is its boundary, and returns in its place: every register
// that the boundary saved is as its caller had it, and the frames of those who ran in between are left alone. The function
// that throws calls the callback itself, as the kernel does for it.

import { referenceEngine } from "../../engines/reference/engine.js";
import type { Machine } from "../../machine/machine.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { x0Of } from "../../subjects/directed-case.js";
import { execute, trapsOf } from "../../subjects/run/execute.js";
import { ENTRY_SP, STACK } from "../../subjects/run/layout.js";
import { type DirectedCase, type JitFunction, machineFor, type SubjectKernel } from "../../subjects/subject.js";

const EXIT = insn(rowById("exit"));
/** What lies between the boundary's frame record and the end of what it saves: x26 and its pair, x19 to x28. */
const SAVED_BYTES = 6 * 16;
const FUEL = 10_000;
/** What the callback answers, and what the others keep in their frames. */
const ANSWER = 42;
const BOUNDARY_MARK = 0x1b0b;
const THROWER_MARK = 0x2c0c;
const BOUNDARY_BYTES = 40;
/** Of BPF stack: none, less than a pair of registers, a multiple of 16, and none of the two. */
const CALLBACK_BYTES = [0, 8, 24, 64, 512] as const;
const THROWER_BYTES = [8, 48, 104] as const;

/** Through a copy of the frame pointer, which no addressing from SP can stand for: all slots of the frame, one by one. */
const fill = (bytes: number, mark: number): readonly Insn[] =>
  bpf(["r4 = r10", ...slotsOf(bytes).map((off) => `r5 = ${mark + off}; *(u64 *)(r4 - ${off}) = r5`)].join("; "));

const slotsOf = (bytes: number): readonly number[] => Array.from({ length: bytes / 8 }, (_, i) => 8 * (i + 1));

/** Fills its frame, adds up what it reads back from it, and answers; the sum is 0 if nothing is lost. */
function callbackOf(bytes: number): JitFunction {
  const sum = slotsOf(bytes).map((off) => `r2 = *(u64 *)(r1 - ${off}); r2 -= ${off}; r0 += r2`);
  const code = ["r6 = 1", "r0 = 0", "r1 = r10", ...sum, `r0 += ${ANSWER}`].join("; ");
  return {
    insns: [...fill(bytes, 0), ...bpf(code), EXIT],
    ...{ index: 1, stackDepth: bytes, exceptionCallback: true },
  };
}

/** Has a frame pointer of its own, so that what the callback finds in the register is not its own by luck. */
const throwerOf = (bytes: number, callback: Insn): JitFunction => ({
  insns: [...fill(bytes, THROWER_MARK), ...bpf("r6 = 7; r7 = 8"), callback, EXIT],
  ...{ index: 1, stackDepth: bytes },
});

const boundaryOf = (throws: Insn): JitFunction => ({
  insns: [
    ...fill(BOUNDARY_BYTES, BOUNDARY_MARK),
    ...bpf(`r6 = 6; r9 = 9; r3 = r10; r3 += ${SAVED_BYTES}`),
    throws,
    EXIT,
  ],
  ...{ index: 0, stackDepth: BOUNDARY_BYTES, exceptionBoundary: true },
});

export const EXCEPTION_UNWINDING: DirectedCase = {
  name: "an exception callback returns for its boundary",
  shows: ["callbackWithoutFrame"],
  check(subject) {
    const kernel = subject.boot({ machine: machineFor(subject), random: () => 0 });
    kernel.machine.map(STACK.base, STACK.bytes, "rw");
    for (const callbackBytes of CALLBACK_BYTES) {
      // Called by the boundary itself, and from a frame below it.
      for (const throwerBytes of [undefined, ...THROWER_BYTES]) {
        const wrong = unwinds(kernel, callbackBytes, throwerBytes);
        if (wrong === undefined) continue;
        return `${callbackBytes} bytes of stack, thrown ${throwerBytes === undefined ? "by the boundary" : `over ${throwerBytes}`}: ${wrong}`;
      }
    }
    return undefined;
  },
};

function unwinds(kernel: SubjectKernel, callbackBytes: number, throwerBytes: number | undefined): string | undefined {
  const { machine } = kernel;
  // What an earlier run has left there is not taken for what this one has.
  machine.poke(STACK.base, new Uint8Array(STACK.bytes));
  const callback = callOf(kernel, callbackOf(callbackBytes));
  if (typeof callback === "string") return `the callback is refused: ${callback}`;
  const throws = throwerBytes === undefined ? callback : callOf(kernel, throwerOf(throwerBytes, callback));
  if (typeof throws === "string") return `the function that throws is refused: ${throws}`;
  const loaded = kernel.loadProgram([boundaryOf(throws)]);
  if (!loaded.ok) return `the boundary is refused: ${loaded.error.kind}`;
  const run = { machine, entry: loaded.program.bpfFunc, args: [], fuel: FUEL, traps: trapsOf(kernel) };
  const x0 = x0Of(execute(referenceEngine, run));
  if (typeof x0 === "string") return x0;
  if (x0 !== BigInt(ANSWER)) return `returned ${x0}, expected ${ANSWER}`;
  return throwerBytes === undefined ? undefined : leftAlone(machine, throwerBytes, callbackBytes);
}

/** A call of a function that is a program of its own, as bpf_throw calls a callback: by its address. */
function callOf(kernel: SubjectKernel, fn: JitFunction): Insn | string {
  const loaded = kernel.loadProgram([fn]);
  if (!loaded.ok) return loaded.error.kind;
  return insn(rowById("call helper"), { imm: loaded.program.bpfFunc - kernel.env.callBase });
}

/** The callback's stack takes the place of the boundary's; the thrower's lies below, unless the callback's reaches there. */
function leftAlone(machine: Machine, throwerBytes: number, callbackBytes: number): string | undefined {
  const stack = machine.peek(STACK.base, ENTRY_SP - STACK.base);
  const view = new DataView(stack.buffer, stack.byteOffset, stack.byteLength);
  const at = (va: number): bigint => view.getBigUint64(va - STACK.base, true);
  // Frame record, what the boundary saves, its stack; then the same of the thrower, which saves the counter, x19, x20 and
  // its frame pointer.
  const boundaryFp = ENTRY_SP - 16 - SAVED_BYTES;
  const throwerFp = boundaryFp - rounded(BOUNDARY_BYTES) - 16 - 16 - 2 * 16;
  if (boundaryFp - rounded(callbackBytes) < throwerFp) return undefined;
  const lost = slotsOf(throwerBytes).find((off) => at(throwerFp - off) !== BigInt(THROWER_MARK + off));
  return lost === undefined ? undefined : `the frame of the function that threw has lost its slot at -${lost}`;
}

const rounded = (bytes: number): number => (bytes + 15) & ~15;
