// The two interpreters of `spec/` against each other where fresh programs do not come, or hardly ever: sizes and places at
// their limits, and what no program may do. They say nothing of a subject, but every verdict on one rests on them.

import { hex64 } from "../../spec/bits.js";
import { type ContextStructure, isNumber, isSettable, structureOf } from "../../spec/bpf/context-fields.js";
import { pointerTo } from "../../spec/bpf/memory.js";
import { MAX_CALL_DEPTH, type MapSpec, type Program, STACK_BYTES, type TailCallCount } from "../../spec/bpf/program.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { layoutOf } from "../../subjects/run/layout.js";
import type { DirectedCase } from "../../subjects/subject.js";
import { differenceBetween } from "../cases/program/interpreters.js";
import { ASKED } from "./interpreter-asked.js";
import { HELPER_TEXTS, REQUESTS } from "./interpreter-helpers.js";
import { ARRAY, key, MAP_TEXTS, MAPS } from "./interpreter-maps.js";

/** Programs, the first of which is entered, and what they need. */
interface Tried extends Partial<Omit<Program, "code">> {
  readonly texts: readonly string[];
  readonly tailCallCount?: TailCallCount;
  readonly fuel?: number;
}
interface Group {
  readonly name: string;
  /** In this order: nothing of a run may be there in the next one. */
  readonly tried: () => Iterable<Tried>;
}

const INPUT = Uint8Array.from({ length: 20 }, (_, i) => 17 * i + 3);
const FUEL = 5000;

const differenceIn = ({ texts, tailCallCount, fuel = FUEL, ...more }: Tried): string | undefined => {
  const program: Program = {
    maps: [],
    context: "memory",
    ...more,
    code: texts.map((text) => bpf(text.replaceAll("+ -", "- "))),
  };
  const found = differenceBetween({ program, inputs: [INPUT] }, { fuel, tailCallCount });
  return found && `${found.where}: expected ${found.expected}, got ${found.got} in: ${texts.join(" / ")}`;
};

const each = (texts: readonly string[], more: Omit<Tried, "texts"> = {}): readonly Tried[] =>
  texts.map((text) => ({ ...more, texts: [text] }));

const CALLEE = "call pc+2; r0 += 1; exit";
/** Calls itself so often. */
const deep = (times: number): string =>
  `r1 = ${times}; call pc+2; r0 += 7; exit; r0 = r10; if r1 == 0 goto +2; r1 += -1; call pc-4; exit`;
