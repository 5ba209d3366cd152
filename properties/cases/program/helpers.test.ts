// Every helper once where it succeeds and changes what the program sees, and once where it fails, on both witnesses. What
// cannot fail is on a list of its own.

import { expect, test } from "vitest";
import { HELPERS } from "../../../spec/bpf/helpers.js";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

const CHECK = makeCheck({ definedness: "run" });

/** r0, or the sentence where there is none. */
function outcomeOf(text: string): bigint | string {
  const read = parseCase(`# title: t\n${text.trim().replaceAll(/\s*;\s*/g, "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  const { verdict, runs } = checkOrCrash(read.value, CHECK);
  const expected = runs[0]?.expected;
  if (verdict.kind === "agree" && expected?.kind === "returned") return BigInt.asIntN(64, expected.r0);
  return JSON.stringify(verdict);
}

const SKB = "# context: skb\n# input: 02 00 00 00 00 01 02 00 00 00 00 02 08 00 45 00 00 14 zero 12 12 34 zero 4\n";
const XDP = SKB.replace("skb", "xdp");
const ARRAY = "# map: array value=8 entries=2\n";
const HASH = "# map: hash key=4 value=8 entries=1\n";
const RING = "# map: ringbuf entries=64\n";
const PERF = "# map: perf entries=2\n";
const MAP = "r1 = map_fd 0 ll";
const KEY = (n: number): string => `*(u32 *)(r10 - 4) = ${n}; r2 = r10; r2 += -4`;
const VALUE = (n: number): string => `*(u64 *)(r10 - 16) = ${n}; r3 = r10; r3 += -16; r4 = 0`;
const SAVE = "r6 = r1";
/** After a helper that moves it: its length. */
const LENGTH = "r2 = *(u32 *)(r6 + 0); r0 = *(u32 *)(r6 + 4); r0 -= r2; exit";
const SKB_LENGTH = "r0 = *(u32 *)(r6 + 0); exit";
const BUFFER = "r3 = r10; r3 += -16; r4 = 4";
/** Bytes at r10 - 16 as r0. */
const READ = "r0 = *(u32 *)(r10 - 16); exit";
const TASK = "*(u64 *)(r10 - 32) = 0x636261; *(u64 *)(r10 - 24) = 0";
const FORMAT = "*(u32 *)(r10 - 8) = 0x000a6425; r1 = r10; r1 += -8; r2 = 4; r3 = 5";
const FIB = Array.from({ length: 8 }, (_, i) => `*(u64 *)(r10 - ${8 * (i + 1)}) = 0`).join("; ");
const PARAMS = "r2 = r10; r2 += -64; r3 = 64; r4 = 0";
const TUNNEL = Array.from({ length: 6 }, (_, i) => `*(u64 *)(r10 - ${8 * (i + 1)}) = 7`).join("; ");
const TUNNEL_KEY = "r2 = r10; r2 += -48; r3 = 44; r4 = 0";

const OPTIONS = "r1 = r6; r2 = r10; r2 += -8; r3 = 8";
const OPTION = "r1 = r6; r2 = 1; r3 = 8; r4 = r10; r4 += -4; r5 = 4";

type Row = readonly [id: number, succeeds: string, r0: bigint, fails: string, error: bigint];

const ROWS: readonly Row[] = [
  [
    1,
    `${ARRAY}${KEY(1)}; ${MAP}; call 1; if r0 == 0 goto +1; r0 = 5; exit`,
    5n,
    `${ARRAY}${KEY(2)}; ${MAP}; call 1; exit`,
    0n,
  ],
  [
    2,
    `${HASH}${KEY(1)}; ${VALUE(6)}; ${MAP}; call 2; ${KEY(1)}; ${MAP}; call 1; if r0 == 0 goto +1; r0 = *(u64 *)(r0 + 0); exit`,
    6n,
    `${HASH}${KEY(1)}; ${VALUE(6)}; r4 = 2; ${MAP}; call 2; exit`,
    -2n,
  ],
  [
    3,
    `${HASH}${KEY(1)}; ${VALUE(6)}; ${MAP}; call 2; ${KEY(1)}; ${MAP}; call 3; r0 += 9; exit`,
    9n,
    `${HASH}${KEY(1)}; ${MAP}; call 3; exit`,
    -2n,
  ],
  ...([4, 113] as const).map(
    (id): Row => [
      id,
      `${TASK}; r1 = r10; r1 += -16; r2 = 4; r3 = r10; r3 += -32; call ${id}; ${READ}`,
      0x636261n,
      `r1 = r10; r1 += -16; r2 = 4; r3 = 8; call ${id}; exit`,
      -14n,
    ],
  ),
  ...([45, 115] as const).map(
    (id): Row => [
      id,
      `${TASK}; r1 = r10; r1 += -16; r2 = 8; r3 = r10; r3 += -32; call ${id}; r1 = *(u32 *)(r10 - 16); r0 += r1; exit`,
      0x636261n + 4n,
      `r1 = r10; r1 += -16; r2 = 8; r3 = 8; call ${id}; exit`,
      -14n,
    ],
  ),
  [6, `${FORMAT}; call 6; exit`, 3n, `${FORMAT}; *(u8 *)(r10 - 7) = 0x79; call 6; exit`, -22n],
  [
    9,
    `${SKB}${SAVE}; *(u32 *)(r10 - 16) = 0x55; r2 = 0; ${BUFFER}; r5 = 0; call 9; r2 = *(u32 *)(r6 + 76); r0 = *(u8 *)(r2 + 0); exit`,
    0x55n,
    `${SKB}*(u32 *)(r10 - 16) = 0; r2 = 33; ${BUFFER}; r5 = 0; call 9; exit`,
    -14n,
  ],
  // RFC 1624: 0x1234 with 0x1111 taken for 0x2222.
  [
    10,
    `${SKB}${SAVE}; r2 = 30; r3 = 0x1111; r4 = 0x2222; r5 = 2; call 10; r2 = *(u32 *)(r6 + 76); r3 = *(u32 *)(r6 + 80); r4 = r2; r4 += 32; if r4 > r3 goto +1; r0 = *(u16 *)(r2 + 30); exit`,
    0x2301n,
    `${SKB}r2 = 31; r3 = 1; r4 = 2; r5 = 2; call 10; exit`,
    -14n,
  ],
  [
    11,
    `${SKB}${SAVE}; r2 = 30; r3 = 1; r4 = 2; r5 = 4; call 11; r2 = *(u32 *)(r6 + 76); r0 = *(u16 *)(r2 + 30); exit`,
    0x3411n,
    `${SKB}r2 = 30; r3 = 1; r4 = 2; r5 = 3; call 11; exit`,
    -22n,
  ],
  [13, `${SKB}r2 = 1; r3 = 0; call 13; r0 += 1; exit`, 1n, `${SKB}r2 = 1; r3 = 2; call 13; exit`, -22n],
  [16, `r1 = r10; r1 += -16; r2 = 4; call 16; ${READ}`, 0x786f72n, "r1 = r10; r2 = 0; call 16; exit", -22n],
  [
    20,
    `${SKB}${SAVE}; ${TUNNEL}; ${TUNNEL_KEY}; call 21; r1 = r6; *(u64 *)(r10 - 48) = 0; ${TUNNEL_KEY}; call 20; r0 = *(u32 *)(r10 - 48); exit`,
    7n,
    `${SKB}${TUNNEL}; ${TUNNEL_KEY}; call 20; exit`,
    -22n,
  ],
  [
    21,
    `${SKB}${TUNNEL}; ${TUNNEL_KEY}; call 21; r0 += 3; exit`,
    3n,
    `${SKB}${TUNNEL}; ${TUNNEL_KEY}; r3 = 43; call 21; exit`,
    -22n,
  ],
  [23, `${SKB}r1 = 3; r2 = 1; call 23; exit`, 7n, `${SKB}r1 = 3; r2 = 2; call 23; exit`, 2n],
  [
    25,
    `${PERF}*(u64 *)(r10 - 8) = 1; r2 = map_fd 0 ll; r3 = 0xffffffff ll; r4 = r10; r4 += -8; r5 = 8; call 25; r0 += 4; exit`,
    4n,
    `${PERF}*(u64 *)(r10 - 8) = 1; r2 = map_fd 0 ll; r3 = 1; r4 = r10; r4 += -8; r5 = 8; call 25; exit`,
    -2n,
  ],
  [
    26,
    `${SKB}r2 = 12; ${BUFFER}; r4 = 2; call 26; r0 = *(u16 *)(r10 - 16); exit`,
    8n,
    `${SKB}r2 = 35; ${BUFFER}; call 26; exit`,
    -14n,
  ],
  [
    27,
    "# map: stacks value=64 entries=16\nr2 = map_fd 0 ll; r3 = 0; call 27; exit",
    4n,
    "# map: stacks value=64 entries=16\nr2 = map_fd 0 ll; r3 = 8; call 27; exit",
    -14n,
  ],
  [
    28,
    "*(u32 *)(r10 - 16) = 5; r1 = 0; r2 = 0; r3 = r10; r3 += -16; r4 = 4; r5 = 2; call 28; exit",
    7n,
    "*(u32 *)(r10 - 16) = 5; r1 = 0; r2 = 0; r3 = r10; r3 += -16; r4 = 3; r5 = 2; call 28; exit",
    -22n,
  ],
  [
    31,
    `${SKB}${SAVE}; r2 = 0xdd86; r3 = 0; call 31; r0 = *(u32 *)(r6 + 0); exit`,
    56n,
    `${SKB}r2 = 0x0008; r3 = 0; call 31; exit`,
    -524n,
  ],
  [32, `${SKB}${SAVE}; r2 = 3; call 32; r0 = *(u32 *)(r6 + 4); exit`, 3n, `${SKB}r2 = 4; call 32; exit`, -22n],
  [38, `${SKB}${SAVE}; r2 = 50; r3 = 0; call 38; ${SKB_LENGTH}`, 50n, `${SKB}r2 = 10; r3 = 0; call 38; exit`, -22n],
  [39, `${SKB}r2 = 36; call 39; r0 += 6; exit`, 6n, `${SKB}r2 = 37; call 39; exit`, -12n],
  [43, `${SKB}${SAVE}; r2 = 14; r3 = 0; call 43; ${SKB_LENGTH}`, 50n, `${SKB}r2 = 257; r3 = 0; call 43; exit`, -12n],
  [44, `${XDP}${SAVE}; r2 = 4; call 44; ${LENGTH}`, 32n, `${XDP}r2 = -220; call 44; exit`, -22n],
  [
    49,
    "*(u32 *)(r10 - 8) = 5; r2 = 1; r3 = 8; r4 = r10; r4 += -8; r5 = 4; call 49; r0 += 1; exit",
    1n,
    "*(u32 *)(r10 - 8) = 5; r2 = 2; r3 = 8; r4 = r10; r4 += -8; r5 = 4; call 49; exit",
    -22n,
  ],
  [
    50,
    `${SKB}${SAVE}; r2 = 8; r3 = 1; r4 = 0; call 50; ${SKB_LENGTH}`,
    44n,
    `${SKB}r2 = -8; r3 = 1; r4 = 0; call 50; exit`,
    -524n,
  ],
  [
    51,
    `# context: xdp\n# map: devmap value=4 entries=2\n# element: map 0, 1 = 07 00 00 00\n${MAP}; r2 = 1; r3 = 0; call 51; exit`,
    4n,
    `# context: xdp\n# map: devmap value=4 entries=2\n# element: map 0, 1 = 07 00 00 00\n${MAP}; r2 = 0; r3 = 2; call 51; exit`,
    2n,
  ],
  [
    54,
    `${XDP}${SAVE}; r2 = -8; call 54; r2 = *(u32 *)(r6 + 8); r0 = *(u32 *)(r6 + 0); r0 -= r2; exit`,
    8n,
    `${XDP}r2 = -6; call 54; exit`,
    -13n,
  ],
  [65, `${XDP}${SAVE}; r2 = 10; call 65; ${LENGTH}`, 46n, `${XDP}r2 = -25; call 65; exit`, -22n],
  [
    68,
    `${SKB}r2 = 0; ${BUFFER}; r4 = 1; r5 = 1; call 68; r0 = *(u8 *)(r10 - 16); exit`,
    0x45n,
    `${SKB}r2 = 0; ${BUFFER}; r5 = 2; call 68; exit`,
    -14n,
  ],
  [
    69,
    `${XDP}${FIB}; *(u8 *)(r10 - 64) = 2; *(u32 *)(r10 - 32) = 1; ${PARAMS}; call 69; r0 = *(u32 *)(r10 - 56); exit`,
    2n,
    `${XDP}${FIB}; ${PARAMS}; call 69; exit`,
    -97n,
  ],
  [
    130,
    `${RING}*(u64 *)(r10 - 8) = 1; ${MAP}; r2 = r10; r2 += -8; r3 = 8; r4 = 0; call 130; r0 += 2; exit`,
    2n,
    `${RING}*(u64 *)(r10 - 8) = 1; ${MAP}; r2 = r10; r2 += -8; r3 = 8; r4 = 4; call 130; exit`,
    -22n,
  ],
  [
    131,
    `${RING}${MAP}; r2 = 8; r3 = 0; call 131; if r0 == 0 goto +6; *(u64 *)(r0 + 0) = 5; r6 = *(u64 *)(r0 + 0); r1 = r0; r2 = 0; call 132; r0 = r6; exit`,
    5n,
    `${RING}${MAP}; r2 = 64; r3 = 0; call 131; exit`,
    0n,
  ],
  [134, `${RING}${MAP}; r2 = 1; call 134; exit`, 64n, `${RING}${MAP}; r2 = 4; call 134; exit`, 0n],
  [
    152,
    `${SKB}r1 = 3; r2 = 0; r3 = 0; r4 = 0; call 152; exit`,
    7n,
    `${SKB}r1 = 3; r2 = 0; r3 = 0; r4 = 1; call 152; exit`,
    2n,
  ],
  [155, `${SKB}r1 = 3; r2 = 0; call 155; exit`, 7n, `${SKB}r1 = 3; r2 = 1; call 155; exit`, 2n],
  // Twice: the first tag goes into the packet then, before what was its protocol.
  [
    18,
    `${SKB}${SAVE}; r2 = 0x0081; r3 = 7; call 18; r1 = r6; r2 = 0xa888; r3 = 9; call 18; r1 = *(u32 *)(r6 + 76); r2 = *(u32 *)(r6 + 80); r3 = r1; r3 += 18; if r3 > r2 goto +8; r0 = *(u32 *)(r1 + 12); r2 = *(u32 *)(r6 + 24); r0 <<= 8; r0 |= r2; r2 = *(u32 *)(r6 + 28); r0 <<= 16; r0 |= r2; r2 = *(u32 *)(r6 + 16); r0 ^= r2; exit`,
    0x07_0000_8109_a888n ^ 0x81n,
    `# context: skb\n# input: 01 02\n# field: vlan_present = 1\nr2 = 0x81; r3 = 7; call 18; exit`,
    -12n,
  ],
  [
    19,
    `# context: skb\n# input: 01 02 03 04 05 06 07 08 09 0a 0b 0c 81 00 00 05 08 00 45\n${SAVE}; call 19; r0 = *(u32 *)(r6 + 16); r1 = *(u32 *)(r6 + 0); r0 <<= 8; r0 |= r1; r1 = *(u32 *)(r6 + 20); r0 <<= 8; r0 |= r1; exit`,
    0x08_0f00n,
    `# context: skb\n# input: 01 02 03 04 05 06 07 08 09 0a 0b 0c 81 00 00\ncall 19; exit`,
    -12n,
  ],
  [22, `${PERF}${MAP}; r2 = 0; call 22; exit`, 1_000_000_000n, `${PERF}${MAP}; r2 = 1; call 22; exit`, -2n],
  [
    29,
    `${SKB}${SAVE}; ${TUNNEL}; ${TUNNEL_KEY}; call 21; ${OPTIONS}; call 30; *(u64 *)(r10 - 8) = 0; ${OPTIONS}; call 29; r1 = *(u32 *)(r10 - 8); r0 <<= 8; r0 |= r1; exit`,
    0x807n,
    `${SKB}${SAVE}; *(u64 *)(r10 - 8) = 1; ${OPTIONS}; call 29; exit`,
    -2n,
  ],
  [
    30,
    `${SKB}${SAVE}; ${TUNNEL}; ${TUNNEL_KEY}; call 21; ${OPTIONS}; call 30; exit`,
    0n,
    `${SKB}${SAVE}; *(u64 *)(r10 - 8) = 1; ${OPTIONS}; call 30; exit`,
    -22n,
  ],
  [
    55,
    `${PERF}${MAP}; r2 = 0; r3 = r10; r3 += -24; r4 = 24; call 55; r0 = *(u64 *)(r10 - 8); exit`,
    1_000_000_000n,
    `${PERF}${MAP}; r2 = 0; r3 = r10; r3 += -24; r4 = 16; call 55; exit`,
    -22n,
  ],
  [
    56,
    "# context: tracing\nr2 = r10; r2 += -24; r3 = 24; call 56; r0 = *(u64 *)(r10 - 24); exit",
    1_000_000_000n,
    "# context: tracing\nr2 = r10; r2 += -24; r3 = 8; call 56; exit",
    -22n,
  ],
  [
    57,
    `*(u32 *)(r10 - 4) = 77; ${SAVE}; ${OPTION}; call 49; *(u32 *)(r10 - 4) = 0; ${OPTION}; call 57; r0 = *(u32 *)(r10 - 4); exit`,
    77n,
    `${OPTION.replace("r2 = 1", "r2 = 6").replace("r1 = r6; ", "")}; call 57; exit`,
    -22n,
  ],
  [
    189,
    `${XDP}r2 = 12; ${BUFFER}; r4 = 2; call 189; r0 = *(u16 *)(r10 - 16); exit`,
    8n,
    `${XDP}r2 = 35; ${BUFFER}; call 189; exit`,
    -22n,
  ],
  [
    190,
    `${XDP}${SAVE}; *(u32 *)(r10 - 16) = 9; r2 = 0; ${BUFFER}; call 190; r2 = *(u32 *)(r6 + 0); r0 = *(u8 *)(r2 + 0); exit`,
    9n,
    `${XDP}*(u32 *)(r10 - 16) = 9; r2 = 35; ${BUFFER}; call 190; exit`,
    -22n,
  ],
  [
    195,
    `${ARRAY}${KEY(1)}; ${MAP}; r3 = 0; call 195; if r0 == 0 goto +1; r0 = 5; exit`,
    5n,
    `${ARRAY}${KEY(1)}; ${MAP}; r3 = 1; call 195; exit`,
    0n,
  ],
];

