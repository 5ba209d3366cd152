import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertLaw } from "../../../testing/law.js";
import { encode } from "../insn.js";
import { bpf } from "./bpf.js";
import { type ParseOptions, parse } from "./parse.js";

/** The slots as hex bytes. */
const hex = (text: string, options: ParseOptions = {}): string =>
  Buffer.from(encode(bpf(text, options)))
    .toString("hex")
    .replace(/.{16}(?!$)/g, "$& ");

// Bytes by LLVM 19.1.7 (`llvm-mc -triple bpfel -mcpu=v4 --show-encoding`), except where marked.
test.each([
  ["r0 = 1", "b700000001000000"],
  ["r1 = 0xffffffff", "b7010000ffffffff"],
  ["w1 += w2", "0c21000000000000"],
  ["r1 s/= r2", "3f21010000000000"],
  ["w1 s%= -3", "94010100fdffffff"],
  ["r1 s>>= r2", "cf21000000000000"],
  ["r0 = -r0", "8700000000000000"],
  ["r1 = (s8)r2", "bf21080000000000"],
  ["w1 = (s16)w2", "bc21100000000000"],
  ["r0 = be16 r0", "dc00000010000000"],
  ["r0 = bswap32 r0", "d700000020000000"],
  ["if r1 s> 3 goto +2", "6501020003000000"],
  ["if w1 & 7 goto -2", "4601feff07000000"],
  ["goto +2", "0500020000000000"],
  ["gotol -5", "06000000fbffffff"],
  ["call 12", "850000000c000000"],
  ["call -5", "85000000fbffffff"],
  ["f: call f", "85100000ffffffff"],
  ["call pc-1", "85100000ffffffff"],
  ["r1 = 0x12345678 ll", "1801000078563412 0000000000000000"],
  ["r1 = -5 ll", "18010000fbffffff 00000000ffffffff"],
  ["*(u32 *)(r10 - 4) = r1", "631afcff00000000"],
  ["*(u8 *)(r1 + 0) = 5", "7201000005000000"],
  ["r0 = *(u64 *)(r1 + 8)", "7910080000000000"],
  ["w0 = *(u32 *)(r1 + 8)", "6110080000000000"],
  ["r0 = *(s8 *)(r1 - 1)", "9110ffff00000000"],
  ["lock *(u64 *)(r1 + 0) += r2", "db21000000000000"],
  ["lock *(u32 *)(r1 + 0) ^= w2", "c3210000a0000000"],
  ["lock *(u32 *)(r1 + 0) += r2", "c321000000000000"],
  ["r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", "db21000001000000"],
  ["w2 = xchg32_32(r1 + 0, w2)", "c3210000e1000000"],
  ["r0 = cmpxchg_64(r1 + 8, r0, r2)", "db210800f1000000"],
  ["exit", "9500000000000000"],
])("%s", (text, bytes) => {
  expect(hex(text)).toBe(bytes);
});

// Bytes from RFC 9669 section 5.4 and 4.3.
test.each([
  ["r1 = map_fd 3 ll", "1811000003000000 0000000000000000"],
  ["r1 = map_fd_value 3 + 8 ll", "1821000003000000 0000000008000000"],
  ["r1 = variable 7 ll", "1831000007000000 0000000000000000"],
  ["r1 = code 2 ll", "1841000002000000 0000000000000000"],
  ["r1 = map_idx 1 ll", "1851000001000000 0000000000000000"],
  ["r1 = map_idx_value 1 + 16 ll", "1861000001000000 0000000010000000"],
  ["call kfunc 7", "8520000007000000"],
])("%s, which LLVM cannot say", (text, bytes) => {
  expect(hex(text)).toBe(bytes);
});

test.each([
  ["mov32 %r0, 5", "w0 = 5"],
  ["mov %r0, -1", "r0 = -1"],
  ["ldxw %r0, [%r1+4]", "r0 = *(u32 *)(r1 + 4)"],
  ["ldxdw %r0, [%r1]", "r0 = *(u64 *)(r1 + 0)"],
  ["ldxsb %r0, [%r1-0x1]", "r0 = *(s8 *)(r1 - 1)"],
  ["stdw [%r10-8], 0xab", "*(u64 *)(r10 - 8) = 171"],
  ["stxh [%r10-8], %r3", "*(u16 *)(r10 - 8) = r3"],
  ["lock add32 [%r10-8], %r1", "lock *(u32 *)(r10 - 8) += w1"],
  ["lock fetch add [%r10-8], %r1", "r1 = atomic_fetch_add((u64 *)(r10 - 8), r1)"],
  ["lock cmpxchg32 [%r10-8], %r1", "w0 = cmpxchg32_32(r10 - 8, w0, w1)"],
  ["call local f; exit; f: exit", "call f; exit; f: exit"],
  ["jeq %r0, 15, failed; failed: exit", "if r0 == 15 goto failed; failed: exit"],
  ["jset32 %r1, 0x8, +1", "if w1 & 8 goto +1"],
  ["ja32 l; l: exit", "gotol l; l: exit"],
  ["jne %r1, %r2, exit; exit; mov %r0, 0; exit", "if r1 != r2 goto +2; exit; r0 = 0; exit"],
  ["be16 %r0", "r0 = be16 r0"],
  ["swap64 %r0", "r0 = bswap64 r0"],
  ["bswap16 %r0", "r0 = bswap16 r0"],
  ["movsx864 %r0, %r1", "r0 = (s8)r1"],
  ["movsx1632 %r0, %r1", "w0 = (s16)w1"],
  ["lddw %r0, 0xFFFFFFFFFFFFFFFF", "r0 = -1 ll"],
  ["lddw %r1, map_fd 0", "r1 = map_fd 0 ll"],
])("%s means %s", (mnemonic, llvm) => {
  expect(hex(mnemonic)).toBe(hex(llvm, { syntax: "llvm" }));
});