const CALL_TEXTS: readonly string[] = [
  "r6 = 5; call pc+2; r0 += r6; exit; r6 = 9; *(u64 *)(r10 - 8) = 3; r0 = *(u64 *)(r10 - 8); exit",
  "r6 = 1; r7 = 2; r8 = 3; r9 = 4; call pc+5; r0 += r6; r0 += r7; r0 += r8; r0 += r9; exit; r6 = 9; r7 = 9; r8 = 9; r9 = 9; r0 = r10; exit",
  ...[-8, -504, -512, -513, 0].flatMap((off) => [
    `${CALLEE}; r0 = *(u8 *)(r10 + ${off}); exit`,
    `${CALLEE}; *(u8 *)(r10 + ${off}) = 5; r0 = *(u8 *)(r10 + ${off}); exit`,
    `*(u8 *)(r10 + ${off}) = 5; r0 = *(u8 *)(r10 + ${off}); exit`,
    `r0 = *(u8 *)(r10 + ${off}); exit`,
  ]),
  ...[1, 2, 4, 8].map((size) => `${CALLEE}; *(u32 *)(r10 - 8) = -1; r0 = *(u${8 * size} *)(r10 - 8); exit`),
  // The second of two calls has a stack of its own, and that of the first is gone.
  "call pc+3; call pc+4; exit; r0 = 1; *(u64 *)(r10 - 8) = 1; exit; r0 = *(u64 *)(r10 - 8); exit",
  "call pc+2; r0 = *(u64 *)(r0 - 8); exit; *(u64 *)(r10 - 8) = 1; r0 = r10; exit",
  "call pc+2; r0 = *(u8 *)(r0 - 512); exit; *(u64 *)(r10 - 512) = 1; r0 = r10; exit",
  "r1 = r10; r1 += -8; call pc+2; r0 = *(u64 *)(r10 - 8); exit; *(u64 *)(r1 + 0) = 3; r0 = 0; exit",
  ...[0, 5, 6, 7, 8].map(deep),
  "call pc+1; exit; call pc-2; exit",
  "r0 = r1; r0 += r2; r0 += r3; r0 += r9; exit",
  "call pc+2; r0 = r1; exit; r0 = 0; exit",
  "r0 = 0; goto -1; exit",
  "r0 = 0; goto +7; exit",
  "r0 = 0; gotol -2; exit",
  "r0 = 0",
  ...[0, 1, 2, 7, 8].flatMap((n) =>
    ["", "call 8; ", "r0 = 4; "].map(
      (between) =>
        `r6 = 3; *(u64 *)(r11 - ${8 * n}) = 6; *(u64 *)(r11 - 16) = r6; ${between}call pc+1; exit; r0 = *(u64 *)(r11 + ${8 * n}); r1 = *(u64 *)(r11 + 16); r0 += r1; exit`,
    ),
  ),
  ...[3, 12, 60].map((off) => `*(u64 *)(r11 - ${off}) = 6; call pc+1; exit; r0 = 1; exit`),
  ...[4, 12, -8].map((off) => `*(u64 *)(r11 - 8) = 6; call pc+1; exit; r0 = *(u64 *)(r11 + ${off}); exit`),
  // Its own are gone once one of the next call is stored, or after a call; those of a call are for that call.
  "*(u64 *)(r11 - 8) = 6; call pc+1; exit; *(u64 *)(r11 - 8) = 7; r0 = *(u64 *)(r11 + 8); exit",
  "*(u64 *)(r11 - 8) = 6; call pc+1; exit; call 8; r0 = *(u64 *)(r11 + 8); exit",
  "*(u64 *)(r11 - 8) = 6; call pc+2; call pc+1; exit; r0 = *(u64 *)(r11 + 8); exit",
  "*(u64 *)(r11 - 8) = 6; call pc+3; call pc+2; exit; exit; r0 = *(u64 *)(r11 + 8); *(u64 *)(r11 - 8) = 7; call 8; exit",
  "*(u64 *)(r11 - 8) = 6; call pc+1; exit; call pc+2; r0 = *(u64 *)(r11 + 8); exit; r0 = 1; exit",
  "*(u64 *)(r11 - 8) = 6; call pc+1; exit; r0 = 3; call pc+1; exit; r0 = *(u64 *)(r11 + 8); exit",
  "r0 = *(u64 *)(r11 + 8); exit",
];

/** What a run that faults deep in calls leaves must not be there in the next one: neither stacks, nor maps of more. */
function* leftovers(): Iterable<Tried> {
  const program: Program = { code: [[]], maps: MAPS, context: "memory" };
  const { calleeStacks, maps } = layoutOf(program, INPUT.length);
  const literal = (va: number): string => `${hex64(pointerTo(va))} ll`;
  const end = calleeStacks.base + calleeStacks.bytes;
  for (let depth = 1; depth < MAX_CALL_DEPTH; depth++) {
    yield { texts: ["call pc+1; exit; *(u64 *)(r10 - 8) = 1; call pc-2; exit"] };
    yield { texts: [`r1 = ${literal(end - depth * STACK_BYTES + STACK_BYTES - 8)}; r0 = *(u64 *)(r1 + 0); exit`] };
  }
  for (const [i, { object, values }] of maps.entries()) {
    yield { texts: ["r0 = 0; exit"], maps: MAPS };
    yield { texts: [`r1 = ${literal(values.base)}; r0 = *(u32 *)(r1 + 0); exit`], maps: MAPS.slice(0, i) };
    yield { texts: [`r9 = 0; ${key(0, 0)}; r1 = ${literal(object.base)}; call 1; exit`], maps: MAPS.slice(0, i || 1) };
  }
}

const COUNTS = [0, 1, 2, 3].map((n) => ({ countsEmptySlots: (n & 1) !== 0, forgetsReturned: (n & 2) !== 0 }));
const tail = (slot: number | string, context = "r6"): string =>
  `r1 = ${context}; r2 = map_fd 0 ll; r3 = ${slot}; call 12`;
const AGAIN = `r2 = *(u64 *)(r1 + 0); r2 += 1; *(u64 *)(r1 + 0) = r2; r0 = r2; r2 = map_fd 0 ll; r3 = 0; call 12; exit`;
const ZEROED = "r6 = r1; *(u64 *)(r6 + 0) = 0";
const misses = (slot: number, times: number): string =>
  `r6 = r1; r7 = ${times}; ${tail(slot)}; r7 += -1; if r7 != 0 goto -7; ${tail(0)}; r0 = 9; exit`;
