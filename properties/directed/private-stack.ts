// A private BPF stack lies where the kernel has made room for it, from its start to its end, and nowhere else.

import { wasmEngine } from "../../engines/wasm/engine.js";
import { halves, type Va } from "../../machine/address.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { x0Of } from "../../subjects/directed-case.js";
import { execute, trapsOf } from "../../subjects/run/execute.js";
import { STACK } from "../../subjects/run/layout.js";
import { DEFAULT_ENV, type DirectedCase, type JitFunction, machineFor, type Subject } from "../../subjects/subject.js";

/** Behind a guard of 16 bytes. One for each function. */
const FIRST: Va = 0x1234_5010;
const SECOND: Va = 0x1235_6010;
const GUARD_BYTES = 16;
const DEPTH = 72;
const ROUNDED = 80;
const FUEL = 1000;
const [LOWEST, HIGHEST] = [0x1234, 0x5678];

/** Its stack's first and last eight bytes are written; the result is what they hold. */
const body = (): JitFunction["insns"] =>
  bpf(
    `*(u64 *)(r10 - ${DEPTH}) = ${LOWEST}; *(u64 *)(r10 - 8) = ${HIGHEST}; r1 = *(u64 *)(r10 - ${DEPTH}); r0 = *(u64 *)(r10 - 8); r0 += r1`,
  );

const EXIT = insn(rowById("exit"));
const MAIN = (...more: JitFunction["insns"]): JitFunction => ({
  ...{ index: 0, stackDepth: DEPTH, privateStack: halves(FIRST) },
  insns: [...body(), ...more, EXIT],
});
const SECOND_FUNCTION: JitFunction = {
  ...{ index: 1, stackDepth: DEPTH, privateStack: halves(SECOND) },
  insns: [...body(), EXIT],
};

/** The second function's result alone is left; the first one's stack keeps what it wrote. */
const CALL = insn(rowById("call local"), { off: 1 });

const PROGRAMS: readonly {
  readonly name: string;
  readonly functions: readonly JitFunction[];
  readonly stacks: readonly Va[];
}[] = [
  { name: "a program", functions: [MAIN()], stacks: [FIRST] },
  { name: "a program of two functions", functions: [MAIN(CALL), SECOND_FUNCTION], stacks: [FIRST, SECOND] },
];

export const PRIVATE_STACKS: readonly DirectedCase[] = PROGRAMS.map(({ name, functions, stacks }) => ({
  name: `the private stack of ${name}`,
  check: (subject) => wrongIn(subject, functions, stacks),
}));

function wrongIn(subject: Subject, functions: readonly JitFunction[], stacks: readonly Va[]): string | undefined {
  const { changes } = subject.build ?? DEFAULT_ENV;
  const machine = machineFor(subject);
  const kernel = subject.boot({ machine, random: () => 0 });
  const { pageBytes } = machine;
  machine.map(STACK.base, STACK.bytes, "rw");
  // Pages that are there already are used as they are.
  for (const va of stacks) machine.map(va - (va % pageBytes), pageBytes, "rw");
  const loaded = kernel.loadProgram(functions);
  if (!loaded.ok) return `it is refused: ${loaded.error.kind}`;
  const guards = stacks.map((va) => [va - GUARD_BYTES, va + ROUNDED].map((at) => machine.peek(at, GUARD_BYTES)));
  const run = { machine, entry: loaded.program.bpfFunc, args: [], fuel: FUEL, traps: trapsOf(kernel) };
  const x0 = x0Of(execute(wasmEngine, run));
  if (x0 !== BigInt(LOWEST + HIGHEST)) return `it returns ${x0}, expected ${LOWEST + HIGHEST}`;
  for (const [i, va] of stacks.entries()) {
    const words = [ROUNDED - DEPTH, ROUNDED - 8].map((at) => machine.peek32(va + at));
    const expected = changes.privateStack ? `${[LOWEST, HIGHEST]}` : undefined;
    if (expected !== undefined && `${words}` !== expected)
      return `function ${i}: its stack holds ${words}, expected ${expected}`;
    const after = [va - GUARD_BYTES, va + ROUNDED].map((at) => machine.peek(at, GUARD_BYTES));
    if (`${after}` !== `${guards[i]}`) return `function ${i}: the bytes around its stack were written`;
  }
  kernel.freeProgram(loaded.program);
  return kernel.warnings[0];
}