/** What these answer they always do; those of a record need one that was reserved. */
const CANNOT_FAIL: Readonly<Record<number, readonly [text: string, r0: bigint]>> = {
  5: ["call 5; exit", 1_000_000_000n],
  7: ["call 7; r6 = r0; call 7; r0 ^= r6; if r0 == 0 goto +1; r0 = 1; exit", 1n],
  8: ["call 8; exit", 0n],
  14: ["call 14; exit", 0x4d2_0000_04d3n],
  15: ["call 15; exit", 0x3e8_0000_03e8n],
  34: [`${SKB}${SAVE}; call 34; r1 = *(u32 *)(r6 + 68); r0 -= r1; exit`, 0n],
  35: ["call 35; if r0 == 0 goto +1; r0 = 1; exit", 1n],
  41: [`${SKB}${SAVE}; call 34; r1 = r6; call 41; r0 = *(u32 *)(r6 + 68); exit`, 0n],
  42: ["call 42; exit", 0n],
  46: ["call 46; exit", 1n],
  48: [`${SKB}${SAVE}; r2 = 77; call 48; r1 = r6; call 34; exit`, 77n],
  // The registers that it was given are those of the function's end.
  58: [
    `# context: tracing\n# input: zero 240 11 22 33 44 55 66 77 88 zero 24\n${SAVE}; r2 = 99; call 58; r0 = *(u64 *)(r6 + 0); r1 = *(u8 *)(r6 + 256); r0 <<= 8; r0 |= r1; exit`,
    0x6311n,
  ],
  80: ["call 80; exit", 1n],
  122: ["r1 = 0; call 122; exit", 1n],
  118: ["call 118; exit", 0xffff_ffffn - 75_000n + 250n],
  125: ["call 125; exit", 1_000_000_000n],
  132: [
    `${RING}${MAP}; r2 = 8; r3 = 0; call 131; if r0 == 0 goto +4; r1 = r0; *(u64 *)(r1 + 0) = 1; r2 = 0; call 132; exit`,
    0n,
  ],
  133: [`${RING}${MAP}; r2 = 8; r3 = 0; call 131; if r0 == 0 goto +3; r1 = r0; r2 = 0; call 133; exit`, 0n],
  160: ["call 160; exit", 1_000_000_000n],
  188: [`${XDP}call 188; exit`, 36n],
  208: ["call 208; exit", 1_000_000_000n],
};

