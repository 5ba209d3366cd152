import { describe, expect, test } from "vitest";
import type { Insn } from "../insn.js";
import { factsAtSight } from "./facts-at-sight.js";
import { add, call, copy, exit, helper, i, mov, program } from "./testing.js";
import { validate } from "./validate.js";

const store = (off: number): Insn => i("stdw", { dst: 10, off });
const load = (off: number): Insn => i("ldxb", { dst: 0, src: 10, off });

test.each<[string, readonly Insn[]]>([
  ["nothing", [mov(0, 0), exit]],
  ["the deepest access counts", [store(-8), store(-24), load(-25), exit]],
  ["of each function its own", [store(-8), call(1), exit, store(-40), mov(0, 0), exit]],
  [
    "functions in the order of their starts",
    [call(3), call(4), mov(0, 0), exit, mov(0, 1), exit, store(-16), mov(0, 2), exit],
  ],
  ["called twice", [call(2), call(1), exit, mov(0, 1), exit]],
  ["an atomic", [store(-8), mov(1, 1), i("lock add", { dst: 10, src: 1, off: -8 }), mov(0, 0), exit]],
  ["a helper without arguments", [helper(5), exit]],
])("seen at sight as validated: %s", (_, code) => {
  const value = program(code);
  const validity = validate(value);
  expect(validity).toEqual({ ok: true, facts: factsAtSight(value) });
});

describe("what needs the registers followed", () => {
  test.each<[string, readonly Insn[]]>([
    ["a copy", [copy(2, 10), add(2, -8), mov(0, 0), exit]],
    ["a spill", [i("stxdw", { dst: 10, src: 10, off: -8 }), mov(0, 0), exit]],
    ["a comparison", [mov(0, 0), i("jeq reg", { dst: 1, src: 10 }), exit]],
  ])("%s", (_, code) => expect(factsAtSight(program(code))).toBeUndefined());

  test("a context with fields", () => {
    expect(factsAtSight(program([mov(0, 0), exit], "xdp"))).toBeUndefined();
  });
});
