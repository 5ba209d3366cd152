import fc from "fast-check";
import { expect, test } from "vitest";
import { type Insn, insn, USER_ROWS } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import type { MapSpec } from "../../../spec/bpf/program.js";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import type { Case } from "../../../subjects/case.js";
import { assertLaw } from "../../../testing/law.js";
import type { Head } from "../header.js";
import { parseCase, printCase } from "./text.js";

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");
const message = (text: string): string => {
  const read = parseCase(text);
  return read.ok ? "accepted" : read.error.message;
};

const SMALL = lines("# title: two is two", "", "r0 = 2", "exit");

test("a title and a program are enough", () => {
  expect(parseCase(SMALL)).toEqual({
    ok: true,
    value: {
      program: { code: [bpf("r0 = 2; exit")], maps: [], context: "memory" },
      inputs: [new Uint8Array(64)],
      env: { cpu: "lse", hole: 0 },
    },
    head: { title: "two is two", expect: [], notes: [] },
  });
});

const FULL = lines(
  "# title: tail calls keep the map pointer",
  "# oracle: result",
  "# expect: r0 = 0xffffffffffffffff",
  "# found: seed 7",
  "# provenance: a fix in Linux 6.10",
  "# context: xdp",
  "# cpu: ll-sc",
  "# hole: 40",
  "# blind: yes",
  "# map: array value=8 entries=4",
  "# map: hash key=4 value=8 entries=16",
  "# map: progs entries=4 0=1 2=1",
  "# input: aa bb zero 14",
  "# input: zero 0",
  "",
  "  r2 = map_fd 2 ll",
  "  if r2 == 0 goto L4",
  "  r0 = -1",
  "L4:",
  "  exit",
  "",
  "program 1:",
  "r0 = -1",
  "exit",
);

test("everything that a file can say", () => {
  const read = parseCase(FULL);
  expect(read).toEqual({
    ok: true,
    head: {
      title: "tail calls keep the map pointer",
      oracle: "result",
      expect: [0xffff_ffff_ffff_ffffn],
      notes: [
        { key: "found", text: "seed 7" },
        { key: "provenance", text: "a fix in Linux 6.10" },
      ],
    },
    value: {
      program: {
        code: [bpf("r2 = map_fd 2 ll; if r2 == 0 goto +1; r0 = -1; exit"), bpf("r0 = -1; exit")],
        maps: [
          { kind: "array", keyBytes: 4, valueBytes: 8, entries: 4 },
          { kind: "hash", keyBytes: 4, valueBytes: 8, entries: 16 },
          { kind: "progArray", entries: 4, programs: [1, undefined, 1, undefined] },
        ],
        context: "xdp",
      },
      inputs: [Uint8Array.of(0xaa, 0xbb, ...new Uint8Array(14)), new Uint8Array(0)],
      env: { cpu: "ll-sc", hole: 40, blind: true },
    },
  });
  expect(read.ok && printCase(read.value, read.head)).toBe(FULL);
});

const PLAIN: Case = {
  program: { code: [bpf("r0 = 2; exit")], maps: [], context: "memory" },
  inputs: [new Uint8Array(64)],
  env: { cpu: "lse", hole: 0 },
};

test("a case and a title make a file; a title of several lines becomes one", () => {
  expect(printCase(PLAIN, { title: "two is\n  two" })).toBe("# title: two is two\n\nr0 = 2\nexit\n");
});

test("a long input goes over several lines", () => {
  const input = Uint8Array.from({ length: 70 }, (_, i) => i + 1);
  const text = printCase({ ...PLAIN, inputs: [input] }, { title: "long" });
  expect(text.split("\n").slice(1, 4)).toEqual([
    `# input: ${Buffer.from(input.subarray(0, 32))
      .toString("hex")
      .replace(/..(?!$)/g, "$& ")}`,
    `#        ${Buffer.from(input.subarray(32, 64))
      .toString("hex")
      .replace(/..(?!$)/g, "$& ")}`,
    "#        41 42 43 44 45 46",
  ]);
  expect(parseCase(text)).toMatchObject({ ok: true, value: { inputs: [input] } });
});

test("remarks without a key, comments in the program and the other syntax are read", () => {
  const text = lines("# title: t", "# just a remark", "# input: 01", "mov %r0, 1 # one: the answer", "exit");
  expect(parseCase(text)).toMatchObject({ value: { program: { code: [bpf("r0 = 1; exit")] } } });
});

