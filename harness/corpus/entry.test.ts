import path from "node:path";
import { expect, test } from "vitest";
import { makeFiles } from "../../testing/files.js";
import { badInputLine } from "../bad-input.js";
import { readEntry } from "./entry.js";

function refusal(text: string): string {
  const file = path.join(makeFiles({ "a.bpf": text }), "a.bpf");
  const read = readEntry(file);
  return read.ok ? "accepted" : badInputLine(read.error).replace(file, "FILE");
}

test("a program is to be corrected only where it is wrong", () => {
  expect(refusal("goto +7\nexit\n")).toMatch(
    /^FILE: expected a program that a verifier accepts, .*; correct the program$/,
  );
  expect(refusal("call 67\nexit\n")).toBe(
    "FILE: expected a program that a verifier accepts, got slot 0: call of bpf_get_stack, which is not modelled " +
      "(notModelled); say # unknown: 1 in its head",
  );
  expect(refusal("# unknown: 1\ncall 67\nexit\n")).toBe("accepted");
});
