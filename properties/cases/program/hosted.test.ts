// A JIT behind a command, wrong on purpose: each comparison objects by name, and whatever the process does is a finding of
// its own after which the next program is asked.

import { describe, expect, test } from "vitest";
import { defaultEngine } from "../../../engines/index.js";
import { pointer } from "../../../machine/address.js";
import type { Case } from "../../../subjects/case.js";
import type { ProgramSubject } from "../../../subjects/program-subject.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { imageSubject, scriptSubject } from "../../../testing/adapter.js";
import { AGREE } from "../../verdict.js";
import { checkCase, makeChecker } from "./check.js";
import type { HostedChecker } from "./hosted.js";
import { parseCase } from "./text.js";

const RET = 0xd65f_03c0;
const mov = (register: number, value: number): number => (0xd280_0000 | (value << 5) | register) >>> 0;
/** MOVZ and MOVKs. */
const wide = (register: number, value: bigint): readonly number[] =>
  [0, 1, 2, 3].map((i) => {
    const half = Number((value >> BigInt(16 * i)) & 0xffffn);
    return ((i === 0 ? 0xd280_0000 : 0xf280_0000) | (i << 21) | (half << 5) | register) >>> 0;
  });
const subSp = (bytes: number): number => (0xd100_03ff | (bytes << 10)) >>> 0;
const addSp = (bytes: number): number => (0x9100_03ff | (bytes << 10)) >>> 0;
const addSpTo = (register: number, bytes: number): number => (0x9100_03e0 | (bytes << 10) | register) >>> 0;
const copy = (to: number, from: number): number => (0xaa00_03e0 | (from << 16) | to) >>> 0;
const store = (register: number, base: number, offset: number): number =>
  (0xf900_0000 | ((offset / 8) << 10) | (base << 5) | register) >>> 0;
const load = (register: number, base: number, offset: number): number =>
  (store(register, base, offset) | 0x0040_0000) >>> 0;
/** STUR. */
const storeBelow = (register: number, base: number, offset: number): number =>
  (0xf800_0000 | ((offset & 0x1ff) << 12) | (base << 5) | register) >>> 0;
const BLR_16 = 0xd63f_0200;
const SP = 31;
const LR = 30;

function caseOf(text: string): Case {
  const parsed = parseCase(text);
  if (!parsed.ok) throw new RangeError(parsed.error.message);
  return parsed.value;
}

function verdict(subject: ProgramSubject, text: string) {
  return verdicts(subject, [text])[0]!;
}

/** Of one program after the other, by one checker. */
function verdicts(subject: ProgramSubject, texts: readonly string[]) {
  const checker = makeChecker({ subject, engines: [defaultEngine()] });
  const all = texts.map((text) => {
    const report = checkCase(caseOf(text), checker);
    if (report.kind !== "checked") throw new RangeError("not valid");
    return report.verdict;
  });
  if ("close" in checker) checker.close();
  return all;
}

const ZERO = "# input: zero 16\n\nr0 = 0\nexit\n";
const FRAME = "# input: zero 16\n\n*(u64 *)(r10 - 8) = 5\nr0 = 0\nexit\n";
const spilled = (value: number): readonly number[] => [
  ...[subSp(16), mov(1, value), store(1, SP, 8), mov(0, 0), addSp(16), RET],
];

