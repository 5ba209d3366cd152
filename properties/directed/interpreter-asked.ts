// Texts of programs that call what the compiled interpreter asks others for: it answers them on its own registers, memory and
// clock, and some of the maps are theirs. Nothing of a run may be there in the next one.

import { MOST_HELPER } from "../../spec/bpf/helper-names.js";
import { HELPERS } from "../../spec/bpf/helpers.js";
import { KERNEL_FUNCTIONS } from "../../spec/bpf/kernel-functions.js";
import type { MapElement, MapSpec, Program } from "../../spec/bpf/program.js";

const element = (key: number[], value: number[]): MapElement => ({
  key: Uint8Array.from(key),
  value: Uint8Array.from(value),
});
const [RING, PERF, OUTER, TRIE, REDIRECTS, STACKS, HASH, PROGS] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const MAPS: readonly MapSpec[] = [
  { kind: "ringBuffer", entries: 128 },
  { kind: "perfEvents", entries: 2 },
  {
    kind: "mapOfMaps",
    outer: "array",
    keyBytes: 4,
    entries: 2,
    inner: [{ key: Uint8Array.of(1, 0, 0, 0), map: HASH }],
  },
  {
    ...{ kind: "lpmTrie", keyBytes: 5, valueBytes: 8, entries: 3 },
    contents: [
      element([4, 0, 0, 0, 0x3f], [1, 0, 0, 0, 0, 0, 0, 9]),
      element([4, 0, 0, 0, 0x31], [2, 0, 0, 0, 0, 0, 0, 8]),
    ],
  },
  {
    ...{ kind: "redirect", to: "devmap", keyBytes: 4, valueBytes: 4, entries: 3 },
    contents: [element([1, 0, 0, 0], [5, 0, 0, 0])],
  },
  { kind: "stackTrace", valueBytes: 64, entries: 100 },
  {
    ...{ kind: "hash", keyBytes: 4, valueBytes: 8, entries: 2 },
    contents: [element([7, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 4])],
  },
  { kind: "progArray", entries: 1, programs: [1] },
];

/** The first call of a text, and the same after it, with another answer or not. */
const twice = (text: string): string => `${text}; r6 = r0; ${text}; r0 ^= r6; exit`;
const WORD = "*(u64 *)(r10 - 8) = 0x12345";
const key = (value: number, map: number): string =>
  `*(u64 *)(r10 - 8) = ${value}; r2 = r10; r2 += -8; r1 = map_fd ${map} ll; r3 = r10; r3 += -8; r4 = 0`;
const reserve = (size: number): string => `r1 = map_fd ${RING} ll; r2 = ${size}; r3 = 0; call 131`;
const query = (what: number): string => `r1 = map_fd ${RING} ll; r2 = ${what}; call 134`;

