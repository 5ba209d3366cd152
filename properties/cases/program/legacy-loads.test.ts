// Loads of packets as classic BPF had them, on both witnesses and every engine: what they give, and how they end a function.

import { expect, test } from "vitest";
import { ENGINES } from "../../../engines/index.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import { checkOrCrash } from "../check-or-crash.js";
import { makeCheck } from "./check.js";
import { parseCase } from "./text.js";

const PACKET = Array.from({ length: 36 }, (_, i) => (0xf0 + i) & 0xff);
const HEAD = `# title: t\n# context: skb\n# input: ${PACKET.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}\n`;
const CHECK = makeCheck({
  definedness: "run",
  engines: ENGINES.filter((engine) => engine.unavailable() === undefined),
});

function outcomeOf(text: string): bigint | string {
  const read = parseCase(`${HEAD}${text.replaceAll("; ", "\n")}\n`);
  if (!read.ok) throw new Error(read.error.message);
  const { verdict, runs } = checkOrCrash(read.value, CHECK);
  const expected = runs[0]?.expected;
  return verdict.kind === "agree" && expected?.kind === "returned" ? expected.r0 : JSON.stringify(verdict);
}

test.each([
  ["r0 = *(u8 *)skb[0]", 0xf0n],
  ["r0 = *(u16 *)skb[12]", 0xfcfdn],
  ["r0 = *(u32 *)skb[32]", 0x1011_1213n],
  ["r7 = 30; r0 = *(u16 *)skb[r7 + 4]", 0x1213n],
  ["r7 = 30; r0 = *(u8 *)skb[r7]", 0x0en],
  // Of the register and the number 32 bits count.
  ["r7 = 0x7ffffffff ll; r0 = *(u8 *)skb[r7 + 1]", 0xf0n],
  // SKF_NET_OFF, SKF_LL_OFF.
  ["r0 = *(u8 *)skb[-0x100000]", 0xfen],
  ["r0 = *(u16 *)skb[-0x200000]", 0xf0f1n],
])("%s", (text, r0) => {
  expect(outcomeOf(`r6 = r1; ${text}; exit`)).toBe(r0);
});

test.each(["*(u8 *)skb[36]", "*(u16 *)skb[35]", "*(u32 *)skb[33]", "*(u8 *)skb[-0x200001]", "*(u8 *)skb[0x7fffffff]"])(
  "%s ends the program with 0",
  (place) => {
    expect(outcomeOf(`r6 = r1; r0 = ${place}; r0 = 5; exit`)).toBe(0n);
  },
);

test("in a function it ends that one alone", () => {
  const called = "r6 = r1; call pc+2; r0 += 3; exit; r6 = r1; r0 = *(u8 *)skb[99]; r0 = 9; exit";
  expect(outcomeOf(called)).toBe(3n);
});

test("it leaves no arguments, and needs the context in r6", () => {
  expect(outcomeOf("r6 = r1; r2 = 1; r0 = *(u8 *)skb[0]; r0 += r2; exit")).toMatch("returns r0, which is undefined");
  expect(outcomeOf("r6 = 1; r0 = *(u8 *)skb[0]; exit")).toMatch("ldabsb: r6 is not the skb context");
  expect(outcomeOf("r6 = r1; *(u8 *)(r10 - 1) = 1; r0 = *(u8 *)skb[r3]; exit")).toMatch("ldindb: r3 is undefined");
});

test("what was never written is not defined when it is loaded from the packet", () => {
  const store = "r1 = r6; r2 = 0; r3 = r10; r3 += -8; r4 = 2; r5 = 0; call 9; r0 = *(u8 *)skb[0]; exit";
  // The main frame holds zeros, that of a local call nothing.
  expect(outcomeOf(`r6 = r1; call pc+1; exit; r6 = r1; ${store}`)).toMatch("returns r0, which is undefined");
  expect(outcomeOf(`r6 = r1; ${store}`)).toBe(0n);
});

test("no other context has packets to load from", () => {
  const read = parseCase("# title: t\n# context: xdp\nr6 = r1\nr0 = *(u8 *)skb[0]\nexit\n");
  if (!read.ok) throw new Error(read.error.message);
  expect(checkOrCrash(read.value, CHECK).runs).toEqual([]);
  const said = validate(read.value.program, { definedness: "run" });
  expect(said.ok ? [] : said.problems.map(({ message }) => message)).toEqual([
    "ldabsb, for which the context must be skb, not xdp",
  ]);
});