describe("each comparison objects by name", () => {
  test("a right image agrees", () => {
    expect(verdict(imageSubject({ words: [mov(0, 0), RET] }), ZERO)).toEqual({ kind: "agree" });
    expect(verdict(imageSubject({ words: spilled(5) }), FRAME)).toEqual({ kind: "agree" });
  });

  test.each([
    ["r0", ZERO, [mov(0, 1), RET], "exec-match", "r0"],
    ["memory", ZERO, [mov(1, 1), store(1, 0, 8), mov(0, 0), RET], "exec-match", "context[8]"],
    ["the frame", FRAME, spilled(6), "exec-match", "stack[r10 - 8]"],
    ["SP", ZERO, [subSp(16), mov(0, 0), RET], "aapcs64-contract", "sp on return"],
    ...[19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29].map(
      (n) => [`x${n}`, ZERO, [mov(n, 1), mov(0, 0), RET], "aapcs64-contract", `x${n} on return`] as const,
    ),
  ] as const)("%s", (_, text, words, oracle, where) => {
    expect(verdict(imageSubject({ words }), text)).toMatchObject({ kind: "disagree", oracle, where });
  });

  test("bytes beside a region", () => {
    const words = [mov(1, 1), storeBelow(1, 0, -8), mov(0, 0), RET];
    const found = verdict(imageSubject({ words }), ZERO);
    expect(found).toMatchObject({ kind: "disagree", got: expect.stringContaining("beside the region context") });
  });

  const CALL = "# input: zero 16\n\ncall 7\nr0 = 0\nexit\n";
  const EXTRA = { helpers: { numbers: [7], by: "relocation", extra: { x5: "memory", x6: "number", x7: "length" } } };
  const calling = (x5: readonly number[], x6: number, x7: number) => {
    const before = [subSp(16), store(LR, SP, 0), ...x5, mov(6, x6), mov(7, x7)];
    const words = [...before, ...wide(16, 0n), BLR_16, mov(0, 0), load(LR, SP, 0), addSp(16), RET];
    return { words, relocations: [[3, 4 * before.length, 7]] as const };
  };
  test.each([
    ["x5", calling([mov(5, 1)], 7, 16)],
    ["x6", calling([copy(5, 0)], 8, 16)],
    ["x7", calling([copy(5, 0)], 7, 17)],
  ])("what a helper gets beside its arguments: %s", (register, given) => {
    expect(verdict(imageSubject(calling([copy(5, 0)], 7, 16), EXTRA), CALL)).toEqual({ kind: "agree" });
    const where = `call 1 of a helper, bpf_get_prandom_u32, argument in ${register}`;
    expect(verdict(imageSubject(given, EXTRA), CALL)).toMatchObject({ kind: "disagree", oracle: "exec-match", where });
  });

  test("a call that is not made, and one too many", () => {
    const none = verdict(imageSubject({ words: [mov(0, 0), RET] }, EXTRA), CALL);
    expect(none).toMatchObject({ kind: "disagree", reason: "a helper is not called" });
    const one = verdict(imageSubject(calling([copy(5, 0)], 7, 16), EXTRA), ZERO);
    expect(one).toMatchObject({ kind: "disagree", reason: "a helper is called" });
  });

  const MAPS = { isa: { maps: "addresses" }, helpers: { numbers: [1, 2, 3], by: "relocation" } };
  const UPDATE = [
    ...["# map: array value=8 entries=1", "# input: zero 16", ""],
    ...["*(u64 *)(r10 - 8) = 0", "*(u64 *)(r10 - 16) = 9", "r1 = map_fd 0 ll", "r2 = r10", "r2 += -8"],
    ...["r3 = r10", "r3 += -16", "r4 = 0", "call 2", "exit", ""],
  ].join("\n");
  test.each([0, 1, 2, 3, undefined])("argument x%s of a helper", (wrong) => {
    const c = caseOf(UPDATE);
    const map = pointer(layoutOf(c.program, 16).maps[0]!.object.base);
    const before = [subSp(32), store(LR, SP, 0), mov(9, 0), store(9, SP, 24), mov(9, 9), store(9, SP, 16)];
    const args = [wide(0, map), [addSpTo(1, 24)], [addSpTo(2, 16)], [mov(3, 0)]];
    const given = args.flatMap((words, i) => (i === wrong ? [mov(i, 77)] : words));
    const words = [...before, ...given, ...wide(16, 0n), BLR_16, load(LR, SP, 0), addSp(32), RET];
    const relocations = [[3, 4 * (before.length + given.length), 2]] as const;
    const where = `call 1 of a helper, bpf_map_update_elem, argument in x${wrong}`;
    const found = verdict(imageSubject({ words, relocations }, MAPS), UPDATE);
    // With a wrong pointer, the helper ends the run: the argument is told first.
    expect(found).toMatchObject(wrong === undefined ? { kind: "agree" } : { kind: "disagree", where });
  });
});

