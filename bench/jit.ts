// How many BPF instructions a second the JIT compiles on one core, all passes included, and whether that stays so for
// long programs. Run: `npm run build && node dist/bench/jit.js`.

import os from "node:os";
import { compileImages } from "../impl/jit/compile.js";
import { DEFAULT_ENV } from "../impl/jit/env.js";
import { describe } from "../impl/jit/error.js";
import type { Insn } from "../spec/bpf/insn.js";
import { bpf } from "../spec/bpf/text/bpf.js";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const ADDRESS = 0x8000_82c2_5888;

/** A bit of everything that programs are made of, so that all lowerings stay warm. */
const MIX = bpf(`
  r6 = r1; r7 = 0x12345678abcdef01 ll; r0 = 42; r0 += r6; r0 -= 4097; r0 &= 0xff00; r0 |= r7; r0 ^= 0x1234567
  w0 += 5; w0 = w7; r8 = r0; r8 <<= 3; r8 s>>= 7; r8 *= 31; r8 /= 7; r8 %= r7; w8 = -w8; r8 = be32 r8
  if r8 == 0 goto +2; if w8 s> -5 goto +1; r0 += 1; if r0 & 0x81 goto +1; r0 = -1
  *(u64 *)(r10 - 8) = r0; *(u32 *)(r10 - 16) = 7; r1 = *(u64 *)(r10 - 8); r2 = *(u16 *)(r6 + 3)
  lock *(u64 *)(r10 - 8) += r1; call 4096; r9 = r0
`);

function program(length: number): readonly Insn[] {
  const insns: Insn[] = [];
  while (insns.length + MIX.length < length) insns.push(...MIX);
  while (insns.length < length - 1) insns.push(...bpf("r0 = 0"));
  insns.push(...bpf("exit"));
  return insns;
}

/** Instructions a second of processor time, so that neighbours on the machine do not count; after a warm-up. */
function measureRate(insns: readonly Insn[]): number {
  const compileOnce = (): void => {
    const compiled = compileImages([{ insns, index: 0, stackDepth: 16 }], DEFAULT_ENV, () => ADDRESS);
    if (!compiled.ok) throw new Error(describe(compiled.error));
  };
  repeat(compileOnce, 0.2);
  const { runs, seconds } = repeat(compileOnce, 1);
  return (runs * insns.length) / seconds;
}

/** Call it until `atLeast` seconds of processor time have passed. */
function repeat(call: () => void, atLeast: number): { runs: number; seconds: number } {
  const start = process.cpuUsage();
  for (let runs = 1; ; runs++) {
    call();
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    if (seconds >= atLeast) return { runs, seconds };
  }
}

console.log(`${os.cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}`);
for (const length of SIZES) {
  const rate = measureRate(program(length));
  console.log(`${String(length).padStart(9)} instructions: ${(rate / 1e6).toFixed(1)} million a second`);
}
