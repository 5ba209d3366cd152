// What is said of programs that have no meaning, where no other test says it: the exact sentence of each.

import { expect, test } from "vitest";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

const CHECK = makeCheck({ definedness: "run" });

function whyOf(text: string): string | undefined {
  const read = parseCase(`# title: t\n${text.trim().replaceAll(/\s*;\s*/g, "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  const { verdict } = checkOrCrash(read.value, CHECK);
  return verdict.kind === "incomparable" ? verdict.why : verdict.kind;
}

const RING = "# map: ringbuf entries=64\n";
const RESERVE = "r1 = map_fd 0 ll; r2 = 8; r3 = 0; call 131; if r0 == 0 goto";
const SKB = "# context: skb\n# input: zero 64\n";
const XDP = "# context: xdp\n# input: zero 64\n";

test.each([
  [
    `${RING}r1 = r10; r1 += -8; *(u64 *)(r10 - 8) = 0; r2 = 0; call 132; r0 = 0; exit`,
    "ringbuf_submit: r1 is not a record that was reserved, at instruction 4",
  ],
  [
    `${RING}${RESERVE} +7; r6 = r0; r1 = r0; r2 = 0; call 132; r1 = r6; r2 = 0; call 132; r0 = 0; exit`,
    "ringbuf_submit: r1 is a record of map 0, which is gone, at instruction 12",
  ],
  ["r0 = 1; r10 = 7; exit", "writes r10, which is read-only, at instruction 1"],
  [
    "*(u64 *)(r10 - 8) = 1; r0 = 0; r10 = atomic_fetch_add((u64 *)(r10 - 8), r10); exit",
    "writes r10, which is read-only, at instruction 2",
  ],
  [
    "# context: tracing\n*(u64 *)(r1 + 0) = 1; r0 = 0; exit",
    "writes the input, which it may only read, at instruction 0",
  ],
  [
    "# context: tracing\nr2 = 8; r3 = 0; call 4; r0 = 0; exit",
    "probe_read: writes the input, which it may only read, at instruction 2",
  ],
  [
    `${XDP}r2 = *(u32 *)(r1 + 4); r3 = *(u32 *)(r1 + 0); r6 = r1; r2 = -4; call 44; r0 = *(u8 *)(r3 + 0); exit`,
    "reads through r3, which is undefined, at instruction 5",
  ],
  [
    `${XDP}r7 = *(u32 *)(r1 + 0); r2 = -4; call 44; r0 = *(u8 *)(r7 + 0); exit`,
    "reads the packet as it was before bpf_xdp_adjust_head, which is gone, at instruction 3",
  ],
  [
    `${SKB}r6 = r1; call pc+2; r0 = 0; exit; *(u32 *)(r1 + 8) = r9; exit`,
    "writes mark of the skb context with a value that is undefined, at instruction 4",
  ],
  [
    "*(u32 *)(r10 - 8) = 1; r0 = 0; call pc+1; exit; r0 = 1; r1 = 2; lock *(u64 *)(r10 - 12) += r1; exit",
    "changes 8 bytes at once at an address that is no multiple of 8, at instruction 6",
  ],
])("%s", (text, sentence) => {
  expect(whyOf(text)).toBe(`undefined program: ${sentence}`);
});

test("what no path comes to may write r10, as Linux takes it away", () => {
  expect(whyOf("r0 = 5; if r0 == 5 goto +1; r10 = 7; exit")).toBe("agree");
});