describe("a process that breaks the protocol is a finding, and the next program is asked", () => {
  const HOSTILE = [
    [
      "writes 4 GiB",
      "frame(HELLO); write(words(0xffffffff)); for (;;) write(Buffer.alloc(1 << 20));",
      "an answer is too long",
    ],
    ["never answers", "for (;;) read(1);", "no answer in time"],
    ["dies at once", "process.exit(3);", "the process ended"],
    [
      "answers for another request",
      "serve((id) => words(0x82, id + 1, 0, 0, 0, 0xd65f03c0));",
      "the answer is for another request",
    ],
    ["gives an image of no bytes", "serve((id) => words(0x82, id, 0, 0, 0));", "the answer makes no sense"],
    ["does not greet", "read(4); write(words(4, 7));", "the answer is no greeting"],
    ["fills standard error", "for (;;) require('node:fs').writeSync(2, 'x'.repeat(65536));", "no answer in time"],
    [
      "names a helper that is not there",
      "serve((id) => words(0x82, id, 0, 0, 1, 1, 0, 99, 0, 0));",
      "a relocation names no helper",
    ],
    [
      "has its frame nowhere",
      "serve((id) => words(0x82, id, 0, 0x7fffffff, 0, 0xd65f03c0));",
      "the frame lies outside the stack",
    ],
  ] as const;
  test.each(HOSTILE)("%s", (_, script, reason) => {
    const found = verdicts(scriptSubject(script, { timeoutMs: reason === "no answer in time" ? 400 : 60_000 }), [
      ZERO,
      ZERO,
    ]);
    for (const one of found) expect(one).toMatchObject({ kind: "disagree", oracle: "answers", reason });
  });

  test("a command that is not there", () => {
    const found = verdict(scriptSubject("", { command: ["/no/such/command"] }), ZERO);
    expect(found).toMatchObject({ kind: "disagree", oracle: "answers", reason: "the command cannot be started" });
  });

  test("what a process says before it ends is told", () => {
    const found = verdict(scriptSubject("console.error('out of\\nluck'); process.exit(7);"), ZERO);
    expect(found).toMatchObject({ got: expect.stringMatching(/exit code 7; it said: out of luck$/) });
  });
});

describe("programs go ahead of their answers", () => {
  /** Told of all before the first is checked, as chunks of a run are. */
  function announced(subject: ProgramSubject, texts: readonly string[]) {
    const checker = makeChecker({ subject, engines: [defaultEngine()] }) as HostedChecker;
    const cases = texts.map(caseOf);
    checker.announce(cases);
    const all = cases.map((c) => checker.check(c));
    checker.close();
    return all.map((report) => (report.kind === "checked" ? report.verdict : report.kind));
  }
  const THREE = [1, 2, 3].map((n) => `# input: zero 16\n\nr0 = ${n}\nexit\n`);
  /** Takes all that is there before it answers: `each(constants)` gets what the programs set r0 to. */
  const taking = (each: string): string => `
    frame((read(read(4).readUInt32LE(0)), HELLO));
    const next = () => { const body = read(read(4).readUInt32LE(0)); return { id: body.readUInt32LE(4), r0: body.readInt32LE(body.length - 12) }; };
    const image = ({ id, r0 }) => frame(words(0x82, id, 0, 0, 0, 0xd2800000 | (r0 << 5), 0xd65f03c0));
    ${each}`;

  test("all of them are sent before the first answer is there", () => {
    const script = taking("const all = [next(), next(), next()]; all.forEach(image); next();");
    expect(announced(scriptSubject(script, { timeoutMs: 20_000 }), THREE)).toEqual([AGREE, AGREE, AGREE]);
  });

  test("the one that breaks the process is found, and the others are answered", () => {
    const alone = taking("for (;;) { const one = next(); if (one.r0 === 2) process.exit(9); image(one); }");
    // It writes when it has nothing more to read, and dies with what it has not written.
    const late = taking(`
      const answers = [];
      process.stdin.on("data", (bytes) => {
        for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32LE(at)) {
          const body = bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at));
          const one = { id: body.readUInt32LE(4), r0: body.readInt32LE(body.length - 12) };
          if (one.r0 === 2) process.exit(9);
          answers.push(one);
        }
        for (const one of answers.splice(0)) image(one);
      });`);
    for (const script of [alone, late]) {
      const got = expect.stringContaining("exit code 9");
      expect(announced(scriptSubject(script), THREE)).toMatchObject([AGREE, { oracle: "answers", got }, AGREE]);
    }
  });

  test("a process that breaks over several and over none of them alone is told as well", () => {
    const script = taking(`
      const mark = __filename + ".broke";
      if (!fs.existsSync(mark)) { next(); next(); fs.writeFileSync(mark, ""); process.exit(9); }
      for (;;) image(next());`);
    const got = expect.stringContaining("with several programs in flight, each of which it answers alone");
    expect(announced(scriptSubject(script), THREE)).toMatchObject([AGREE, AGREE, { oracle: "answers", got }]);
  });
});

test("what a description says beside the forms is in every summary", () => {
  const all = imageSubject({ words: [RET] }, { isa: { legacyLoads: true }, stack: { frame: "unknown" } });
  expect(all.notes).toEqual([expect.stringMatching(/^legacy loads/), expect.stringMatching(/^what programs leave/)]);
  expect(imageSubject({ words: [RET] }).notes).toEqual([]);
});