test.each([
  ["# title: t\n", "line 2: program 0 has no instructions"],
  ["# title: t\n# title: u\nexit", 'line 2: "title" comes twice'],
  ["# title: t\n# oracle:\nexit", 'line 2: "oracle" is empty'],
  [
    "# title: t\n# imput: 00\nexit",
    'line 2: unknown key "imput", expected id, title, oracle, expect, found, provenance, quirk, note, context, field, unknown, cpu, hole, blind, guard, skip, loops, stack, map, element, input',
  ],
  ["# title: t\n\n\nexit\nr0 = r50", 'line 5: expected a register r0..r10, got "r50"'],
  ["# title: t\nexit\nprogram 2:\nexit", "line 3: expected program 1, got program 2"],
  ["# title: t\nexit\nprogram 1:\n# nothing", "line 4: program 1 has no instructions"],
  ["# title: t\nexit\nprogram 1:\nexit\nexit now", 'line 5: expected the end of the line, got "now"'],
  ["# title: t\n# expect: 5\nexit", 'line 2: expected r0 = a 64-bit number, got "5"'],
  [
    "# title: t\n# expect: r0 = 1\n# expect: r0 = 2\nexit",
    "line 2: 2 expect lines for 1 inputs, expected one or one each",
  ],
  ["# title: t\n# context: skbuff\nexit", 'line 2: expected memory or tracing or xdp or skb, got "skbuff"'],
  [
    "# title: t\n# field: mark = 1\nexit",
    "line 2: a field of a context that has none: say # context: xdp or skb above it",
  ],
  [
    "# title: t\n# context: xdp\n# field: mark = 1\nexit",
    'line 3: expected one of ingress_ifindex, rx_queue_index, egress_ifindex, got "mark = 1"',
  ],
  [
    "# title: t\n# context: skb\n# field: mark = 0x100000000\nexit",
    'line 3: expected mark = a number of 4 bytes, got "mark = 0x100000000"',
  ],
  ["# title: t\n# context: skb\n# field: mark = 1\n# field: mark = 1\nexit", 'line 4: "mark" comes twice'],
  ["# title: t\n# map: maps entries=1 0=3\nexit", "line 2: map 0 names map 3, the file has 1"],
  ["# title: t\n# map: maps entries=1 0=0\nexit", "line 2: map 0 names map 0, a map of maps"],
  [
    "# title: t\n# map: lpm key=4 value=1 entries=1\nexit",
    "line 2: key=4 of lpm, expected the four of a length and more",
  ],
  ["# title: t\n# unknown: x\nexit", 'line 2: expected a seed as a number, got "x"'],
  ["# title: t\n# cpu: m1\nexit", 'line 2: expected lse or ll-sc, got "m1"'],
  ["# title: t\n# hole: 50\nexit", 'line 2: expected a hole of 0, 8 .. 48 bytes, got "50"'],
  ["# title: t\n# blind: maybe\nexit", 'line 2: expected yes or no, got "maybe"'],
  ["# title: t\n# input: 0x1\nexit", 'line 2: expected a byte as two hex digits or zero and a number, got "0x1"'],
  ["# title: t\n# input: zero\nexit", 'line 2: expected a number of bytes after zero, got ""'],
  ["# title: t\n# input:\nexit", "line 2: no bytes, expected as in aa bb zero 14 (zero 0 for none)"],
  [
    "# title: t\n# map: queue value=8\nexit",
    'line 2: expected array, hash, lpm, devmap, devmap_hash, cpumap, xskmap, progs, maps, hash-of-maps, perf, ringbuf, stacks or insns, got "queue"',
  ],
  [
    "# title: t\n# map: array value=8 key=4 entries=1\nexit",
    'line 2: expected value=N, entries=N of array, got "key=4"',
  ],
  ["# title: t\n# map: array value=8\nexit", "line 2: expected entries=N of array, with N from 1 to 4194304"],
  ["# title: t\n# map: progs entries=2 2=0\nexit", "line 2: slot 2 of progs with entries=2"],
  ["# title: t\n# map: progs entries=2 1=3\nexit", "line 2: map 0 names program 3, the file has 1"],
])("%j is refused", (text, expected) => {
  expect(message(text)).toBe(expected);
});

