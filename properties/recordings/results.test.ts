import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { defaultEngine } from "../../engines/index.js";
import { encode } from "../../spec/bpf/insn.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { defaultSubject } from "../../subjects/index.js";
import { ProgramSession } from "../../subjects/session/program-session.js";
import type { Verdict } from "../verdict.js";
import excerpts from "./excerpts.json" with { type: "json" };
import { type Recording, readRecording } from "./recording.js";
import { compareResult, isDeterministic } from "./results.js";

const session = new ProgramSession({ subject: defaultSubject, engines: [defaultEngine()], fuel: 100_000 });
const hex = (text: string): string => Buffer.from(encode(bpf(text))).toString("hex");

function recording(fields: object): Recording {
  const parsed = readRecording("generated", { ...excerpts.generated[0], run: 0, deterministic: true, ...fields });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}
/** A program of one function as loaded and as the JIT got it, which returned `retval`. */
const result = (insns: string, xlated: string, retval: number): Verdict =>
  compareResult(recording({ insns: hex(insns), xlated: hex(xlated), stackDepths: [8], retval }), session);

describe("calls of helpers", () => {
  const KEY = "*(u32 *)(r10 - 4) = 7; r2 = r10; r2 += -4;";
  const VALUE = "if r0 == 0 goto +2; *(u32 *)(r0 + 8) = 5; r0 = *(u32 *)(r0 + 8); exit";
  const ARRAY = [
    `${KEY} r1 = map_fd 0 ll; call 1; ${VALUE}`,
    `${KEY} r1 = map_fd 9 ll; r1 += 264; r0 = *(u32 *)(r2 + 0); if r0 >= 8 goto +3; r0 <<= 6; r0 += r1; goto +1; r0 = 0; ${VALUE}`,
  ] as const;

  test("a lookup in an array is a few instructions", () => {
    expect(result(...ARRAY, 5)).toEqual({ kind: "agree" });
    expect(result(...ARRAY, 6)).toMatchObject({ kind: "disagree", where: "the kernel's retval", got: "5" });
  });

  test("a lookup in a hash gives an element, whose value follows", () => {
    const loaded = `${KEY} r3 = map_fd_value 0 + 0 ll; r4 = 0; r1 = map_fd 2 ll; call 2; ${KEY} r1 = map_fd 2 ll; call 1; ${VALUE}`;
    const shown = loaded
      .replaceAll("map_fd 2", "map_fd 4")
      .replace("map_fd_value 0", "map_fd_value 2")
      .replace("call 2", "call 1234")
      .replace("call 1;", "call 5678; if r0 == 0 goto +1; r0 += 56;");
    expect(result(loaded, shown, 5)).toEqual({ kind: "agree" });
  });

  test("a helper that the JIT inlines reads the running task", () => {
    expect(result("call 8; r0 += 3; exit", "call 8; r0 += 3; exit", 3)).toEqual({ kind: "agree" });
  });

  test("what is not modelled, or not called where the JIT calls, is not compared", () => {
    const why = (verdict: Verdict): string => (verdict.kind === "incomparable" ? verdict.why : verdict.kind);
    expect(why(result("call 70; r0 = 0; exit", "call 70; r0 = 0; exit", 0))).toBe(
      "bpf_sock_hash_update is not modelled",
    );
    expect(why(result("call 5; call 5; r0 = 0; exit", "call 99; r0 = 0; exit", 0))).toBe(
      "2 helper calls as loaded, 1 as seen by the JIT",
    );
    const lookup = "call 99; if r0 == 0 goto +1; r0 += 56; r0 = 0; exit";
    expect(why(result(lookup.replace("99", "5"), lookup, 0))).toBe(
      "bpf_ktime_get_ns as loaded, an inlined lookup as seen by the JIT",
    );
  });
});

describe("maps", () => {
  test("loads that cannot be reached are not shown, and the ids tell which are left", () => {
    const loaded =
      "r0 = 0; if r0 == 0 goto +2; r2 = map_fd 1 ll; r1 = map_fd_value 3 + 8 ll; *(u32 *)(r1 + 0) = 9; r0 = *(u32 *)(r1 + 0); exit";
    const shown = "r0 = 0; r1 = map_fd_value 3 + 8 ll; *(u32 *)(r1 + 0) = 9; r0 = *(u32 *)(r1 + 0); exit";
    expect(result(loaded, shown, 9)).toMatchObject({ kind: "incomparable" });
    const both = loaded.replace("r0 = *", "r2 = map_fd 0 ll; r0 = *");
    const bothShown = shown.replace("map_fd_value 3", "map_fd_value 7").replace("r0 = *", "r2 = map_fd 4 ll; r0 = *");
    expect(result(both, bothShown, 9)).toEqual({ kind: "agree" });
  });
});

describe("packets", () => {
  const program = { progType: 6, insns: hex("r2 = *(u32 *)(r1 + 0); r0 = *(u8 *)(r2 + 1); *(u8 *)(r2 + 0) = 9; exit") };
  const shown = hex("r2 = *(u64 *)(r1 + 0); r0 = *(u8 *)(r2 + 1); *(u8 *)(r2 + 0) = 9; exit");
  const packet = Uint8Array.from({ length: 128 }, (_, i) => (i === 0 ? 9 : 7 * i + 1));
  const run = (dataOut?: Uint8Array): Verdict => {
    const out = dataOut && Buffer.from(dataOut).toString("hex");
    return compareResult(recording({ ...program, xlated: shown, retval: 8, dataOut: out }), session);
  };

  test("every byte of a recorded packet counts", () => {
    expect(run(packet)).toEqual({ kind: "agree" });
    expect(run(packet.with(127, 0))).toMatchObject({ kind: "disagree", where: "the kernel's packet" });
    expect(run(packet.slice(1))).toMatchObject({ kind: "disagree", where: "the kernel's packet" });
    expect(run()).toEqual({ kind: "agree" });
  });
});

describe("contexts", () => {
  test("a field that is not modelled is not compared", () => {
    const verdict = result("r0 = *(u32 *)(r1 + 0); exit", "r0 = *(u32 *)(r1 + 112); exit", 114);
    expect(verdict).toMatchObject({ kind: "incomparable" });
    const rest = {
      progType: 6,
      insns: hex("r0 = *(u32 *)(r1 + 16); exit"),
      xlated: hex("r0 = *(u64 *)(r1 + 32); exit"),
    };
    expect(compareResult(recording({ ...rest, retval: 0 }), session)).toMatchObject({ kind: "incomparable" });
  });

  test("a fault elsewhere is a disagreement", () => {
    expect(result("r1 = 0; r0 = *(u32 *)(r1 + 0); exit", "r1 = 0; r0 = *(u32 *)(r1 + 0); exit", 0)).toMatchObject({
      kind: "disagree",
      expected: "returned",
    });
  });
});

test("what a recording says of itself goes before its family", () => {
  expect(isDeterministic(recording({ family: "helper" }))).toBe(true);
  expect(isDeterministic(recording({ deterministic: false }))).toBe(false);
  expect(isDeterministic(recording({ family: "helper", deterministic: undefined }))).toBe(false);
  expect(isDeterministic(recording({ family: "alu", deterministic: undefined }))).toBe(true);
  expect(isDeterministic(recording({ run: -22 }))).toBe(false);
  expect(isDeterministic(recording({ retval: undefined }))).toBe(false);
});