describe("answers that are no image", () => {
  test("a refusal is a finding, or known; what is not accepted is counted", () => {
    const script = (type: number): string =>
      `serve((id) => Buffer.concat([words(${type}, id), Buffer.from("final instruction 7")]));`;
    expect(verdict(scriptSubject(script(0x83)), ZERO)).toMatchObject({ kind: "disagree", oracle: "compiles" });
    const known = { kind: "refusal", name: "ends", reason: "it looks at the wrong slot", text: "final instruction" };
    expect(verdict(scriptSubject(script(0x83), { deviations: [known] }), ZERO)).toMatchObject({ kind: "refused" });
    expect(verdict(scriptSubject(script(0x84)), ZERO)).toMatchObject({
      kind: "refused",
      why: "not accepted by the verifier of the subject: final instruction N",
    });
  });
});

describe("deviations", () => {
  const kept = { kind: "convention", name: "x29", reason: "known", ignore: "x29", program: { frame: true } };
  test("a register is not asked where the program fits, and nothing else is hidden", () => {
    const deviations = [kept];
    const words = [mov(29, 1), ...spilled(5)];
    expect(verdict(imageSubject({ words }, { deviations }), FRAME)).toEqual({ kind: "agree" });
    const other = imageSubject({ words: [mov(28, 1), ...words] }, { deviations });
    expect(verdict(other, FRAME)).toMatchObject({ where: "x28 on return" });
    expect(verdict(imageSubject({ words: [mov(29, 1), mov(0, 0), RET] }, { deviations }), ZERO)).toMatchObject({
      where: "x29 on return",
    });
  });

  test("an instruction is left out where its condition holds, and what is left is compared", () => {
    const one = { kind: "instruction", name: "add", reason: "known", forms: ["add imm"], when: { imm: "negative" } };
    const deviations = [one];
    const text = (imm: number): string => `# input: zero 16\n\nr0 = 0\nr0 += ${imm}\nexit\n`;
    // Without the addition r0 is 0, and so is the answer.
    const zero = { words: [mov(0, 0), RET] };
    expect(verdict(imageSubject(zero, { deviations }), text(-1))).toMatchObject({ why: "declared deviation: add" });
    expect(verdict(imageSubject(zero, { deviations }), text(1))).toMatchObject({ kind: "disagree", where: "r0" });
    const worse = { words: [mov(0, 3), RET] };
    expect(verdict(imageSubject(worse, { deviations }), text(-1))).toMatchObject({ kind: "disagree", where: "r0" });
  });

  test("where an instruction ends the program on purpose, it must end as is said", () => {
    const forms = ["div reg"];
    const deviations = [{ kind: "exit", name: "division", reason: "by design", forms, when: { src: "zero" } }];
    const text = "# input: zero 16\n\nr0 = 7\nr2 = 0\nr0 /= r2\nr0 += 1\nexit\n";
    const known = { kind: "refused", why: "declared deviation: division" };
    const subject = (words: readonly number[]) => imageSubject({ words }, { deviations });
    expect(verdict(subject([mov(0, 0), RET]), text)).toMatchObject(known);
    expect(verdict(subject([mov(0, 1), RET]), text)).toEqual({ kind: "agree" });
    expect(verdict(subject([mov(0, 2), RET]), text)).toMatchObject({ kind: "disagree", where: "r0" });
    // As it ends, memory must be right.
    const writes = [mov(1, 1), store(1, 0, 8), mov(0, 0), RET];
    expect(verdict(subject(writes), text)).toMatchObject({ kind: "disagree", where: "context[8]" });
  });

  test("a register may be excused by how far offsets reach, and frames deeper than the subject's are not asked", () => {
    const far = { kind: "convention", name: "far", reason: "known", ignore: "x29", program: { farOffset: 256 } };
    const subject = imageSubject({ words: [mov(29, 1), mov(0, 0), RET] }, { deviations: [far], stack: { bytes: 256 } });
    const at = (off: number): string => `# input: zero 512\n\nr0 = *(u8 *)(r1 + ${off})\nexit\n`;
    expect(verdict(subject, at(256))).toEqual({ kind: "agree" });
    expect(verdict(subject, at(255))).toMatchObject({ where: "x29 on return" });
    const deep = "# input: zero 16\n\n*(u64 *)(r10 - 264) = 5\nr0 = 0\nexit\n";
    expect(verdict(subject, deep)).toMatchObject({ kind: "refused", missing: "frames of more than 256 bytes" });
  });
});
