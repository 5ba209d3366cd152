import { expect, test } from "vitest";
import { parseTrampolineCase, printTrampolineCase } from "./text.js";

const TEXT = `# title: an entry
# oracle: trampoline
# helpers: far
# bti: yes
# ip: yes
# meanwhile: another CPU calls before event 3

far function(u64 5, struct 12 0x123456789abcdef0 7, u32 1) = 11
fentry   starts at 3, returns 0, cookie 9, sleepable
fmod_ret does not start, returns 0, lsm cgroup
fexit    starts at 1, returns 0, recursion checked, interpreted
`;

test("a case is read and printed", () => {
  const read = parseTrampolineCase(TEXT);
  if (!read.ok) throw new Error(read.error.message);
  const { value: c, head } = read;
  expect(c.setup).toMatchObject({ target: "far", helpersFar: true, ipArg: true, moment: 3, original: 11n });
  expect(c.setup.values).toEqual([5n, 0x1234_5678_9abc_def0n, 7n, 1n]);
  expect(c.setup.fexit).toMatchObject([{ start: 1n, recursionChecked: true, jited: false }]);
  expect(printTrampolineCase(c, head)).toBe(TEXT);
});

const CALL = "near function(u64 5) = 11\n";
const PROGRAM = "fentry starts at 3, returns 0\n";
test.each([
  [CALL, "line 1: no program is attached"],
  [PROGRAM, "line 1: nothing is called"],
  [`${CALL}${CALL}`, /^line 2: expected fentry, fmod_ret, fexit or fsession, got "near/],
  [
    `close function() = 1\n${PROGRAM}`,
    /^line 1: expected jit program, near function, far function, .*, struct_ops member/,
  ],
  [`near function(u64 5)\n${PROGRAM}`, "line 1: expected = and an answer"],
  [`near function(u16 5) = 1\n${PROGRAM}`, /^line 1: expected an argument such as u64 5/],
  [`near function(struct 12 5) = 1\n${PROGRAM}`, 'line 1: "struct 12 5" takes 2 words, not 1'],
  [
    `near function(${Array(13).fill("u64 1").join(", ")}) = 1\n${PROGRAM}`,
    /arguments of 13 words, expected 12 at most/,
  ],
  [
    `${CALL}fsession starts at 3, returns 0\n`,
    "line 2: a program for entry and exit is recursion checked, and no lsm cgroup",
  ],
  [
    `${CALL}fsession starts at 3, returns 0, recursion checked, leaves 0x10000000000000000\n`,
    'line 2: expected a number of 64 bits that it leaves, got "0x10000000000000000"',
  ],
  [`struct_ops member()\n${PROGRAM}fsession starts at 3, returns 0, recursion checked\n`, /is one fentry program/],
  [`jit program(u64 5, u64 6) = 1\n${PROGRAM}`, /a jit program has one argument/],
  [`${CALL}fentry returns 0\n`, /^line 2: expected "starts at N" or "does not start"/],
  [`${CALL}fentry starts at 3\n`, /^line 2: expected "returns N"/],
  [`${CALL}fentry starts at 3, starts at 3, returns 0\n`, /^line 2: expected .* got "starts at 3"/],
  [`${CALL}fentry starts at 3, returns 0, quickly\n`, /^line 2: expected .*, got "quickly"/],
  [`struct_ops member()\n${PROGRAM}${PROGRAM}`, "line 1: a struct_ops member is one fentry program"],
  ["struct_ops member()\nfentry does not start, returns 0\n", "line 1: a struct_ops member always starts"],
  [`# result: used\n${CALL}${PROGRAM}`, /only a struct_ops member has a result that is used/],
  [`# record: 1\nfar function() = 1\n${PROGRAM}`, /a record that lies anywhere needs a near function/],
  [`# record: 1\n# meanwhile: another CPU calls before event 1\n${CALL}${PROGRAM}`, /nobody pokes/],
  [`# meanwhile: lunch\n${CALL}${PROGRAM}`, /^line 1: expected "another CPU calls before event N", got "lunch"/],
  [`# record: far\n${CALL}${PROGRAM}`, 'line 1: expected an address of 64 bits, got "far"'],
])("%j is refused", (text, message) => {
  const read = parseTrampolineCase(text);
  expect(read.ok ? "no refusal" : read.error.message).toMatch(message);
});
