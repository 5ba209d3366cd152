import { describe, expect, test } from "vitest";
import type { Insn } from "../insn.js";
import { factsAtSight } from "./facts-at-sight.js";
import { add, call, copy, exit, helper, i, lddw, mov, program } from "./testing.js";
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
  ["a pointer for another function", [copy(1, 10), call(2), mov(0, 0), exit, mov(0, 0), exit]],
  ["a spill", [i("stxdw", { dst: 10, src: 10, off: -8 }), mov(0, 0), exit]],
  ["an exchange of a pointer", [store(-8), copy(2, 10), i("lock xchg", { dst: 10, src: 2, off: -8 }), mov(0, 0), exit]],
  [
    "a pointer that moves back",
    [copy(2, 10), i("sub imm", { dst: 2, imm: 1000 }), i("stdw", { dst: 2, off: 976 }), mov(0, 0), exit],
  ],
  ["a helper without arguments", [helper(5), exit]],
  ["a pointer to the frame", [copy(2, 10), add(2, -24), i("stdw", { dst: 2, off: 8 }), mov(0, 0), exit]],
  ["a pointer that is not used", [copy(2, 10), add(2, -24), mov(0, 0), exit]],
  [
    "a copy of a pointer",
    [copy(2, 10), add(2, -24), copy(6, 2), i("ldxb", { dst: 6, src: 6, off: 1 }), mov(0, 0), exit],
  ],
  [
    "a key and a value",
    [store(-8), ...lddw("mapFd", 1, 0), copy(2, 10), add(2, -8), copy(3, 10), add(3, -40), mov(4, 0), helper(2), exit],
  ],
  [
    "what a helper reads from any address",
    [copy(1, 10), add(1, -8), mov(2, 8), copy(3, 10), add(3, -72), helper(4), exit],
  ],
  ["a number that is a pointer", [copy(1, 10), add(1, -64), mov(2, 0), helper(5), exit]],
  [
    "a pointer that is gone when the code branches",
    [copy(1, 10), add(1, -8), mov(1, 0), i("jeq imm", { dst: 1 }), mov(0, 0), exit],
  ],
])("seen at sight as validated: %s", (_, code) => {
  const value = program(code);
  const validity = validate(value);
  expect(validity).toEqual({ ok: true, facts: factsAtSight(value) });
});

describe("what needs the registers followed", () => {
  test.each<[string, readonly Insn[]]>([
    [
      "a pointer that is used behind a branch",
      [copy(2, 10), mov(0, 0), i("jeq imm", { dst: 0 }), i("stdw", { dst: 2, off: -8 }), exit],
    ],
    [
      "a pointer that may be one where a branch leads",
      [
        mov(0, 0),
        copy(2, 10),
        i("jeq imm", { dst: 0, off: 1 }),
        mov(2, 0),
        copy(3, 2),
        i("stdw", { dst: 3, off: -8 }),
        exit,
      ],
    ],
    [
      "a pointer that comes back to where the code was",
      [mov(0, 0), copy(2, 1), i("stb", { dst: 2, off: 0 }), copy(2, 10), i("jeq imm", { dst: 0, off: -3 }), exit],
    ],
    [
      "a pointer that moves by what a register says",
      [copy(2, 10), mov(3, -8), i("add reg", { dst: 2, src: 3 }), mov(0, 0), exit],
    ],
    ["half of a pointer", [i("mov32 reg", { dst: 2, src: 10 }), mov(0, 0), exit]],
    ["a comparison", [mov(0, 0), i("jeq reg", { dst: 1, src: 10 }), exit]],
  ])("%s", (_, code) => expect(factsAtSight(program(code))).toBeUndefined());

  test("a context with fields", () => {
    expect(factsAtSight(program([mov(0, 0), exit], "xdp"))).toBeUndefined();
  });
});