const ON_MAPS: readonly string[] = [
  ...[132, 133].flatMap((release) =>
    [8, 16].map(
      (size) =>
        `${reserve(size)}; if r0 == 0 goto +7; r7 = *(u64 *)(r0 + 0); *(u64 *)(r0 + 0) = 7; r1 = r0; r2 = 0; call ${release}; ${query(0)}; r0 += r7; exit`,
    ),
  ),
  ...[0, 1, 200].map((size) => `${reserve(size)}; r0 &= 0xffff; exit`),
  `${reserve(8)}; *(u64 *)(r0 + 8) = 7; exit`,
  "r1 = r10; r2 = 0; call 132; exit",
  twice(`${WORD}; r1 = map_fd ${RING} ll; r2 = r10; r2 += -8; r3 = 8; r4 = 0; call 130`),
  ...[0, 1, 2, 3, 9].map((what) => `${query(what)}; exit`),
  ...["0xffffffff ll", "0", "1", "5"].map(
    (flags) => `${WORD}; r2 = map_fd ${PERF} ll; r3 = ${flags}; r4 = r10; r4 += -8; r5 = 8; call 25; exit`,
  ),
  // The clock goes on, whoever reads it.
  `call 5; r6 = r0; r1 = map_fd ${PERF} ll; r2 = 0; call 22; r7 = r0; call 5; r0 -= r6; r7 -= r6; r0 *= r7; exit`,
  ...[0, 1, 2].map(
    (slot) =>
      `${key(slot, OUTER)}; call 1; if r0 == 0 goto +6; r1 = r0; *(u32 *)(r10 - 4) = 7; r2 = r10; r2 += -4; call 1; r0 &= 0xfff; exit`,
  ),
  ...[0x31, 0x3f, 0x99].flatMap((byte) =>
    [3, 4, 8].map(
      (bits) =>
        `r6 = ${byte}; ${key(bits, TRIE)}; *(u8 *)(r10 - 4) = r6; call 1; if r0 == 0 goto +1; r0 = *(u64 *)(r0 + 0); exit`,
    ),
  ),
  `${key(6, TRIE)}; call 2; r6 = r0; ${key(6, TRIE)}; call 3; r7 = r0; ${key(4, TRIE)}; call 3; r0 += r7; r0 *= 3; r0 += r6; exit`,
  "r0 = 0; exit",
  ...[1, 2].flatMap((slot) => [1, 2, 3].map((id) => `${key(slot, REDIRECTS)}; call ${id}; r0 &= 0xfff; exit`)),
  ...[0, 1, 2, 3, 9].map((slot) => `r1 = map_fd ${REDIRECTS} ll; r2 = ${slot}; r3 = 2; call 51; exit`),
  ...[0, 0x101, 0x800, 200].map((flags) => `r2 = map_fd ${STACKS} ll; r3 = ${flags}; call 27; exit`),
  ...[0, 1].flatMap((cpu) =>
    [6, 7].map(
      (value) => `${key(value, HASH)}; r3 = ${cpu}; call 195; if r0 == 0 goto +1; r0 = *(u64 *)(r0 + 0); exit`,
    ),
  ),
];

const FORMAT = "*(u64 *)(r10 - 8) = 0x78253a; r1 = r10; r1 += -8; r2 = 4";
const ALONE: readonly string[] = [
  ...[5, 0x7fff_ffff, -1].map((value) => `${FORMAT}; r3 = ${value}; r4 = 0; r5 = 0; call 6; exit`),
  `${FORMAT}; r2 = 9; r3 = 1; call 6; exit`,
  "r2 = 1; r3 = 7; r4 = r10; *(u32 *)(r10 - 4) = 77; r4 += -4; r5 = 4; r8 = r1; call 49; r1 = r8; r2 = 1; r3 = 7; r4 = r10; r4 += -8; *(u32 *)(r10 - 8) = 0; r5 = 4; call 57; r0 = *(u64 *)(r10 - 8); exit",
  // It begins in the frame of a call and ends in that of its caller.
  ...[45, 115].map(
    (id) =>
      `call pc+1; exit; *(u64 *)(r10 - 512) = 0x46454443; call pc+1; exit; *(u32 *)(r10 - 4) = 0x42414241; r1 = r10; r1 += -64; r2 = 20; r3 = r10; r3 += -4; call ${id}; r1 = *(u64 *)(r10 - 64); r0 += r1; exit`,
  ),
  // Among them all that nobody has, but none that needs a packet.
  ...Array.from({ length: MOST_HELPER + 2 }, (_, id) => id)
    .filter((id) => HELPERS.get(id)?.contexts?.includes("memory") !== false)
    .map((id) => `r2 = 0; r3 = 0; r4 = 0; r5 = 0; call ${id}; exit`),
];

const ITERATORS = [...KERNEL_FUNCTIONS.keys()];
const [CREATE, NEXT, DESTROY] = ITERATORS;
const iterator = "r1 = r10; r1 += -8";
const LOOPS: readonly string[] = [
  `r7 = 0; ${iterator}; r2 = 3; r3 = 9; call kfunc ${CREATE}; ${iterator}; call kfunc ${NEXT}; if r0 == 0 goto +3; r0 = *(u32 *)(r0 + 0); r7 += r0; goto -7; ${iterator}; call kfunc ${DESTROY}; r0 = r7; exit`,
  `r1 = 8; call kfunc ${NEXT}; exit`,
  "call kfunc 12345; exit",
];

