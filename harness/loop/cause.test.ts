import { describe, expect, test } from "vitest";
import { oracleOf, reasonOf } from "../../properties/cases/objection.js";
import type { Verdict } from "../../properties/verdict.js";
import { causeName } from "./cause.js";

type Disagree = Extract<Verdict, { kind: "disagree" }>;
const disagree = (where: string, expected: string, got: string): Disagree => ({
  ...{ kind: "disagree", where, expected, got },
});

describe("a cause", () => {
  test.each([
    ["r0", "0x1", "0x2", "exec-match", "another result"],
    ["stack[r10 - 8]", "0x01", "0x02", "exec-match", "another result"],
    [
      "outcome",
      "returned 0x5",
      "faulted at instruction 3: badRead at 0xffff: no page",
      "exec-match",
      "returned, got faulted badRead",
    ],
    ["outcome", "returned 0x5", "ran out of fuel", "exec-match", "returned, got ran"],
    ["text memory", "the image", "function 2: 64 bytes at 0xffff0000", "text-memory", "function N: N bytes at N"],
    ["compilation", "an image", "the JIT refused function 0: x7", "compiles", "the JIT refused function N: xN"],
    ["an exception", "a verdict", "end 72 > 64", "no-exception", "end N > N"],
  ])("%s, %s and %s", (where, expected, got, oracle, reason) => {
    const verdict = disagree(where, expected, got);
    expect([oracleOf(verdict), reasonOf(verdict)]).toEqual([oracle, reason]);
  });

  test("names a directory", () => {
    expect(causeName("programs", { oracle: "exec-match", what: "lock fetch add32" })).toBe(
      "exec-match-lock-fetch-add32",
    );
    expect(causeName("programs", { oracle: "text-memory", what: "?" })).toBe("text-memory-unknown");
    expect(causeName("kernel-rows", { oracle: "exec-match", what: "add imm" })).toBe("kernel-rows-exec-match-add-imm");
    // A name of a lesson has no capitals.
    expect(causeName("histories", { oracle: "no-leak", what: "load, setPermission fails" })).toBe(
      "histories-no-leak-load-setpermission-fails",
    );
  });
});
