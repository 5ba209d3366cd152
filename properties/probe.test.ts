// Loads and stores that may fault, run for real: the exception table in ROX memory says where to go on and which register
// to clear. The verifier makes these forms, so programs are in the kernel dialect and the expected values are written out.

import { describe, expect, test } from "vitest";
import { ENGINES } from "../engines/index.js";
import { halves } from "../machine/address.js";
import type { Insn } from "../spec/bpf/insn.js";
import type { Program } from "../spec/bpf/program.js";
import { parse } from "../spec/bpf/text/parse.js";
import { defaultSubject } from "../subjects/index.js";
import { layoutOf } from "../subjects/run/layout.js";
import { loadedBy, ProgramSession } from "../subjects/session/program-session.js";
import { DEFAULT_ENV, type JitEnv, LINUX_6_12 } from "../subjects/subject.js";
import { askAbout } from "./oracles/ask.js";
import { ORACLES } from "./oracles/index.js";

const INPUT = Uint8Array.from({ length: 64 }, (_, i) => 0x80 + i);
/** A user address: nothing is mapped there. */
const NOWHERE = "r2 = 0x1000 ll\n";

const kernel = (text: string): readonly Insn[] => {
  const parsed = parse(text, { dialect: "kernel" });
  if (!parsed.ok) throw new SyntaxError(parsed.error.message);
  return parsed.value;
};

/** r0 and the context afterwards. The arena begins where the context does. */
function run(engine: (typeof ENGINES)[number], text: string, env: JitEnv): { r0: bigint; context: Uint8Array } {
  const insns = kernel(text);
  const session = new ProgramSession({ subject: defaultSubject, engines: [engine], fuel: 1000 });
  const program: Program = { code: [insns], maps: [], context: "memory" };
  const base = layoutOf(program, INPUT.length).context.base;
  const arena = { kernelBase: halves(base), userBase: { high: 0, low: 0 } };
  const fn = { insns, index: 0, stackDepth: 0, arena, origin: Int32Array.from(insns.keys()) };
  const live = loadedBy(
    session.loadLowered({ codes: [[fn]], lse: env.lse, env: { ...env, callBase: LINUX_6_12.callBase }, hole: 0 }),
  );
  if (typeof live === "string") throw new Error(live);
  const layout = layoutOf(program, INPUT.length, session.frames(live));
  const outcome = session.run(live, [{ program, input: INPUT, layout }])[0]?.runs[0]?.outcome;
  expect(askAbout(session.free(live), ORACLES)).toEqual([]);
  if (outcome?.kind !== "returned") throw new Error(outcome?.kind === "faulted" ? outcome.detail : "no outcome");
  const context = outcome.regions.find(({ name }) => name === "context")?.bytes;
  return { r0: outcome.r0, context: context ?? new Uint8Array() };
}

describe.each(ENGINES.filter((engine) => engine.unavailable() === undefined))("on $name", (engine) => {
  const r0 = (text: string, env = DEFAULT_ENV): bigint => run(engine, text, env).r0;

  test.each(["u8", "u16", "u32", "u64", "s8", "s16", "s32"])(
    "a faulting probe of %s gives zero and goes on",
    (size) => {
      expect(r0(`${NOWHERE}r0 = 7\nr0 = probe *(${size} *)(r2 + 8)\nr0 += 1\nexit`)).toBe(1n);
    },
  );

  test("a faulting probe at an offset that needs a register faults at its last word", () => {
    expect(r0(`${NOWHERE}r0 = 7\nr0 = probe *(u32 *)(r2 + 13)\nr0 += 2\nexit`)).toBe(2n);
  });

  test("a probe that does not fault loads", () => {
    expect(r0("r0 = probe *(u32 *)(r1 + 4)\nexit")).toBe(0x87868584n);
    expect(r0("r0 = probe *(s8 *)(r1 + 1)\nexit")).toBe(0xffff_ffff_ffff_ff81n);
  });

  test("several probes have an entry each, found by halving", () => {
    const loads = [3, 4, 5, 6, 7].map((r) => `r${r} = 9\nr${r} = probe *(u64 *)(r2 + ${8 * r})\n`).join("");
    expect(r0(`${NOWHERE}${loads}r0 = 1\nr0 += r3\nr0 += r4\nr0 += r5\nr0 += r6\nr0 += r7\nexit`)).toBe(1n);
  });

  test("an arena access adds the base; one that faults loads zero or is skipped", () => {
    expect(r0("r2 = 8\nr0 = arena *(u16 *)(r2 + 2)\nexit")).toBe(0x8b8an);
    expect(r0("r2 = 0x100000 ll\nr0 = 5\nr0 = arena *(u64 *)(r2 + 0)\nexit")).toBe(0n);
    const stored = run(engine, "r2 = 8\nr0 = 0x11223344\narena *(u32 *)(r2 + 0) = r0\nexit", DEFAULT_ENV);
    expect([...stored.context.subarray(8, 12)]).toEqual([0x44, 0x33, 0x22, 0x11]);
    const skipped = "r2 = 0x100000 ll\narena *(u64 *)(r2 + 0) = 1\nr3 = 2\narena *(u64 *)(r2 + 8) = r3\nr0 = 3\nexit";
    expect(r0(skipped)).toBe(3n);
  });

  test("upstream loses a store of a constant into an arena at an odd offset; the mended JIT does not", () => {
    const store = "r2 = 0\narena *(u32 *)(r2 + 13) = 0x1234\nr0 = 0\nexit";
    const at = (env: JitEnv): number[] => [...run(engine, store, env).context.subarray(13, 17)];
    expect(at(DEFAULT_ENV)).toEqual([0x34, 0x12, 0, 0]);
    expect(at(LINUX_6_12)).toEqual([...INPUT.subarray(13, 17)]);
  });

  test("an atomic operation in an arena", () => {
    const { r0: old, context } = run(
      engine,
      "r2 = 0\nr0 = 1\narena r0 = atomic_fetch_add((u64 *)(r2 + 8), r0)\nexit",
      DEFAULT_ENV,
    );
    expect(old).toBe(0x8f8e_8d8c_8b8a_8988n);
    expect(context[8]).toBe(0x89);
  });
});