/** Mains and what slot 0 leads to; slot 1 is empty. */
const TAIL_CALLS: readonly (readonly [string, string])[] = [
  ...[32, 33, 34, 40].flatMap((times) => [1, 2, -1].map((slot) => [misses(slot, times), "r0 = 2; exit"] as const)),
  [
    `${ZEROED}; call pc+5; r1 = r6; call pc+3; r1 = r6; r0 = *(u64 *)(r1 + 0); exit; r6 = r1; ${tail(0)}; r0 = 0; exit`,
    AGAIN,
  ],
  [`${ZEROED}; ${tail(0)}; exit`, AGAIN],
  [`r6 = r1; ${tail("0x100000000 ll")}; r0 = 1; exit`, "r0 = 2; exit"],
  [`r6 = r1; ${tail(0, "r6; r1 += 1")}; r0 = 1; exit`, "r0 = 2; exit"],
  [`r6 = r1; ${tail(0).replace("call", "r2 += 8; call")}; r0 = 1; exit`, "r0 = 2; exit"],
  [`r6 = r1; ${tail(0).replace("map_fd 0", "map_fd 1")}; r0 = 1; exit`, "r0 = 2; exit"],
  ["r2 = 2; r3 = 0; call 12; r0 = 1; exit", "r0 = 2; exit"],
  // Nothing of the stack that is left, or of registers, is there in the one that is entered.
  [`r6 = r1; r7 = 3; *(u64 *)(r10 - 8) = 1; ${tail(0)}; exit`, "r0 = r7; r0 += r10; *(u16 *)(r10 - 2) = 5; exit"],
  [`r6 = r1; *(u64 *)(r10 - 8) = 1; ${tail(0)}; exit`, "r0 = *(u64 *)(r10 - 8); exit"],
  [`r6 = r1; *(u64 *)(r10 - 512) = 1; ${tail(0)}; exit`, "*(u64 *)(r10 - 512) = 1; r0 = *(u8 *)(r10 - 505); exit"],
  [`r6 = r1; call pc+2; r0 += 1; exit; *(u64 *)(r10 - 8) = 1; ${tail(0, "r1")}; exit`, "r0 = *(u64 *)(r10 - 8); exit"],
  [`r6 = r1; call pc+2; r0 += 1; exit; ${tail(0, "r1")}; r0 = 1; exit`, "r0 = r10; r0 += r6; exit"],
  [`r6 = r1; call pc+2; r0 += r1; exit; ${tail(1, "r1")}; r0 = 1; exit`, "r0 = 2; exit"],
  [`r6 = r1; ${tail(1)}; r0 = r1; exit`, "r0 = 2; exit"],
  [`*(u64 *)(r11 - 8) = 6; r6 = r1; ${tail(0)}; exit`, "call pc+1; exit; r0 = *(u64 *)(r11 + 8); exit"],
];
/** After the first time it counts, calls a function that tail calls slot 2, and goes on with itself. */
const CALLS_BETWEEN =
  "r6 = r1; r2 = *(u64 *)(r1 + 0); r2 += 1; *(u64 *)(r1 + 0) = r2; call pc+7; r1 = r6; r2 = map_fd 0 ll; r3 = 0; call 12; r0 = *(u64 *)(r6 + 0); exit; r2 = map_fd 0 ll; r3 = 2; call 12; r0 = 0; exit";
/** Twice in a row, and what the first one has written the second one must not see. */
const WRITES_AND_READS =
  "r2 = *(u64 *)(r1 + 0); r2 += 1; *(u64 *)(r1 + 0) = r2; if r2 == 2 goto +6; *(u64 *)(r10 - 8) = 7; r2 = map_fd 0 ll; r3 = 0; call 12; exit; r0 = *(u64 *)(r10 - 8); exit";
function* tailCalls(): Iterable<Tried> {
  for (const [main, target] of TAIL_CALLS) {
    const maps: readonly MapSpec[] = [{ kind: "progArray", entries: 2, programs: [1, undefined] }, ARRAY];
    for (const tailCallCount of COUNTS) yield { texts: [main, target], maps, tailCallCount };
  }
  const maps: readonly MapSpec[] = [{ kind: "progArray", entries: 3, programs: [0, 2, 1] }];
  const other: readonly MapSpec[] = [{ kind: "progArray", entries: 3, programs: [1, undefined, 2] }];
  for (const target of [CALLS_BETWEEN, WRITES_AND_READS]) {
    for (const tailCallCount of COUNTS) {
      yield { texts: [`${ZEROED}; ${tail(0)}; exit`, target, "r0 = 5; exit"], maps: other, tailCallCount };
    }
  }
  for (const tailCallCount of COUNTS) yield { texts: [AGAIN, AGAIN, AGAIN], maps, tailCallCount };
  for (const slot of [1, 2, 3]) {
    yield { texts: [`r6 = r1; ${tail(slot)}; r0 = 1; exit`, "r0 = 2; exit", "r0 = 3; exit"], maps };
  }
}