/** Which of r1 to r5 hold something: what is there at first, after a call, in a function and in a program that is entered. */
const UNKNOWN: readonly string[] = [
  "call 84; exit",
  "r1 = 1; r3 = 5; call 84; r6 = r0; call kfunc 77; r0 ^= r6; exit",
  "r2 = 7; call pc+2; r0 += 1; exit; call kfunc 9; r6 = r0; r4 = 3; call kfunc 9; r0 -= r6; exit",
  `r5 = 3; r6 = r1; call 84; r1 = r6; r2 = map_fd ${PROGS} ll; r3 = 0; call 12; exit`,
  twice("r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5; call kfunc 77"),
  "call 8; call kfunc 77; call 5; r0 += r1; exit",
];
const ENTERED = "call 84; r6 = r0; call kfunc 84; r0 += r6; exit";

const SEES =
  "r2 = *(u32 *)(r6 + 76); r3 = *(u32 *)(r6 + 80); r4 = r2; r4 += 14; if r4 > r3 goto +2; r0 = *(u64 *)(r2 + 6); r0 += r7; r3 -= r2; r0 += r3; exit";
const SEES_XDP = SEES.replace("+ 76", "+ 0").replace("+ 80", "+ 4");
const moves = (id: number, by: number, sees: string): string =>
  `r6 = r1; r2 = ${by}; r3 = 0; r4 = 0; call ${id}; r7 = r0; ${sees}`;
const BY = [-20, -6, -1, 0, 1, 4, 20, 28, 400];
const ON_SKB: readonly string[] = [
  ...[31, 38, 39, 43, 50].flatMap((id) => BY.map((by) => moves(id, by, SEES))),
  // What classic BPF loads is of the packet as it is now.
  ...[38, 43].flatMap((id) =>
    BY.flatMap((by) => [0, 13, 18].map((off) => moves(id, by, `r0 = *(u16 *)skb[${off}]; r0 += r7; exit`))),
  ),
  ...[0, 12, 19, 20].map(
    (off) => `${WORD}; r6 = r1; r2 = ${off}; r3 = r10; r3 += -8; r4 = 4; r5 = 0; call 9; r7 = r0; ${SEES}`,
  ),
  ...[0, 16, 17].map(
    (off) => `${WORD}; r2 = ${off}; r3 = r10; r3 += -8; r4 = 4; call 26; r0 = *(u64 *)(r10 - 8); exit`,
  ),
  "r6 = r1; call 34; r7 = r0; r1 = r6; r2 = 5; call 48; r0 = *(u32 *)(r6 + 68); r0 += r7; exit",
];
const ON_XDP: readonly string[] = [
  ...[44, 54, 65].flatMap((id) => BY.map((by) => moves(id, by, SEES_XDP))),
  moves(44, -8, moves(44, 3, SEES_XDP).replace("r6 = r1", "r1 = r6")),
];

export const ASKED: readonly (Partial<Omit<Program, "code">> & { readonly texts: readonly string[] })[] = [
  ...(["memory", "skb", "xdp"] as const).flatMap((context) =>
    ON_MAPS.map((text) => ({ texts: [text, "r0 = 0; exit"], maps: MAPS, context })),
  ),
  ...[...ALONE, ...LOOPS].map((text) => ({ texts: [text] })),
  ...UNKNOWN.flatMap((text) => [1, 2].map((unknownCalls) => ({ texts: [text, ENTERED], maps: MAPS, unknownCalls }))),
  ...ON_SKB.map((text) => ({ texts: [text], context: "skb" as const })),
  ...ON_XDP.map((text) => ({ texts: [text], context: "xdp" as const })),
];
