import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertLaw } from "../../../testing/law.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { historyIdentity, parseHistory, printHistory, withTodaysHead } from "./text.js";

const OLD_HEAD = `title:   a failed copy
oracle:  no-leak
expect:  breach
profile: linux-6.12
quirk:   secondFlush
pack:    8192 B
cpus:    4
apart:   yes
limit:   1024 B
note:    seen by hand

`;
const HEAD = `# title: a failed copy
# oracle: no-leak
# expect: breach
# note: seen by hand
# profile: linux-6.12
# quirk: secondFlush
# pack: 8192 B
# cpus: 4
# apart: yes
# limit: 1024 B

`;
const ACTIONS = `load #0 (r0 = 1 .., 24 insns, 192 B)
load #1 (r0 = 2 .., 7 insns, 2 subprograms, 1 probe, 448 B); copy 1 fails; cpu 1 runs #0 after event 7
attach #0 (fentry #1, fmod_ret recorder = 7 kept out, fexit #1, 484 B); setPermission 1 fails; cpu 3 runs #0 throughout
detach #0; cpu 1 runs #1 after event 3
cpu 1
run #0 on cpu 2
free #0 (192 B)
`;

const parsed = (text: string) => {
  const result = parseHistory(text);
  if (!result.ok) throw new Error(result.error.message);
  return result;
};

test("a history prints as it was read", () => {
  const { value, head } = parsed(HEAD + ACTIONS);
  expect(printHistory(value, head)).toBe(HEAD + ACTIONS);
  const options = { profile: "linux-6.12", except: ["secondFlush"], packBytes: 8192, cpus: 4, limit: 1024 };
  expect(value.options).toMatchObject({ ...options, images: "packs" });
  expect(head).toEqual({
    ...{ title: "a failed copy", oracle: "no-leak", breach: true },
    notes: [{ key: "note", text: "seen by hand" }],
  });
});

test("programs of 150,000 slots and more print as they were read", () => {
  const long =
    "load #0 (r0 = 1 .., 150000 insns, 600064 B)\nload #1 (r0 = 1 .., 150000 insns, 1 subprogram, 1200064 B)\n";
  const { value, head } = parsed(HEAD + long);
  expect(printHistory(value, head).replace(/\d+ B\)/g, "")).toBe((HEAD + long).replace(/\d+ B\)/g, ""));
});

describe("a file of before, without hashes,", () => {
  test("is read as the same history, and is the same by its content", () => {
    const { value, head } = parsed(OLD_HEAD + ACTIONS);
    expect({ value, head }).toEqual({ value: parsed(HEAD + ACTIONS).value, head: parsed(HEAD + ACTIONS).head });
    expect(historyIdentity(value, head)).toBe(OLD_HEAD.replace("a failed copy", "").replace(/note:.*\n/, "") + ACTIONS);
  });

  test("may have a title without words, as campaigns wrote it", () => {
    const { value, head } = parsed(`title:   \nexpect:  pass\nprofile: fixed\n\n${ACTIONS}`);
    expect(head).toEqual({ breach: false, notes: [] });
    expect(historyIdentity(value, head)).toBe(`title:   \nexpect:  pass\nprofile: fixed\n\n${ACTIONS}`);
  });

  test("gets a head of today, its remarks as notes, and nothing else changes", () => {
    const remarks = `# by hand: twice\n${OLD_HEAD}# the first one fails\n${ACTIONS}`;
    const today = withTodaysHead(remarks);
    expect(today).toBe(
      `# note: by hand: twice\n${OLD_HEAD.replaceAll(/^(\w+:) +/gm, "# $1 ")}# note: the first one fails\n${ACTIONS}`,
    );
    expect(parsed(today).value).toEqual(parsed(remarks).value);
    for (const text of [today, HEAD + ACTIONS, ACTIONS]) expect(withTodaysHead(text)).toBe(text);
  });
});

test("whatever is generated is read as it was printed", () => {
  assertLaw(
    fc.property(new HistoryArbitrary(), (history) => {
      const read = parsed(printHistory(history, { title: "x", oracle: "no-exception" }));
      expect(read).toEqual({ ok: true, value: history, head: { title: "x", breach: false, notes: [] } });
    }),
    { seed: 20240124, numRuns: 50 },
  );
});

const GENERATED = `title:   a generated program
expect:  pass
profile: fixed

load #0 (the program below, 192 B); copy 1 fails
  # cpu: ll-sc
  # map: array value=8 entries=1
  # input: zero 8

  r0 = *(u64 *)(r1 + 0)
  if r0 == 0 goto L1
  exit
  L1:
  r0 = 7
  exit
load #1 (the program below, 128 B)
  r0 = 1
  exit
run #0 on cpu 1
`;

