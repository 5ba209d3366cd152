// What a tuned native checker makes of the same sort of programs: uBPF's interpreter against its JIT for this machine, in
// this process, with none of our oracles. `ROX_UBPF` names the library that is built (libubpf.so).

import { createRequire } from "node:module";
import { CaseArbitrary } from "../../properties/cases/program/arbitrary.js";
import { encode } from "../../spec/bpf/insn.js";
import type { Case } from "../../subjects/case.js";
import { randomSource } from "../../subjects/random/source.js";

/**
 * What uBPF has and needs no address of this process. With atomics, moved pointers and calls some programs end the process
 * in its code for this machine.
 */
const NONE = { helpers: false, maps: false, tailCalls: false, packet: false, mayGoto: false };
const FEATURES = { ...NONE, atomics: false, pointers: false, calls: false };
const SEED = 1;
const LOOKED_AT = 20_000;

interface Ubpf {
  /** Whether interpreter and JIT agree on every input; undefined if uBPF does not take the program. */
  agrees(code: Uint8Array, inputs: readonly Uint8Array[]): boolean | undefined;
}

type Pointer = unknown;

/** @throws Error if the library or the package koffi cannot be loaded */
export function openUbpf(file: string): Ubpf {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const lib = koffi.load(file);
  const create = lib.func("void *ubpf_create(void)");
  const destroy = lib.func("void ubpf_destroy(void *)");
  const load = lib.func("int ubpf_load(void *, const void *, uint32_t, _Out_ void **)");
  const exec = lib.func("int ubpf_exec(void *, void *, size_t, _Out_ uint64_t *)");
  const compile = lib.func("void *ubpf_compile(void *, _Out_ void **)");
  const jited = koffi.proto("uint64_t ubpf_jited(void *, size_t)");
  const run = (vm: Pointer, code: Pointer, input: Uint8Array): boolean => {
    const [own, other] = [Uint8Array.from(input), Uint8Array.from(input)];
    const r0: [bigint | number] = [0];
    if (exec(vm, own, own.length, r0) !== 0) return false;
    const got: bigint | number = koffi.call(code, jited, other, other.length);
    return BigInt(r0[0]) === BigInt(got) && Buffer.compare(own, other) === 0;
  };
  return {
    agrees(code, inputs) {
      const vm = create();
      try {
        if (load(vm, code, code.length, [null]) !== 0) return undefined;
        const compiled = compile(vm, [null]);
        return compiled === null ? undefined : inputs.every((input) => run(vm, compiled, input));
      } finally {
        destroy(vm);
      }
    },
  };
}

/** Programs of one code whose slots are in a range. */
function programsOf(shape: "small" | "medium" | "large", [least, most]: readonly [number, number]): readonly Case[] {
  const arbitrary = new CaseArbitrary({ shape, features: FEATURES });
  const cases = Array.from({ length: LOOKED_AT }, (_, i) => arbitrary.generate(randomSource(SEED, i)).value);
  return cases.filter(({ program: { code } }) => code[0]!.length >= least && code[0]!.length <= most);
}

/** Microseconds of processor time a program that is compared, by round. Programs that uBPF refuses are not counted. */
export function measureUbpf(
  ubpf: Ubpf,
  { shape, slots, cases }: { shape: "small" | "medium" | "large"; slots: readonly [number, number]; cases: number },
  rounds: number,
): readonly number[] {
  const programs = programsOf(shape, slots).map(({ program, inputs }) => ({ code: encode(program.code[0]!), inputs }));
  return Array.from({ length: rounds }, (_, round) => {
    let compared = 0;
    const before = process.cpuUsage();
    for (let i = 0; i < cases; i++) {
      const { code, inputs } = programs[(round * cases + i) % programs.length]!;
      if (ubpf.agrees(code, inputs) !== undefined) compared++;
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / compared;
  });
}