test("every helper has its row", () => {
  const rows = [...ROWS.map(([id]) => id), ...Object.keys(CANNOT_FAIL).map(Number)];
  expect(rows.sort((a, b) => a - b)).toEqual([...HELPERS.keys()].sort((a, b) => a - b));
});

test.each(ROWS)("helper %i succeeds, and fails", (_, succeeds, r0, fails, error) => {
  expect([outcomeOf(succeeds), outcomeOf(fails)]).toEqual([r0, error]);
});

test.each(Object.entries(CANNOT_FAIL))("helper %s answers", (_, [text, r0]) => {
  expect(outcomeOf(text)).toBe(r0);
});

test.each(["call 84", "call kfunc 77"])("%s is refused by name, or runs as an unknown function", (call) => {
  const text = `r1 = 5; ${call}; r6 = r0; r1 = 5; ${call}; r0 ^= r6; exit`;
  const read = parseCase(`# title: t\n${text.replaceAll("; ", "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  const refused = checkOrCrash(read.value, CHECK);
  expect(refused.runs).toEqual([]);
  // Equal arguments give equal results, whatever undefined registers hold.
  const program = { ...read.value.program, unknownCalls: 1 };
  const { verdict, runs } = checkOrCrash({ ...read.value, program }, CHECK);
  expect(verdict).toEqual({ kind: "agree" });
  const expected = runs[0]!.expected;
  const requests = expected.kind === "returned" ? expected.regions.find(({ name }) => name === "requests") : undefined;
  expect(requests?.bytes.length).toBe(2 * (8 + 5 * 8));
  expect([...requests!.bytes.subarray(8, 16)]).toEqual([5, 0, 0, 0, 0, 0, 0, 0]);
  expect(requests!.written?.[8]).toBe(1);
  expect(requests!.written?.[16]).toBe(0);
});

test.each([
  ["csum_diff", "r1 = 0; r2 = 0; r3 = r10; r3 += -16; r4 = 16; r5 = 0; call 28; exit"],
  ["probe_read_str", "r1 = r10; r1 += -8; r2 = 4; r3 = r10; r3 += -16; call 45; exit"],
  ["trace_printk", "r1 = r10; r1 += -8; r2 = 3; call 6; exit"],
])("%s decides by what it reads, which must be written", (name, callee) => {
  expect(outcomeOf(`call pc+1; exit; ${callee}`)).toMatch(
    `undefined program: ${name}: reads what is not wholly written`,
  );
  // The main frame holds zeros.
  expect(outcomeOf(callee)).toBeTypeOf("bigint");
});

test.each([
  [0x10002, 0, 3n],
  [-29, 0, 0xffe3n],
  [0x10002, 0x10000, 0x10003n],
  [0x10002, -1, 3n],
])("csum_diff sums %i up in 16 bits and adds all 32 of the seed %i, as arm64 does (Linux 6.12)", (word, seed, sum) => {
  const text = `*(u32 *)(r10 - 8) = ${word}; r1 = 0; r2 = 0; r3 = r10; r3 += -8; r4 = 4; r5 = ${seed}; call 28; exit`;
  expect(outcomeOf(text)).toBe(sum);
});

test.each([4, 45])("what lies beyond the frame, helper %i must not read", (helper) => {
  const call = (from: number): string => `r1 = r10; r1 += -32; r2 = 16; r3 = r10; r3 += ${from}; call ${helper}; exit`;
  const filled = Array.from({ length: 4 }, (_, i) => `*(u64 *)(r10 - ${8 * (i + 1)}) = -1`).join("; ");
  expect(outcomeOf(`${filled}; ${call(-8)}`)).toMatch(/probe_read(_str)?: reads beyond the stack/);
  expect(outcomeOf(`${filled}; ${call(-16)}`)).toBeTypeOf("bigint");
  // As a number it is the same place.
  expect(outcomeOf(`${filled}; ${call(-8).replace("r3 += -8", "r3 += -8; r3 &= -1")}`)).toMatch("beyond the stack");
});
