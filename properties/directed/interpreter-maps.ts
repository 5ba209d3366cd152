// Texts of programs that work on maps with flags, keys and places at their limits, for both interpreters.

import type { MapSpec } from "../../spec/bpf/program.js";

export const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 12, entries: 2 };
const HASH: MapSpec = { kind: "hash", keyBytes: 3, valueBytes: 8, entries: 2 };
const PROGS: MapSpec = { kind: "progArray", entries: 3, programs: [0, undefined, 0] };
export const MAPS: readonly MapSpec[] = [ARRAY, HASH, PROGS, { ...ARRAY, entries: 4 }];
/** Arguments of a call, the last of them r9: its flags. */
export const key = (value: number, map: number): string =>
  `*(u32 *)(r10 - 4) = ${value}; r2 = r10; r2 += -4; r1 = map_fd ${map} ll; r3 = r10; r3 += -16; r4 = r9`;
const update = (value: number, map: number, flags: number): string =>
  `r9 = ${flags}; *(u64 *)(r10 - 16) = 7; *(u64 *)(r10 - 8) = 9; ${key(value, map)}; call 2`;
/** Some keys, then a call that takes one more. */
const filled = (keys: readonly number[], call: string): string =>
  `${keys.map((value) => update(value, 1, 0)).join("; ")}; r9 = 0; ${call}; exit`;
const FLAGS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10_0000];

export const MAP_TEXTS: readonly string[] = [
  ...FLAGS.flatMap((flags) => [0, 1].map((map) => `${update(1, map, flags)}; exit`)),
  ...FLAGS.map((flags) => `${update(1, 1, 0)}; ${update(1, 1, flags)}; exit`),
  `r9 = 0; ${update(1, 0, 0).replace("r9 = 0", "r9 = 0x100000000 ll")}; exit`,
  ...[1, 2, 5, -1].flatMap((value) => [`${update(value, 0, 0)}; exit`, `r9 = 0; ${key(value, 0)}; call 1; exit`]),
  ...[1, 2, 3].map((id) => `r9 = 0; ${key(1, 2)}; call ${id}; exit`),
  ...[1, 2, 3].map((id) => `r9 = 0; ${key(1, 0)}; r1 += 1; call ${id}; exit`),
  ...[1, 2, 3].flatMap((id) => [-3, -4].map((to) => `r9 = 0; ${key(1, 1)}; r2 = r10; r2 += ${to}; call ${id}; exit`)),
  ...[-8, -7].map((to) => `r9 = 0; *(u64 *)(r10 - 8) = 1; ${key(1, 1)}; r3 = r10; r3 += ${to}; call 2; exit`),
  ...[-12, -11].map((to) => `r9 = 0; *(u64 *)(r10 - 12) = 1; ${key(1, 0)}; r3 = r10; r3 += ${to}; call 2; exit`),
  // A third key finds no room; the lowest slot that was freed is taken again; what is left of it is not there.
  ...[
    [1, 2],
    [0x100, 0x200],
    [0, 1],
  ].flatMap((keys) =>
    [0, 1, 3, 0x100, 0x300].flatMap((value) => [
      filled(keys, update(value, 1, 0)),
      ...[1, 3].map((id) => filled(keys, `${key(value, 1)}; call ${id}`)),
    ]),
  ),
  `${filled([1, 2], `${key(1, 1)}; call 3; r6 = r0; ${update(3, 1, 1)}; r9 = 0; ${key(3, 1)}; call 1; r0 += r6`)}`,
  `${filled([1, 2], `${key(2, 1)}; call 3; r6 = r0; r9 = 0; ${key(2, 1)}; call 1; r0 += r6`)}`,
  ...[0, 1].map((map) => `r9 = 0; ${key(1, map)}; call 3; exit`),
  ...[0, 4, 8, 12, 16].map(
    (off) => `r9 = 0; ${key(1, 0)}; call 1; if r0 == 0 goto +1; *(u32 *)(r0 + ${off}) = -1; exit`,
  ),
  ...[0, 8, -4].map((off) => `r0 = map_fd_value 0 + ${off} ll; r1 = map_idx 1 ll; r0 += r1; exit`),
  ...[0, 1, 3].map((map) => `r1 = map_idx_value ${map} + 0 ll; r0 = *(u32 *)(r1 + 28); exit`),
];
