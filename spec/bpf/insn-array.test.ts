import { describe, expect, test } from "vitest";
import { type Insn, insn } from "./insn.js";
import { interpret } from "./interpret.js";
import { rowById } from "./isa.js";
import type { Outcome } from "./outcome.js";
import type { MapSpec, Program } from "./program.js";
import { LAYOUT } from "./testing.js";
import { bpf } from "./text/bpf.js";
import { validate } from "./validate/validate.js";

const TABLE = bpf("r1 = map_fd_value 0 + 0 ll; r1 = *(u64 *)(r1 + 0)");
const GOTOX = insn(rowById("gotox"), { dst: 1 });
const insns = (...slots: readonly number[]): MapSpec => ({ kind: "insnArray", entries: slots.length, code: 0, slots });

/** Followed step by step, as a program from a file is. */
function run(code: readonly Insn[], ...slots: readonly number[]): Outcome | readonly string[] {
  const program: Program = { code: [code], maps: [insns(...slots)], context: "memory" };
  const validity = validate(program, { definedness: "run" });
  if (!validity.ok) return validity.problems.map(({ message }) => message);
  const track = { contextLoads: validity.facts.contextLoads };
  return interpret({ program, input: new Uint8Array(8), layout: LAYOUT, fuel: 100, track });
}

const body = (text: string): readonly Insn[] => [...TABLE, ...bpf(text), GOTOX, ...bpf("r0 = 1; exit; r0 = 2; exit")];

test("gotox goes where the array says", () => {
  expect(run(body("r0 = 0"), 5, 7)).toMatchObject({ kind: "returned", r0: 1n });
  expect(run(body("r0 = 0"), 7, 5)).toMatchObject({ kind: "returned", r0: 2n });
});

test("without following the run, too", () => {
  const program: Program = { code: [body("r0 = 0")], maps: [insns(7, 5)], context: "memory" };
  const outcome = interpret({ program, input: new Uint8Array(8), layout: LAYOUT, fuel: 100 });
  expect(outcome).toMatchObject({ kind: "returned", r0: 2n });
});

describe("a program is undefined that", () => {
  test.each([
    ["r1 += 8", "goes to what r1 holds, which is not the address of an instruction"],
    ["r1 = 8", "goes to what r1 holds, which is not the address of an instruction"],
    ["if r1 == 7 goto +0", "branches on r1, which depends on where instruction 5 lies"],
    ["r2 = *(u8 *)(r1 + 0)", "reads through r1, which points to instruction 5"],
    [
      "r2 = map_fd_value 0 + 0 ll; *(u64 *)(r2 + 0) = r1",
      "writes the value of map 0, which holds addresses of instructions",
    ],
    ["r0 = r1; if r10 == 0 goto +1; exit", "returns r0, which depends on where instruction 5 lies"],
  ])("does: %s", (text, detail) => {
    const slots = bpf(text).length + 4;
    expect(run(body(text), slots, slots + 2)).toMatchObject({
      kind: "faulted",
      why: "undefined",
      detail: detail.replace("instruction 5", `instruction ${slots}`),
    });
  });

  test("goes to another function", () => {
    const code = [...TABLE, GOTOX, insn(rowById("call local"), { off: 0, imm: 1 }), ...bpf("exit; r0 = 1; exit")];
    expect(run(code, 6, 4)).toMatchObject({ detail: "goes to instruction 6, which is in another function" });
  });
});

test("an address that is kept may differ between the witnesses, and is not compared", () => {
  const kept = run(body("*(u64 *)(r10 - 8) = r1; r0 = 0"), 6, 8);
  expect(kept).toMatchObject({ kind: "returned" });
  const stack = "regions" in kept ? kept.regions.find(({ name }) => name === "stack") : undefined;
  expect([...stack!.written!].slice(-8)).toEqual(new Array(8).fill(0));
});

describe("refused", () => {
  test.each([
    ["a slot that is none", [99], "an instruction array names slot 99, where no instruction begins"],
    ["the second half of a constant", [1, 5], "an instruction array names slot 1, where no instruction begins"],
  ] as const)("%s", (_name, slots, message) => {
    expect(run(body("r0 = 0"), ...slots)).toContain(message);
  });

  test("a jump with nowhere to go", () => {
    const code = [...bpf("r1 = 0"), GOTOX, ...bpf("r0 = 1; exit")];
    expect(run(code)).toContain("gotox, but no instruction array names a slot of this function");
  });

  test("a part of an address", () => {
    const code = [...bpf("r1 = map_fd_value 0 + 4 ll; r0 = *(u32 *)(r1 + 0); exit")];
    expect(run(code, 0)).toContain("lddw mapFdValue of map 0 at 4, expected a multiple of 8 below 8");
  });
});
