// Kernel functions on both witnesses: those that are modelled, and what is said where one that is not would have had to be.

import { expect, test } from "vitest";
import { kernelFunctionNumber } from "../../../spec/bpf/helper-names.js";
import { KERNEL_FUNCTIONS } from "../../../spec/bpf/kernel-functions.js";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

const CHECK = makeCheck({ definedness: "run" });

/** r0, signed, or why there is none. */
function outcomeOf(text: string, unknown = ""): bigint | string {
  const read = parseCase(`# title: t\n${unknown}${text.trim().replaceAll(/\s*;\s*/g, "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  const { verdict, runs } = checkOrCrash(read.value, CHECK);
  const expected = runs[0]?.expected;
  if (verdict.kind === "agree" && expected?.kind === "returned") return BigInt.asIntN(64, expected.r0);
  return verdict.kind === "incomparable" ? verdict.why : JSON.stringify(verdict);
}

const call = (name: string): string => `call kfunc ${kernelFunctionNumber(name)}`;
const [NEW, NEXT, DESTROY] = ["new", "next", "destroy"].map((what) => call(`bpf_iter_num_${what}`));
const ITERATOR = "r1 = r10; r1 += -8";
const create = (start: number, end: number): string => `${ITERATOR}; r2 = ${start}; r3 = ${end}; ${NEW}`;
/** Bits 32 and up: how many numbers there are. The rest: their sum. */
const ALL =
  `r7 = 0; L1:; ${ITERATOR}; ${NEXT}; if r0 == 0 goto L2; r1 = *(s32 *)(r0 + 0); r7 += r1; r2 = 1; r2 <<= 32; ` +
  `r7 += r2; goto L1; L2:; ${ITERATOR}; ${DESTROY}; r0 = r7; exit`;

test.each([
  [0, 4, 4, 6],
  [-2, 2, 4, -2],
  [5, 5, 0, 0],
  [-0x8000_0000, -0x7fff_fffe, 2, -0xffff_ffff],
  [0x7fff_fffd, 0x7fff_ffff, 2, 0xffff_fffb],
  [3, 2, 0, 0],
])("numbers from %i to below %i", (start, end, count, sum) => {
  expect(outcomeOf(`${create(start, end)}; ${ALL}`)).toBe((BigInt(count) << 32n) + BigInt(sum));
});

test.each([
  [1, 1, 0n],
  [2, 1, 0xffff_ffean],
  [-1, 8 * 1024 * 1024 - 1, 0n],
  [-1, 8 * 1024 * 1024, 0xffff_fff9n],
  [-0x8000_0000, 0x7fff_ffff, 0xffff_fff9n],
])(
  "an iterator from %i to below %i is refused by its kernel function where it is too long or ends before it begins",
  (start, end, r0) => {
    expect(outcomeOf(`${create(start, end)}; exit`)).toBe(r0);
  },
);

test("an iterator that was destroyed gives nothing", () => {
  expect(outcomeOf(`${create(0, 9)}; ${ITERATOR}; ${DESTROY}; ${ITERATOR}; ${NEXT}; exit`)).toBe(0n);
  expect(outcomeOf(`${create(0, 9)}; ${ITERATOR}; ${DESTROY}; r0 = *(u64 *)(r10 - 8); exit`)).toBe(0n);
});

test("it lies in a frame, where a local call may have it too", () => {
  const callee = `${create(7, 9)}; ${ITERATOR}; ${NEXT}; if r0 == 0 goto L1; r0 = *(u32 *)(r0 + 0); L1:; exit`;
  expect(outcomeOf(`call pc+1; exit; ${callee}`)).toBe(7n);
});

test.each([
  [
    `*(u64 *)(r10 - 8) = 0; r1 = r10; r1 += -4; ${NEXT}; exit`,
    "undefined program: iter_num_next: changes 4 bytes beyond the stack, at instruction 3",
  ],
  [
    `r1 = 5; ${DESTROY}; exit`,
    "undefined program: iter_num_destroy: changes through r1, which is a number, at instruction 1",
  ],
  [
    `${create(0, 9)}; ${ITERATOR}; ${DESTROY}; exit`,
    "undefined program: returns r0, which is undefined, at instruction 8",
  ],
  [
    `call pc+1; exit; ${ITERATOR}; ${NEXT}; exit`,
    "undefined program: iter_num_next: reads what is not wholly written, at instruction 4",
  ],
])("%s", (text, sentence) => {
  expect(outcomeOf(text)).toBe(sentence);
});

const UNKNOWN = "# unknown: 1\n";
const OTHER = `r1 = 0; ${call("bpf_get_something")}; r6 = r0`;

test.each([
  ["r0 = *(u64 *)(r6 + 8); exit", "reads through r6"],
  ["*(u64 *)(r6 + 0) = 1; exit", "writes through r6"],
  ["r6 += 16; *(u64 *)(r10 - 8) = r6; r7 = *(u64 *)(r10 - 8); r0 = *(u8 *)(r7 - 1); exit", "reads through r7"],
  [`r1 = r6; ${NEXT}; exit`, "iter_num_next: changes through r1"],
])(
  "what a call has returned that is not modelled leads nowhere, which is not the program's fault: %s",
  (text, what) => {
    expect(outcomeOf(`${OTHER}; ${text}`, UNKNOWN)).toMatch(
      `not modelled: ${what}, which comes of a call that is not modelled, at instruction `,
    );
  },
);

test("as a number it counts like any other", () => {
  const moved = "r1 = r10; r6 &= 7; r1 -= r6; *(u8 *)(r1 - 8) = 1; r0 = r6; exit";
  expect(outcomeOf(`${OTHER}; ${moved}`, UNKNOWN)).toBeTypeOf("bigint");
  // Alone it is no bound of a pointer: the program's own mistake stays one.
  expect(outcomeOf(`${OTHER}; r0 = *(u8 *)(r10 + 0); exit`, UNKNOWN)).toMatch(
    "undefined program: reads one byte beyond",
  );
});

test("every kernel function that is modelled is named apart", () => {
  expect([...KERNEL_FUNCTIONS.values()].map(({ name }) => name)).toEqual([
    "iter_num_new",
    "iter_num_next",
    "iter_num_destroy",
  ]);
  expect(KERNEL_FUNCTIONS.size).toBe(3);
});