test("a generated program is read and printed below its load", () => {
  const { value: file, head } = parsed(GENERATED);
  expect(file.actions.map(({ kind }) => kind)).toEqual(["load", "load", "run"]);
  expect(file.actions[0]).toMatchObject({
    program: { case: { inputs: [new Uint8Array(8)], env: { cpu: "ll-sc", hole: 0 } } },
    fails: [{ step: "copy", nth: 1 }],
  });
  const printed = printHistory(file, head);
  expect(parsed(printed)).toEqual({ ok: true, value: file, head });
  expect(printed).toContain("\nload #1 (the program below, 128 B)\n  r0 = 1\n  exit\nrun #0 on cpu 1\n");
});

test("a generated program that uses what its frame holds at first is undefined in a history", () => {
  const text = GENERATED.replace("  r0 = 1\n", "  r0 = *(u64 *)(r10 - 8)\n");
  const read = parseHistory(text);
  expect(read.ok ? "" : read.error.message).toMatch(
    "undefined program: returns r0, which is undefined, at instruction 1; in a history a frame holds at first",
  );
});

describe("what is wrong is named with its line", () => {
  test("more actions than anybody replays", () => {
    expect(parseHistory("cpu 1\n".repeat(10_001))).toMatchObject({
      error: { line: 10_001, message: "line 10001: more than 10000 actions" },
    });
  });

  test.each([
    ["", 1, "no actions"],
    ["title: x\n\nlaod #0", 3, 'expected "load #N (r0 = N .., N insns)", "free #N"'],
    ["profile: linux-7\n", 1, 'no profile is called "linux-7"'],
    ["oracle: luck\n", 1, 'no oracle is called "luck"'],
    ["# profile: linux-7\n", 1, 'no profile is called "linux-7"'],
    ["# oracle: luck\ncpu 1", 1, 'no oracle is called "luck"'],
    ["# quirk: luck\n", 1, 'no quirk is called "luck"'],
    ["# cpus: 17\n", 1, 'expected 2 to 16 CPUs, got "17"'],
    ["# limit: much\n", 1, 'expected bytes, got "much"'],
    ["# pakc: 8192 B\ncpu 1", 1, 'unknown key "pakc"'],
    ["# title: x\npack: 8192 B\ncpu 1", 2, 'expected "# pack: 8192 B"'],
    ["cpu 1\npack: 8192 B", 2, '"pack:" below the first action'],
    ["pack: 100 B\n", 1, 'expected a multiple of 2048 B, got "100 B"'],
    ["load #0 (r0 = 1 .., 1 insns)", 1, "1 insns, expected 2 to 600000 with 0 subprograms"],
    ["load #0 (r0 = 1 .., 15385 insns, 64 subprograms)", 1, "15385 insns, expected 131 to 15384 with 64 subprograms"],
    ["attach #0 (freplace #1)", 1, "freplace (a program in the place of another) is not modelled: attach fentry,"],
    ["attach #0 ()", 1, 'expected "fentry #1", "fmod_ret recorder = 7" or'],
    ["attach #0 (fentry #1, kprobe #1)", 1, 'got "kprobe #1"'],
    ["apart: far", 1, 'expected "yes" or "no", got "far"'],
    ["cpu 1\nload #0 (the program below)\ncpu 1", 2, "expected the program, indented"],
    ["load #0 (the program below)\n  r0 = 1\n  r0 @ 1\n  exit", 3, '"@"'],
    [
      "load #0 (the program below)\n  # hole: 8\n  r0 = 1\n  exit",
      2,
      "hole, blind, guard and skip are for programs of their own",
    ],
    ["load #0 (the program below)\n  # input: 00\n  # input: 01\n  r0 = 1\n  exit", 2, "2 inputs, expected one"],
    ["load #0 (the program below)\n  r0 = *(u64 *)(r1 + 64)\n  exit", 2, "the program faults: "],
    ["free #0; copy 0 fails", 1, 'expected "copy 1 fails" or "cpu 1 runs #0 after event 7", got "copy 0 fails"'],
    ["run #0 on cpu 1; copy 1 fails", 1, 'expected "load #N'],
  ])("%j", (text, line, message) => {
    const result = parseHistory(text);
    expect(result).toMatchObject({ ok: false, error: { line } });
    expect(result.ok ? "" : result.error.message).toContain(message);
  });
});