const code = fc.array(
  fc
    .record({
      row: fc.constantFrom(...USER_ROWS.filter(({ kind }) => kind !== "lddwHigh")),
      register: fc.integer({ min: 0, max: 10 }),
      off: fc.integer({ min: -0x8000, max: 0x7fff }),
      imm: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
    })
    .map(({ row, register, off, imm }): readonly Insn[] => {
      const fields = {
        ...(row.dst === "none" ? {} : { dst: register }),
        ...(row.src === "none" ? {} : { src: 10 - register }),
        ...(row.off === "none" ? {} : { off: row.off === "branch" ? (off % 16) + 0 : off }),
        ...(row.imm === "none" ? {} : { imm: row.imm === "branch" || row.imm === "func" ? (imm % 16) + 0 : imm }),
      };
      return [insn(row, fields), ...(row.kind === "lddw" ? [insn(rowById("lddw high"), { imm: off })] : [])];
    }),
  { minLength: 1, maxLength: 20 },
);

const small = fc.integer({ min: 1, max: 64 });
const map = (programs: number): fc.Arbitrary<MapSpec> =>
  fc.oneof(
    fc.record({
      kind: fc.constant("array" as const),
      keyBytes: fc.constant(4 as const),
      valueBytes: small,
      entries: small,
    }),
    fc.record({ kind: fc.constant("hash" as const), keyBytes: small, valueBytes: small, entries: small }),
    fc
      .array(fc.option(fc.nat(programs - 1), { nil: undefined }), { minLength: 1, maxLength: 8 })
      .map((slots): MapSpec => ({ kind: "progArray", entries: slots.length, programs: slots })),
  );

const words = fc.stringMatching(/^[a-z]+( [a-z#:;=]+){0,4}$/);
const file: fc.Arbitrary<{ readonly value: Case; readonly head: Head }> = fc
  .record({
    title: words,
    oracle: fc.option(words, { nil: undefined }),
    r0: fc.option(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { nil: undefined }),
    notes: fc.array(fc.record({ key: fc.constantFrom("found" as const, "provenance" as const), text: words })),
    code: fc.array(code, { minLength: 1, maxLength: 3 }),
    context: fc.constantFrom("memory" as const, "xdp" as const),
    inputs: fc.array(
      fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { maxLength: 100 }).map((bytes) => Uint8Array.from(bytes)),
      { minLength: 1, maxLength: 3 },
    ),
    cpu: fc.constantFrom("lse" as const, "ll-sc" as const),
    hole: fc.constantFrom(0, 8, 16, 48),
    id: fc.constantFrom(undefined, "0123456789ab"),
    skip: fc.constantFrom({}, { skip: 63 }),
  })
  .chain(({ id, title, oracle, r0, notes, code, context, inputs, cpu, hole, skip }) =>
    fc.array(map(code.length), { maxLength: 3 }).map((maps) => {
      const program = { code: code.map((parts) => parts.flat()), maps, context };
      const expect = r0 === undefined ? [] : [r0];
      return { value: { program, inputs, env: { cpu, hole, ...skip } }, head: { id, title, oracle, expect, notes } };
    }),
  );

test("a printed case reads back, and prints the same again", () => {
  assertLaw(
    fc.property(file, ({ value, head }) => {
      const text = printCase(value, head);
      expect(parseCase(text), text).toEqual({ ok: true, value, head });
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(180);
    }),
    { seed: 20240124, numRuns: 150 },
  );
});

test("any text is either a case or refused in one line that names a line of it", () => {
  const piece = fc.constantFrom(
    ..."# title: t|# input: aa zero 9|#     bb|# map: progs entries=2 0=1|# map: array value=8|# hole: 8|# expect: r0 = -1".split(
      "|",
    ),
    ..."r0 = 1|exit|program 1:|program 2:|l:|goto l|# remark|# found:|bb|".split("|"),
  );
  assertLaw(
    fc.property(fc.array(piece), fc.string(), (parts, end) => {
      const text = [...parts, end].join("\n");
      const read = parseCase(text);
      if (read.ok) expect(parseCase(printCase(read.value, read.head))).toEqual(read);
      else {
        expect(read.error.message).toMatch(/^line \d+: [^\n]+$/);
        expect(read.error.line).toBeLessThanOrEqual(text.split("\n").length);
      }
    }),
    { seed: 6, numRuns: 1000 },
  );
});
