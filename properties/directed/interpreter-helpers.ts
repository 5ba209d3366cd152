// Texts of programs that call helpers with sizes, places and flags at their limits, for both interpreters.

/** At r10 - 16: `BA`, zeros, then 8 bytes of which none is zero before the last three. */
const TEXT = "*(u64 *)(r10 - 16) = 0x4142; *(u32 *)(r10 - 8) = 0x43444546; *(u32 *)(r10 - 4) = 0x4748";
/** What lies around the room is seen as well. */
const FILLED = "*(u64 *)(r10 - 40) = -1; *(u64 *)(r10 - 32) = -1; *(u64 *)(r10 - 24) = -1";

const at = (offset: number): string => `r10; r3 += ${offset}`;
const PLACES_READ = [at(-16), at(-8), at(-5), at(-15), at(-1), at(0), "r6", "77", "r6; r3 += 12", "r6; r3 += 19"];
const probe = (id: number, size: number, from: string, to = -32): string =>
  `r6 = r1; ${TEXT}; ${FILLED}; r1 = r10; r1 += ${to}; r2 = ${size}; r3 = ${from}; call ${id}; exit`;
const [PROBES, TEXT_PROBES] = [
  [4, 113],
  [45, 115],
];
const IN_CALLEE = "call pc+2; r0 += 1; exit";

const COPIES: readonly string[] = [
  ...[...PROBES, ...TEXT_PROBES].flatMap((id) =>
    [0, 1, 2, 3, 4, 7, 9, 24].flatMap((size) => PLACES_READ.map((from) => probe(id, size, from))),
  ),
  // Sizes that no memory has, and rooms that are not wholly there.
  ...[...PROBES, ...TEXT_PROBES].flatMap((id) => [
    ...[-1, 0x2000_0000, 0x2000_0001].map((size) => probe(id, size, at(-16))),
    ...[4, 5].flatMap((size) => [at(-8), "77"].map((from) => probe(id, size, from, -4))),
    probe(id, 64, "r6"),
  ]),
  // What is not written of a callee's stack cannot be read.
  ...[4, 45].flatMap((id) => [-16, -20].map((from) => `${IN_CALLEE}; ${probe(id, 12, at(from))}`)),
  ...[0, 1, 2, 3, 4, 5, 9, 24].map((size) => `${FILLED}; r1 = r10; r1 += -40; r2 = ${size}; call 16; exit`),
  ...[512, 513, -1].map((size) => `r1 = r10; r1 += -512; r2 = ${size}; call 16; exit`),
];

const sum = (less: number, more: number, from: number, seed: number): string =>
  `${TEXT}; r1 = r10; r1 += -16; r2 = ${less}; r3 = r10; r3 += ${from}; r4 = ${more}; r5 = ${seed}; call 28; exit`;
/** Sizes of what is taken away and of what is added, and where that lies. */
const SUMMED = [
  ...[
    [0, 0, -8],
    [8, 8, -8],
    [4, 12, -12],
    [16, 0, -8],
    [0, 16, -16],
    [0, 4, -16],
    [4, 0, -16],
    [4, 16, -8],
  ],
  ...[
    [3, 4, -8],
    [1, 0, -8],
    [0, 1, -8],
    [2, 2, -8],
    [5, 4, -8],
    [4, 6, -8],
  ],
  ...[
    [4, 260, -512],
    [4, 508, -512],
    [0, 512, -512],
    [4, 512, -512],
    [8, 508, -512],
    [-1, 4, -8],
    [4, -1, -8],
  ],
  ...[
    [0, 4, 0],
    [20, 0, -8],
  ],
] as const;
/** All ones, so that sums carry twice. */
const ONES = "*(u64 *)(r10 - 8) = -1; *(u64 *)(r10 - 16) = -1; *(u32 *)(r10 - 20) = 1; *(u32 *)(r10 - 24) = 0xffff";
const carries = (from: number, more: number, seed: number): string =>
  `${ONES}; r1 = 0; r2 = 0; r3 = r10; r3 += ${from}; r4 = ${more}; r5 = ${seed}; call 28; exit`;
const SUMS: readonly string[] = [
  ...SUMMED.flatMap(([less, more, from]) => [-2, 1].map((seed) => sum(less, more, from, seed))),
  ...[-24, -20, -16, -8].flatMap((from) =>
    [4, 8, 12, 16].flatMap((more) => [0, -1, 0x1_0001].map((seed) => carries(from, more, seed))),
  ),
];

const neighbour = (size: number, flags: number, first = 3): string =>
  `*(u64 *)(r10 - 24) = 7; *(u64 *)(r10 - 16) = 0x1234567; r1 = ${first}; r2 = r10; r2 += -24; r3 = ${size}; r4 = ${flags}; call 152; r6 = r0; r1 = 9; r2 = 0; call 155; r0 += r6; exit`;
/** As often as there is room for; once more is too much. */
const again = (times: number, rest = ""): string =>
  `r6 = ${times}; r1 = 5; r2 = 0; call 23; r6 += -1; if r6 != 0 goto -5; ${rest}exit`;
export const REQUESTS: readonly string[] = [
  ...[0, 1, 2, 3, -1].map(
    (flags) => `r1 = -3; r2 = ${flags}; call 23; r6 = r0; r1 = 9; r2 = 0; call 23; r0 += r6; exit`,
  ),
  ...[0, 1, 2].map((flags) => `r1 = 3; r2 = ${flags}; call 155; r6 = r0; r1 = 8; r2 = 0; call 155; r0 += r6; exit`),
  ...[0, 1, 8, 19, 20, 21, 24, 25].flatMap((size) => [0, 1].map((flags) => neighbour(size, flags))),
  "r1 = 6; r2 = 0; r3 = 0; r4 = 0; call 152; r6 = r0; r1 = 7; r2 = 0; call 23; r0 += r6; exit",
  "r1 = 6; r2 = 77; r3 = 1; r4 = 0; call 152; exit",
  "r1 = 6; r2 = 77; r3 = 20; r4 = 0; call 152; exit",
  ...[500, 512, 513, 600].map((times) => again(times)),
  again(511, "r1 = 2; r2 = 0; call 155; "),
  again(511, "r1 = 2; r2 = 0; r3 = 0; r4 = 0; call 152; "),
];

/** An answer twice, so that one that changes is told from one that does not. */
const twice = (id: number): string => `call ${id}; r6 = r0; call ${id}; r7 = r0; r0 -= r6; r0 *= 3; r0 ^= r7; exit`;
const ANSWERS: readonly string[] = [
  ...[5, 7, 8, 14, 15, 35, 42, 46, 80, 118, 122, 125, 160, 208].flatMap((id) => [twice(id), `call ${id}; exit`]),
  "call 125; r6 = r0; call 160; r6 *= r0; call 118; r6 *= r0; call 208; r0 ^= r6; exit",
  "r6 = 4000; call 5; r6 += -1; if r6 != 0 goto -3; call 118; exit",
  // Registers that a call leaves as they are, and those that it does not.
  "r1 = 9; call 8; r0 = r1; r0 += r5; exit",
];

/** Those of any context. */
export const HELPER_TEXTS: readonly string[] = [...COPIES, ...SUMS, ...ANSWERS];
