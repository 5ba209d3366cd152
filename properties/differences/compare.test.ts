import { describe, expect, test } from "vitest";
import { type U64, u64 } from "../../spec/bits.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import type { JitEnv, Subject } from "../../subjects/subject.js";
import { PROGRAMS } from "../cases/program/index.js";
import { compareImages } from "./compare.js";
import { sidesOf } from "./images.js";

/** Our JIT as another kernel would have it. */
const changed = (changes: Partial<JitEnv["changes"]>): Subject => ({
  ...defaultSubject,
  name: "another",
  compile: (functions, env, place) =>
    defaultSubject.compile(functions, { ...env, changes: { ...env.changes, ...changes } }, place),
});

const caseOf = (code: Case["program"]["code"][number]): Case => ({
  program: { code: [code], maps: [], context: "memory" },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
});
const EXIT = insn(rowById("exit"));
const ZERO = insn(rowById("mov imm"));
const MOVE = insn(rowById("mov reg"), { dst: 6, src: 1 });

const differences = (c: Case, other: Subject) => {
  const compared = compareImages(c, sidesOf(defaultSubject, other));
  return compared.kind === "compared" ? compared.differences : compared;
};

describe("two kernels", () => {
  test("that are the same make the same of whatever is drawn", () => {
    for (let i = 0; i < 40; i++) expect(differences(PROGRAMS.fresh(3, i), defaultSubject)).toEqual([]);
  });

  test("differ in the form whose code differs, and nothing that only moved counts", () => {
    const jump = insn(rowById("jeq imm"), { dst: 1, imm: 5, off: 1 });
    const c = caseOf([ZERO, MOVE, jump, insn(rowById("add imm"), { imm: 1 }), EXIT]);
    const all = differences(c, changed({ orrMoves: true })) as readonly { kind: string }[];
    const [form, ...others] = all.toSorted((a, b) => Number(b.kind === "form") - Number(a.kind === "form"));
    expect(form).toMatchObject({ kind: "form", form: "mov reg", what: "add | mov", place: { fn: 0, part: 1 } });
    expect(others.map(({ kind }) => kind)).toEqual(["prologue", "epilogue"]);
    const add = insn(rowById("lock add"), { dst: 10, src: 0, off: -8 });
    const store = insn(rowById("stdw"), { dst: 10, off: -8, imm: 1 });
    const shorter = caseOf([ZERO, store, jump, add, insn(rowById("add imm"), { imm: 1 }), EXIT]);
    expect(differences(shorter, changed({ atomicOffsetImm: true }))).toMatchObject([
      { kind: "form", form: "lock add", what: "mov add | sub" },
    ]);
  });

  test("one of which does not take a form", () => {
    const acquire = insn(rowById("load acquire dw"), { dst: 0, src: 1 });
    expect(differences(caseOf([acquire, EXIT]), changed({ acquireRelease: false }))).toMatchObject([
      { kind: "refused", what: expect.stringMatching(/^by B: /) },
    ]);
  });

  test("whose structures have other offsets", () => {
    const [mine, theirs] = sidesOf(defaultSubject, defaultSubject);
    const moved = { ...theirs, env: { ...theirs.env, offsets: { ...theirs.env.offsets, arrayPtrs: 288 } } };
    const cases = Array.from({ length: 200 }, (_, i) => PROGRAMS.fresh(3, i));
    const calling = cases.find(
      (c) => compareImages(c, [mine, moved]).kind === "compared" && c.program.code.length > 1,
    )!;
    expect(compareImages(calling, [mine, moved])).toMatchObject({
      differences: [{ kind: "offset", what: "bpf_array.ptrs at 264 and at 288" }],
    });
  });

  test("whose exception tables do other things", () => {
    const body = [insn(rowById("arena ldxdw"), { dst: 4, src: 2 })];
    const registers = new Array<U64>(6).fill(u64(0n));
    const c = { body, registers, env: { lse: true, vhe: false, bti: false }, isBlinded: false, isCalled: false };
    const compared = compareImages(c, sidesOf(defaultSubject, changed({ arenaReport: true })));
    expect(compared).toMatchObject({ differences: [{ kind: "table", what: "what is done about a fault" }] });
  });

  test("which keep a BPF register in another A64 register", () => {
    const other = changed({ r0InX8: true });
    const registerOf = (bpf: number): number => (bpf === 0 ? 8 : defaultSubject.registerOf(bpf));
    expect(differences(caseOf([ZERO, EXIT]), { ...other, registerOf })).toMatchObject([
      { kind: "register", what: "r0 in x7 and in x8" },
    ]);
  });
});