const ENTRY = (entry: number, add: number): string =>
  `r0 = 0; if r0 == 0 goto +1; exit; r1 = map_fd_value 0 + ${8 * entry} ll; r0 = *(u64 *)(r1 + 0); r0 += ${add}; gotox r0; r0 = 5; exit; r0 = 6; exit`;
const BUDGETS: readonly string[] = [
  "r0 = 0; r0 += 1; may_goto +1; goto -3; exit",
  "r0 = 0; may_goto +9; goto -2; exit",
  "may_goto +5; call pc+4; r7 = r0; call pc+2; r0 += r7; exit; r0 = 0; r0 += 1; may_goto +1; goto -3; exit",
  // What is left of the caller's budget is there again after a call that spends its own.
  "r6 = 0; call pc+5; r6 += 1; may_goto +1; goto -4; r0 = r6; exit; r0 = 0; may_goto +1; goto -2; exit",
];
function* newerForms(): Iterable<Tried> {
  for (const loops of [undefined, 0, 1, 7]) yield* each(BUDGETS, loops === undefined ? {} : { loops });
  const INSNS: MapSpec = { kind: "insnArray", entries: 4, code: 0, slots: [8, 10, 2] };
  for (const entry of [0, 1, 2, 3]) {
    const added = [0, 1, 2, 4, 8, -8, 16, 24, 32, 800, -800];
    yield* each(
      added.map((add) => ENTRY(entry, add)),
      { maps: [INSNS] },
    );
  }
  yield* each(["r1 = map_fd_value 0 + 0 ll; *(u64 *)(r1 + 0) = 1; r0 = 0; exit", "r0 = 0; gotox r0; exit"], {
    maps: [INSNS],
  });
  const maps: readonly MapSpec[] = [
    { ...INSNS, code: 1 },
    { kind: "progArray", entries: 1, programs: [1] },
  ];
  yield { texts: ["r2 = map_fd 1 ll; r3 = 0; call 12; r0 = 1; exit", ENTRY(1, 0)], maps };
  yield { texts: [ENTRY(1, 0), "r0 = 1; exit"], maps };
}

const SIZES = ["u8", "u16", "u32", "u64"];
const SIGNED = ["s8", "s16", "s32"];
/** Every access at and around the ends of the memory that r1 points to. */
const ends = (bytes: number): readonly string[] =>
  [-8, -4, -2, -1, 0, 1, 2, 3, ...[-8, -7, -4, -3, -2, -1, 0, 1].map((off) => bytes + off)].flatMap((off) => [
    ...[...SIZES, ...SIGNED].map((type) => `r0 = *(${type} *)(r1 + ${off}); exit`),
    ...SIZES.map((type) => `r2 = -7; *(${type} *)(r1 + ${off}) = r2; r0 = 0; exit`),
    ...SIZES.map((type) => `*(${type} *)(r1 + ${off}) = -3; r0 = 0; exit`),
    ...["u32", "u64"].map((type) => `r2 = -7; lock *(${type} *)(r1 + ${off}) += r2; r0 = 0; exit`),
    `r0 = 3; r2 = 9; r0 = cmpxchg_64(r1 + ${off}, r0, r2); exit`,
    ...SIZES.flatMap((type) => [
      `r0 = load_acquire((${type} *)(r1 + ${off})); exit`,
      `r2 = -7; store_release((${type} *)(r1 + ${off}), r2); r0 = 0; exit`,
    ]),
  ]);
function* regions(): Iterable<Tried> {
  for (const context of ["memory", "tracing"] as const) yield* each(ends(INPUT.length), { context });
  yield* each(
    ends(32).map((text) => `r1 = map_fd_value 0 + 0 ll; ${text}`),
    { maps: MAPS },
  );
  yield* each(ends(8).map((text) => `r1 = r10; r1 += -8; ${text}`));
}

