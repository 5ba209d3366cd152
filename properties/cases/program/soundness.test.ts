import { expect, test } from "vitest";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import type { Case } from "../../../subjects/case.js";
import { isSound } from "./soundness.js";

const caseOf = (text: string): Case => ({
  program: { code: [bpf(text)], maps: [], context: "memory" },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
});

test.each([
  ["its lowest byte", "call pc+1; exit; *(u64 *)(r10 - 8) = r10; r0 = *(u8 *)(r10 - 8); exit"],
  ["its middle", "call pc+1; exit; r0 = r10; r0 >>= 12; r0 &= 255; exit"],
  ["one bit of it", "call pc+1; exit; r0 = r10; r0 >>= 7; r0 &= 1; exit"],
])("a result made of where the frame of a call lies means nothing: %s", (_what, text) => {
  expect(isSound(caseOf(text))).toBe(false);
});

test("a call that keeps its frame to itself is sound", () => {
  expect(isSound(caseOf("call pc+1; exit; *(u64 *)(r10 - 8) = 7; r0 = *(u64 *)(r10 - 8); exit"))).toBe(true);
});
