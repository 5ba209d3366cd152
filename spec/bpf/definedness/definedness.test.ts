import { describe, expect, test } from "vitest";
import { interpret } from "../interpret.js";
import type { ContextKind, MapSpec, Program } from "../program.js";
import { LAYOUT } from "../testing.js";
import { parse } from "../text/parse.js";
import { validate } from "../validate/validate.js";

interface Setting {
  readonly maps?: readonly MapSpec[];
  readonly context?: ContextKind;
}
const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 12, entries: 2 };
const NAMED: MapSpec = { ...ARRAY, name: "counts" };
const HASH: MapSpec = { kind: "hash", keyBytes: 4, valueBytes: 8, entries: 2 };
const PROGS: MapSpec = { kind: "progArray", entries: 1, programs: [undefined] };

const programOf = (text: string, { maps = [], context = "memory" }: Setting): Program => {
  const parsed = parse(text.replaceAll("; ", "\n"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { code: [parsed.value], maps, context };
};

function follow(text: string, setting: Setting = {}) {
  const program = programOf(text, setting);
  const validity = validate(program, { definedness: "run" });
  if (!validity.ok) throw new Error(validity.problems[0]!.message);
  return interpret({ program, input: new Uint8Array(16), layout: LAYOUT, fuel: 1000, track: validity.facts });
}

const problem = (text: string, setting?: Setting): string => {
  const outcome = follow(text, setting);
  if (outcome.kind !== "faulted" || outcome.why !== "undefined") throw new Error(JSON.stringify(outcome.kind));
  return `${outcome.detail}, at ${outcome.pc}`;
};

const LOOKUP = "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = map_fd 0 ll; call 1; if r0 == 0 goto +1";
const maps = [ARRAY];

describe("what has no meaning is said in one sentence", () => {
  test.each<[sentence: string, text: string, setting?: Setting]>([
    ["returns r0, which is undefined, at 1", "r0 = r5; exit"],
    ["returns r0, which depends on where the frame of a local call lies, at 1", "call pc+1; exit; r0 = r10; exit"],
    ["branches on r3, which is undefined, at 0", "if r3 > 1 goto +0; r0 = 0; exit"],
    ["branches on r3, which is undefined, at 1", "r4 = 1; if r4 > r3 goto +0; r0 = 0; exit"],
    [
      "branches on r1, which depends on where the frame of a local call lies, at 4",
      "call pc+2; r0 = 0; exit; r1 = r10; if r1 > 5 goto +0; r0 = 0; exit"
        .replace("r1 = r10; ", "r1 = r10; ")
        .replace("+2", "+2"),
    ],
    ["reads through r3, which is undefined, at 0", "r0 = *(u8 *)(r3 + 0); exit"],
    ["reads through r3, which is 0, at 1", "r3 = 0; r0 = *(u8 *)(r3 + 0); exit"],
    ["reads through r3, which is a number, at 1", "r3 = 4096; r0 = *(u8 *)(r3 + 0); exit"],
    ["reads through r3, which is a number, at 2", "r3 = r1; r3 &= -8; r0 = *(u8 *)(r3 + 0); exit"],
    ["reads one byte below the input, at 0", "r0 = *(u8 *)(r1 - 1); exit"],
    ["reads 4 bytes beyond the input, at 0", "r0 = *(u32 *)(r1 + 16); exit"],
    ["writes 8 bytes beyond the stack, at 0", "*(u64 *)(r10 + 0) = 1; r0 = 0; exit"],
    ["changes one byte beyond the input, at 1", "r2 = 1; lock *(u32 *)(r1 + 13) += r2; r0 = 0; exit"],
    [
      "changes 4 bytes at once at an address that is no multiple of 4, at 1",
      "r2 = 1; lock *(u32 *)(r1 + 2) += r2; r0 = 0; exit",
    ],
    ["compares r0 and stores, but r0 is undefined, at 1", "r2 = 1; r0 = cmpxchg_64(r1 + 0, r0, r2); exit"],
    [
      "reads the frame of a local call, which is gone, at 1",
      "call pc+2; r0 = *(u64 *)(r0 + 0); exit; r0 = r10; r0 += -8; *(u64 *)(r0 + 0) = 1; exit",
    ],
    ["reads one byte below the value of map 0, at 7", `${LOOKUP}; r0 = *(u8 *)(r0 - 1); r0 = 0; exit`, { maps }],
    ["reads 4 bytes beyond the value of map 0, at 7", `${LOOKUP}; r0 = *(u64 *)(r0 + 8); r0 = 0; exit`, { maps }],
    [
      "writes one byte beyond the value of map counts, at 7",
      `${LOOKUP}; *(u8 *)(r0 + 12) = 1; r0 = 0; exit`,
      { maps: [NAMED] },
    ],
    ["reads through r1, which points to map 0 itself, at 2", "r1 = map_fd 0 ll; r0 = *(u8 *)(r1 + 0); exit", { maps }],
    [
      "map_lookup_elem: r1 is a pointer to map 0 that was moved by 32, which is no map, at 3",
      "r1 = map_fd 0 ll; r1 += 32; call 1; r0 = 0; exit",
      { maps },
    ],
    ["map_lookup_elem: r1 is not a map, at 1", "r1 = 7; call 1; exit", { maps }],
    [
      "map_lookup_elem: r1 is map 0, which is a program array, at 2",
      "r1 = map_fd 0 ll; call 1; exit",
      { maps: [PROGS] },
    ],
    ["map_lookup_elem: reads through r2, which is undefined, at 2", "r1 = map_fd 0 ll; call 1; exit", { maps }],
    [
      "map_lookup_elem: r2 points to a key that is not wholly written, at 6",
      "call pc+1; exit; r1 = map_fd 0 ll; r2 = r10; r2 += -4; call 1; r0 = 0; exit",
      { maps },
    ],
    ["tail_call: r1 is not the context, at 2", "r1 = 0; r3 = 0; call 12; r0 = 0; exit", { maps: [PROGS] }],
    ["tail_call: r2 is not a map, at 2", "r2 = 0; r3 = 0; call 12; r0 = 0; exit", { maps: [PROGS] }],
    ["tail_call: r2 is map 0, which is an array, at 3", "r2 = map_fd 0 ll; r3 = 0; call 12; r0 = 0; exit", { maps }],
    ["tail_call: r3 is undefined, at 2", "r2 = map_fd 0 ll; call 12; r0 = 0; exit", { maps: [PROGS] }],
    ["writes the xdp context, at 0", "*(u32 *)(r1 + 0) = 1; r0 = 0; exit", { context: "xdp" }],
    [
      "reads the xdp context through r1, but not one of its fields on every path, at 0",
      "r0 = *(u64 *)(r1 + 0); exit",
      { context: "xdp" },
    ],
    ["reads one byte beyond the packet, at 1", "r2 = *(u32 *)(r1 + 4); r0 = *(u8 *)(r2 + 0); exit", { context: "xdp" }],
  ])("%s", (sentence, text, setting) => {
    expect(problem(text, setting)).toBe(sentence);
  });
});

describe("what has a meaning runs", () => {
  test.each<[what: string, r0: bigint, text: string, setting?: Setting]>([
    [
      "a function that returns nothing",
      7n,
      "r1 = r10; r1 += -8; call pc+2; r0 = *(u64 *)(r10 - 8); exit; *(u64 *)(r1 + 0) = 7; exit",
    ],
    ["a branch that is never taken", 0n, "r1 = 1; if r1 == 1 goto +1; r0 = r9; r0 = 0; exit"],
    ["a pointer that was outside and is inside again", 0n, "r1 += 4096; r1 -= 4096; r0 = *(u8 *)(r1 + 0); exit"],
    ["a number plus a pointer", 0n, "r2 = 8; r2 += r1; r0 = *(u8 *)(r2 + 0); exit"],
    ["a pointer that was spilled", 0n, "*(u64 *)(r10 - 8) = r1; r2 = *(u64 *)(r10 - 8); r0 = *(u8 *)(r2 + 0); exit"],
    [
      "a pointer that was exchanged",
      0n,
      "r2 = r1; r3 = r10; r3 += -8; r2 = xchg_64(r3 + 0, r2); r2 = *(u64 *)(r3 + 0); r0 = *(u8 *)(r2 + 0); exit",
    ],
    [
      "the distance of two pointers into one frame of a call",
      8n,
      "call pc+1; exit; r0 = r10; r1 = r10; r1 += -8; r0 -= r1; exit",
    ],
    [
      "bits that a mask leaves of a half that was written",
      5n,
      "call pc+1; exit; *(u8 *)(r10 - 8) = 5; r0 = *(u64 *)(r10 - 8); r0 &= 255; exit",
    ],
    [
      "a comparison of a frame's pointer with 0",
      1n,
      "call pc+1; exit; r1 = r10; r0 = 1; if r1 != 0 goto +1; r0 = 2; exit",
    ],
    ["a field of the value in a map", 0n, `${LOOKUP}; r0 = *(u32 *)(r0 + 8); r0 = 0; exit`, { maps }],
  ])("%s", (_, r0, text, setting) => {
    expect(follow(text, setting)).toMatchObject({ kind: "returned", r0 });
  });
});

test("undefined bytes travel into memory and maps, and are not compared there", () => {
  const copy =
    "call pc+2; r0 = 0; exit; *(u32 *)(r10 - 4) = 9; *(u8 *)(r10 - 16) = 1; r1 = map_fd 0 ll; r2 = r10; r2 += -4; " +
    "r3 = r10; r3 += -16; r4 = 0; call 2; r0 = 0; exit";
  const outcome = follow(copy, { maps: [HASH] });
  if (outcome.kind !== "returned") throw new Error(JSON.stringify(outcome));
  const map = outcome.regions.find(({ name }) => name === "map 0");
  // Four bytes of key, then the value: only its first byte was written.
  expect([...(map?.written ?? [])]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test("where the pointer to a call's frame is stored, nothing is compared", () => {
  const outcome = follow("r6 = r10; r6 += -8; r1 = r6; call pc+2; r0 = 0; exit; *(u64 *)(r1 + 0) = r10; exit");
  if (outcome.kind !== "returned") throw new Error(JSON.stringify(outcome));
  const stack = outcome.regions.find(({ name }) => name === "stack");
  expect([...(stack?.written ?? [])].slice(-9)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0]);
});