/** Each byte of each of them tells where it is from. */
const fieldsOf = (structure: ContextStructure): ReadonlyMap<string, bigint> =>
  new Map(
    structure.fields
      .filter((field) => isNumber(field) && isSettable(field))
      .map(({ name, width }, i) => [
        name,
        BigInt.asUintN(8 * width, 0xf1e2_d3c4_b5a6_9788n + BigInt(i) * 0x0101_0101_0101_0101n),
      ]),
  );
const PACKETS = [
  "r2 = *(u32 *)(r1 + 0); r0 = *(u32 *)(r1 + 4); r0 -= r2; exit",
  ...[11, 12, 13, 19, 20].map((off) => `r2 = *(u32 *)(r1 + 0); r0 = *(u64 *)(r2 + ${off}); exit`),
];
function* fields(): Iterable<Tried> {
  for (const context of ["xdp", "skb"] as const) {
    const structure = structureOf(context)!;
    const places = Array.from({ length: structure.bytes + 9 }, (_, offset) => offset);
    const texts = places.flatMap((off) => [
      ...[...SIZES, ...(off % 4 === 0 ? SIGNED : [])].map((type) => `r0 = *(${type} *)(r1 + ${off}); exit`),
      ...SIZES.map((type) => `r2 = -7; *(${type} *)(r1 + ${off}) = r2; r0 = 0; exit`),
      ...SIZES.slice(2).map((type) => `r2 = -7; lock *(${type} *)(r1 + ${off}) += r2; r0 = 0; exit`),
    ]);
    yield* each([...texts, ...PACKETS], { context, fields: fieldsOf(structure) });
  }
}

const [NETWORK, LINK] = [-0x10_0000, -0x20_0000];
const OFFSETS = [0, 1, 2, 15, 16, 17, 18, 19, 20, -1, 0x7fff_ffff, -0x8000_0000, LINK - 1, NETWORK - 1].concat(
  [0, 1, 2, 3, 4, 5, 6].map((off) => NETWORK + off),
  [0, 16, 17, 18, 19, 20].map((off) => LINK + off),
);
function* legacyLoads(): Iterable<Tried> {
  for (const type of SIZES.slice(0, 3)) {
    for (const off of OFFSETS) {
      for (const load of [`skb[${off}]`, `skb[r7 ${off < 0 ? "-" : "+"} ${Math.abs(off)}]`]) {
        const text = `r6 = r1; r7 = 0x500000001 ll; call pc+2; r0 += r7; exit; r0 = *(${type} *)${load}; r0 += 3; exit`;
        for (const context of ["skb", "xdp"] as const) yield { texts: [text], context };
      }
    }
    yield { texts: [`r6 = r1; r6 += 1; r0 = *(${type} *)skb[0]; exit`], context: "skb" };
    yield { texts: [`r6 = r1; r3 = 5; r0 = *(${type} *)skb[0]; r0 += r3; exit`], context: "skb" };
  }
}

function* endsOfFuel(): Iterable<Tried> {
  for (const fuel of [1, 2, 3, 4, 5, 6]) {
    yield { texts: ["r0 = 1; r0 += 2; r0 += 3; exit"], fuel };
    yield { texts: ["call pc+1; exit; r0 = 3; exit"], fuel };
    yield { texts: ["r6 = r1; r0 = *(u8 *)skb[100]; exit"], context: "skb", fuel };
  }
}

const GROUPS: readonly Group[] = [
  { name: "helpers", tried: () => each(HELPER_TEXTS) },
  { name: "requests", tried: () => [...each(REQUESTS, { context: "skb" }), ...each(REQUESTS, { context: "xdp" })] },
  { name: "helpers that are asked for", tried: () => ASKED },
  { name: "maps", tried: () => each(MAP_TEXTS, { maps: MAPS }) },
  { name: "local calls", tried: () => each(CALL_TEXTS) },
  { name: "what a run leaves", tried: leftovers },
  { name: "tail calls", tried: tailCalls },
  { name: "the end of the fuel", tried: endsOfFuel },
  { name: "budgets and computed jumps", tried: newerForms },
  { name: "the ends of memory", tried: regions },
  { name: "fields of contexts", tried: fields },
  { name: "loads of packets as classic BPF had them", tried: legacyLoads },
];

export const INTERPRETERS: readonly DirectedCase[] = GROUPS.map(({ name, tried }) => ({
  name: `both interpreters: ${name}`,
  check() {
    for (const one of tried()) {
      const difference = differenceIn(one);
      if (difference !== undefined) return difference;
    }
    return undefined;
  },
}));
