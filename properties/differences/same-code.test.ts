import { describe, expect, test } from "vitest";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Subject } from "../../subjects/subject.js";
import { makeCheck } from "../cases/program/check.js";

/** Our own code in the place of an image of 6.12. @param orrMoves with the moves of a later one */
const image = (orrMoves: boolean, isExact = false): Subject => ({
  ...defaultSubject,
  name: "image",
  profile: "6.12",
  isExact,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => {
      const { env } = kernel;
      kernel.env = { ...env, changes: { ...env.changes, orrMoves } };
      const loaded = load(functions);
      kernel.env = env;
      return loaded;
    };
    return kernel;
  },
});

const MOVES: Case = {
  program: {
    code: [[insn(rowById("mov reg"), { dst: 6, src: 1 }), insn(rowById("mov imm")), insn(rowById("exit"))]],
    maps: [],
    context: "memory",
  },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
};
const checked = (subject: Subject) => makeCheck({ subject })(MOVES);

describe("an image whose profile says that its code is ours", () => {
  test("has no difference where it is", () => {
    expect(checked(image(false, true))).toMatchObject({ verdict: { kind: "agree" } });
    expect(checked(image(false))).not.toHaveProperty("difference");
  });

  test("is told where it is not, and agrees all the same", () => {
    // The prologue has moves as well, and comes first.
    expect(checked(image(true))).toMatchObject({
      verdict: { kind: "agree" },
      difference: { kind: "prologue", what: "add | mov" },
    });
  });

  test("fails where it must be exact", () => {
    expect(checked(image(true, true))).toMatchObject({ verdict: { kind: "disagree", oracle: "same-code" } });
  });
});