test("comments, blank lines and labels before an instruction", () => {
  const parsed = parse("# head\n\nloop: r0 += 1 ; more\n  if r0 < 9 goto loop // again\nexit # done\n");
  expect(parsed).toEqual({ ok: true, value: bpf("r0 += 1; if r0 < 9 goto -2; exit") });
});

test("a label after lddw counts both of its slots", () => {
  expect(bpf("goto end; r1 = 0 ll; end: exit")[0]?.off).toBe(2);
});

describe("kernel dialect", () => {
  test.each([
    ["r0 = probe *(u32 *)(r1 + 4)", "6110040000000000".replace("61", "21")],
    ["r11 = 1", "b70b000001000000"],
    ["call pc+3 {off=2}", "8510020003000000"],
    ["r1 = addr_space_cast(r2, 1, 0)", "bf21010000000100"],
  ])("%s", (text, bytes) => {
    expect(hex(text, { dialect: "kernel" })).toBe(bytes);
  });

  test("is refused in a program as it is written", () => {
    expect(parse("r0 = probe *(u32 *)(r1 + 4)")).toEqual({
      ok: false,
      error: { line: 1, column: 1, message: "line 1: this form exists in the kernel dialect only" },
    });
  });
});

const NUMBER = "a 32-bit number (-2147483648..2147483647, in hex up to 0xffffffff)";
test.each([
  ["r0 = 1\n\nr50 = 2", 'line 3: expected a register r0..r10, got "r50"'],
  ["r0 = r50", 'line 1: expected a register r0..r10, got "r50"'],
  ["w0 = r1", 'line 1: expected a register w0..w10, got "r1"'],
  ["r0 = be16 r1", 'line 1: expected r0 again, got "r1"'],
  ["if r0 == 5000000000 goto +1", `line 1: expected ${NUMBER}, got "5000000000"`],
  ["r0 += -2147483649", `line 1: expected ${NUMBER}, got "-2147483649"`],
  ["goto +32768", 'line 1: expected a distance of 16 bits with its sign, as +4, got "+32768"'],
  ["goto 2", 'line 1: expected a distance of 16 bits with its sign, as +4, got "2"'],
  ["goto nowhere", 'line 1: label "nowhere" is not defined'],
  ["a:\na: exit", 'line 2: label "a" is defined twice'],
  ["r0 = 1 1", 'line 1: expected the end of the line or "ll", got "1"'],
  ["call +3", `line 1: expected ${NUMBER}, a label, "pc" or "kfunc", got "+3"`],
  ["callx r1", "line 1: callx is a call through a register, which is not supported"],
  ["frob r1", 'line 1: expected an instruction, got "frob"'],
  ["mov32 %r0, 2147483648", `line 1: expected ${NUMBER}, got "2147483648"`],
  ["or %r0, %r50", 'line 1: expected a register r0..r10, got "%r50"'],
  ["ja NOT_A_LABEL", 'line 1: label "NOT_A_LABEL" is not defined'],
  [
    "mov %r0, 0\nlock",
    'line 2: expected "add", "fetch", "add32", "or", "or32", "and", "and32", "xor", "xor32", "xchg" or ..., got the end of the line',
  ],
])("%j is refused", (text, message) => {
  const parsed = parse(text);
  expect(parsed.ok ? "accepted" : parsed.error.message).toBe(message);
});

test("a label beyond the reach of a branch is refused", () => {
  const parsed = parse(`goto end\n${"r0 = 1\n".repeat(32_768)}end: exit`);
  expect(parsed).toMatchObject({
    error: { message: 'line 1: label "end" is 32768 slots away, expected -32768..32767' },
  });
});

test("an error has its place", () => {
  expect(parse("exit\n  r0 = r99")).toMatchObject({ error: { line: 2, column: 8 } });
});

test("the test notation throws with the program", () => {
  expect(() => bpf("r0 = 1; r99 = 2")).toThrow('line 2: expected a register r0..r10, got "r99" in: r0 = 1; r99 = 2');
});

test("a long token is cut short in the message", () => {
  const parsed = parse(`${"x".repeat(1000)} = 1`);
  expect(parsed.ok ? "" : parsed.error.message).toBe(`line 1: expected an instruction, got "${"x".repeat(40)}..."`);
});

test("any text is either a program or refused in one line that names a line of it", () => {
  const piece = fc.constantFrom(
    ..."r0 w1 r10 r11 %r0 = += s>>= -r0 - + ( ) [ ] * *( u32 if goto +2 -1 0x10 4294967296 lock exit call pc l l: ll".split(
      " ",
    ),
    ..."add32 jeq ldxw fetch , ; // # { } off=1 map_fd probe \n \r\n é %".split(" "),
    "\n",
  );
  assertLaw(
    fc.property(
      fc.oneof(
        fc.array(piece).map((all) => all.join(" ")),
        fc.string(),
      ),
      (text) => {
        for (const dialect of ["rfc", "kernel"] as const) {
          const parsed = parse(text, { dialect });
          if (parsed.ok) continue;
          expect(parsed.error.message).toMatch(/^line \d+: [^\n]{1,300}$/);
          expect(parsed.error.line).toBeLessThanOrEqual(text.split("\n").length);
        }
      },
    ),
    { seed: 9669, numRuns: 2000 },
  );
});
