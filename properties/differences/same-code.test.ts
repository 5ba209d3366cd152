import { describe, expect, test } from "vitest";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import { CALL_BASE, DUMMY_TRAMPOLINE } from "../../subjects/run/layout.js";
import { type JitEnv, linuxEnv, type Subject } from "../../subjects/subject.js";
import { makeCheck } from "../cases/program/check.js";

/** Our own code in the place of an image of 6.12. @param emits what differs in all that it compiles */
const imageWith = (emits: (env: JitEnv) => Partial<JitEnv>, more: Partial<Subject>): Subject => ({
  ...defaultSubject,
  name: "image",
  profile: "6.12",
  ...more,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const load = kernel.loadProgram.bind(kernel);
    kernel.loadProgram = (functions) => {
      const { env } = kernel;
      kernel.env = { ...env, ...emits(env) };
      const loaded = load(functions);
      kernel.env = env;
      return loaded;
    };
    return kernel;
  },
});

/** @param orrMoves with the moves of a later one */
const image = (orrMoves: boolean, isExact = false): Subject =>
  imageWith(({ changes }) => ({ changes: { ...changes, orrMoves } }), { isExact });

/** One that was configured otherwise than Debian's are. */
const configured = (own: Pick<JitEnv, "bti" | "pac" | "lse">, emits: Partial<JitEnv> = own): Subject => {
  const { changes, offsets } = linuxEnv("6.12");
  const text = { callBase: CALL_BASE, dummyTramp: DUMMY_TRAMPOLINE };
  return imageWith(() => emits, { isExact: true, build: { ...text, changes, offsets, ...own } });
};

const MOVES: Case = {
  program: {
    code: [[insn(rowById("mov reg"), { dst: 6, src: 1 }), insn(rowById("mov imm")), insn(rowById("exit"))]],
    maps: [],
    context: "memory",
  },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
};
const checked = (subject: Subject, c = MOVES) => makeCheck({ subject })(c);

/** An atomic instruction, and a tail call into itself until there have been enough. */
const ATOMIC_LOOP: Case = {
  program: {
    code: [
      bpf(
        "r0 = 3; *(u64 *)(r10 - 8) = 7; lock *(u64 *)(r10 - 8) += r0; r2 = map_fd 0 ll; r3 = 0; call 12; r0 = 5; exit",
      ),
    ],
    maps: [{ kind: "progArray", entries: 1, programs: [0] }],
    context: "memory",
  },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
};

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

describe("an image that was configured otherwise", () => {
  const ON_OFF = [false, true];
  test.each(ON_OFF.flatMap((bti) => ON_OFF.flatMap((pac) => ON_OFF.map((lse) => ({ bti, pac, lse })))))(
    "is compared with our own code for %o",
    (own) => {
      const report = checked(configured(own), ATOMIC_LOOP);
      expect(report).toMatchObject({ verdict: { kind: "agree" } });
      expect(report).not.toHaveProperty("difference");
    },
  );

  test("fails where a landing pad is missing, and where other code is", () => {
    const own = { bti: true, pac: false, lse: false };
    expect(checked(configured(own, { ...own, bti: false }), ATOMIC_LOOP)).toMatchObject({
      verdict: { kind: "disagree", got: expect.stringContaining("no landing pad") },
    });
    expect(checked(configured(own, { ...own, pac: true }), ATOMIC_LOOP)).toMatchObject({
      verdict: { kind: "disagree", oracle: "same-code" },
    });
  });
});
