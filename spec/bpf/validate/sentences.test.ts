// Every reason for which a program is refused, once, with its exact sentence; and that none in the sources is missing here.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decode, encode, type Insn } from "../insn.js";
import type { ContextKind, Program } from "../program.js";
import { add, call, copy, exit, helper, i, lddw, mov, program } from "./testing.js";
import { validate } from "./validate.js";

const ARRAY = 0;
const PROGRAMS = 1;
const map = (r: number, index: number): readonly Insn[] => lddw("mapFd", r, index);
const key = [i("stw", { dst: 10, off: -4 }), copy(2, 10), add(2, -4)];
const lookup = [...key, ...map(1, ARRAY), helper(1)];
const store = (off: number): Insn => i("stdw", { dst: 10, off });
const tailCall = [...map(2, PROGRAMS), mov(3, 0), helper(12)];
const of = (...code: readonly (Insn | readonly Insn[])[]): Program => program(code.flat());
const within = (context: ContextKind, ...code: readonly (Insn | readonly Insn[])[]): Program =>
  program(code.flat(), context);

/** Each function calls the next one. */
const CHAIN = Array.from({ length: 9 }, (_, f) => (f === 8 ? [mov(0, 0), exit] : [call(1), exit])).flat();
const MANY = [
  ...Array.from({ length: 256 }, (_, f) => call(256 - f + 1 + 2 * f)),
  mov(0, 0),
  exit,
  ...Array.from({ length: 256 }, () => [mov(0, 0), exit]).flat(),
];

const PROGRAM_SENTENCES: readonly (readonly [Program, string])[] = [
  [{ code: [], maps: [], context: "memory" }, "no code"],
  [of(), "no instructions, expected at least an exit"],
  [of(new Array<Insn>(1_000_001).fill(exit)), "1000001 slots, expected at most 1000000"],
  [of(MANY), "257 functions, expected at most 256"],
  [of(call(1), exit, call(-1), exit), "call of slot 2, which leads back here"],
  [of(CHAIN), "call in frame 8, expected at most that many frames"],
  [
    of(call(2), mov(0, 0), exit, store(-512), call(2), mov(0, 0), exit, store(-8), mov(0, 0), exit),
    "528, expected at most 512, bytes of stack in a chain of calls",
  ],
  [
    of(store(-256), mov(1, 0), call(2), mov(0, 0), exit, copy(6, 1), tailCall, mov(0, 0), exit),
    "256, expected less than 256 above a tail call, bytes of stack in a chain of calls",
  ],
  [of(call(9), mov(0, 0), exit), "call of slot 10, expected the start of an instruction"],
  [of(i("ja", { off: 9 }), exit), "jump to slot 10, expected one of this function's, 0 to 1"],
  [of(i("ja", { off: 1 }), lddw("imm64", 0, 1), exit), "jump to slot 2, which is the second one of an lddw"],
  [of(mov(0, 0)), "the function from slot 0 ends with mov imm, expected exit or a jump"],
  [of(mov(0, 0), exit, mov(0, 1), exit), "no path leads here"],
  [of(copy(0, 3), exit), "r3 is read, but not written on every path to here"],
  [of(store(-520), mov(0, 0), exit), "8 bytes at r10-520, expected r10-512 to r10-1"],
  [of(mov(1, 0), tailCall, mov(0, 0), exit), "r1 of a tail call is not the context"],
  [of(key, map(1, PROGRAMS), helper(1), mov(0, 0), exit), "r1 is not a map of the sort that is wanted here"],
  [
    within("xdp", copy(2, 1), map(1, ARRAY), helper(1), mov(0, 0), exit),
    "r2 may point to the xdp context, which helpers must not read",
  ],
  [within("skb", mov(1, 0), mov(2, 0), mov(3, 0), helper(34), exit), "r1 is not the context"],
  [of(lookup, copy(2, 0), map(1, ARRAY), helper(1), mov(0, 0), exit), "r2 may be 0, expected a pointer to bytes"],
  [of(mov(2, 7), map(1, ARRAY), helper(1), mov(0, 0), exit), "r2 is a number, expected a pointer to bytes"],
  [of(map(2, ARRAY), map(1, ARRAY), helper(1), mov(0, 0), exit), "r2 is a map, expected a pointer to bytes"],
  [of(lookup, add(0, 8), mov(0, 0), exit), "add imm on a pointer that may be 0"],
  [
    of(copy(2, 1), i("mul imm", { dst: 2, imm: 3 }), mov(0, 0), exit),
    "mul imm on a pointer, expected a 64-bit add or sub of a number",
  ],
  [
    within(
      "xdp",
      copy(2, 1),
      i("ldxw", { dst: 3, src: 1 }),
      i("add reg", { dst: 2, src: 3 }),
      i("ldxw", { dst: 0, src: 2 }),
      exit,
    ),
    "r2 may or may not be the xdp context, or points past its start",
  ],
  [of(lookup, i("ldxb", { dst: 0, src: 0 }), exit), "load through r0, which may be 0"],
  [of(mov(3, 0), i("ldxb", { dst: 0, src: 3 }), exit), "load through r3, which is a number"],
  [of(map(3, ARRAY), i("ldxb", { dst: 0, src: 3 }), exit), "load through r3, which is a map"],
  [
    of(store(-8), store(-16), mov(2, 1), i("lock add", { dst: 10, src: 2, off: -12 }), mov(0, 0), exit),
    "atomic of 8 bytes at offset -12",
  ],
  [within("xdp", i("ldxdw", { dst: 0, src: 1 }), exit), "load of 8 bytes at context+0, where xdp has no field"],
  [of(call(1), exit, copy(0, 10), exit), "r0 points to the frame that ends here"],
  [of(i("nospec"), mov(0, 0), exit), '"nospec" exists only between the verifier and the JIT'],
  [of(copy(0, 12), exit), "mov reg: src is r12, the last register is r10"],
  [of({ ...exit, off: 3 }), "exit: reserved field off is 3, expected 0"],
  [of({ ...i("le16"), imm: 32 }, exit), "src 0, off 0, imm 32 make another instruction than le16"],
  [of(mov(10, 0), mov(0, 0), exit), "mov imm writes r10, which is read-only"],
  [of(i("lock xchg", { dst: 1, src: 10 }), mov(0, 0), exit), "lock xchg fetches into r10, which is read-only"],
  [of(mov(0, 1), i("div imm", { imm: 0 }), exit), "div imm by the immediate 0"],
  [of(mov(0, 1), i("lsh32 imm", { imm: 32 }), exit), "lsh32 imm by 32, expected 0 to 31"],
  [of(i("lddw high"), mov(0, 0), exit), "lddw high where the first slot of lddw belongs"],
  [of(i("lddw imm64"), mov(0, 0), exit), "mov imm where the second slot of lddw belongs"],
  [of(mov(0, 0), exit, i("lddw imm64")), "the program ends between the two slots of lddw"],
  [of(i("ldabsb"), exit), "ldabsb, for which the context must be skb, not memory"],
  [
    of(i("call kfunc", { imm: 7 }), exit),
    "call of a kernel function: with --unknown-calls it is one of which nothing is known",
  ],
  [of(helper(99), exit), "call of bpf_skc_lookup_tcp, which is not modelled"],
  [{ ...of(helper(100_000), exit), unknownCalls: 1 }, "call of helper 100000, which no kernel has"],
  [of(mov(2, 0), helper(44), exit), "call of bpf_xdp_adjust_head, for which the context must be xdp, not memory"],
  [of(lddw("variable", 1, 0), mov(0, 0), exit), "lddw variable: addresses of code and of kernel variables"],
  [of(lddw("mapFd", 1, 9), mov(0, 0), exit), "lddw mapFd of map 9, but the program has 2"],
  [of(lddw("mapFd", 1, ARRAY, 4), mov(0, 0), exit), "lddw mapFd: imm of the second slot is 4, expected 0"],
  [of(lddw("mapFdValue", 1, PROGRAMS), mov(0, 0), exit), "lddw mapFdValue of map 1, expected an array of one entry"],
  [of(lddw("mapFdValue", 1, ARRAY, 16), mov(0, 0), exit), "lddw mapFdValue of map 0 at 16, but a value has 16 bytes"],
  [
    { code: [[mov(0, 0), exit]], maps: [{ kind: "insnArray", entries: 1, code: 0, slots: [9] }], context: "memory" },
    "an instruction array names slot 9, where no instruction begins",
  ],
  [of(mov(0, 0), i("st argument", { off: -4 }), exit), "st argument at -4, expected -8, -16, .. -56"],
  [of(i("ldx argument", { off: 64 }), exit), "ldx argument at 64, expected 8, 16, .. 56"],
  [of({ ...i("st argument", { off: -8 }), dst: 1 }, exit), "dst 1 makes another instruction than st argument"],
  [of(i("ldx argument", { off: 8 }), exit), "argument 6 is read, but not there on every path to here"],
  [of(i("gotox", { dst: 1 })), "gotox, but no instruction array names a slot of this function"],
  [
    {
      code: [[...lddw("mapFdValue", 1, 0, 4), mov(0, 0), exit]],
      maps: [{ kind: "insnArray", entries: 1, code: 0, slots: [0] }],
      context: "memory",
    },
    "lddw mapFdValue of map 0 at 4, expected a multiple of 8 below 8",
  ],
];

const sentencesOf = (p: Program): readonly string[] => {
  const validity = validate(p);
  return validity.ok ? [] : validity.problems.map(({ message }) => message);
};

test.each(PROGRAM_SENTENCES.map(([p, sentence]) => [sentence, p] as const))("%s", (sentence, p) => {
  expect(sentencesOf(p)).toContain(sentence);
});

const bytes = (...all: readonly number[]): Uint8Array => Uint8Array.from(all);
/** Opcode, registers, offset and immediate. */
const slot = (opcode: number, registers = 0, off = 0, imm = 0): Uint8Array => {
  const made = new Uint8Array(8);
  const view = new DataView(made.buffer);
  made.set([opcode, registers]);
  view.setInt16(2, off, true);
  view.setInt32(4, imm, true);
  return made;
};

const DECODE_SENTENCES: readonly (readonly [Uint8Array, string])[] = [
  [bytes(1, 2, 3), "program is 3 bytes long, expected a multiple of 8"],
  [bytes(...slot(0x18), ...slot(0x95)), "the second slot of lddw must have opcode 0"],
  [slot(0x00), "opcode 0 outside the second slot of lddw"],
  [slot(0x18), "program ends between the two slots of lddw"],
  [slot(0x8d), "opcode 0x8d is callx (call through a register), which is not supported"],
  [slot(0x38), "opcode 0x38 is a load of 8 bytes of the packet (ldabsdw), which is not supported"],
  [slot(0xff), "opcode 0xff is not an instruction"],
  [slot(0xd4, 0, 0, 7), "opcode 0xd4 has no form with imm 7 (expected 16, 32, 64)"],
  [slot(0x85, 0x50), "opcode 0x85 has no form with src 5 (expected 0, 1, 2)"],
  [
    slot(0xbf, 0x21, 1, 1),
    "opcode 0xbf is cast kernel (Linux 6.9, arm64 JIT 6.10), a cast of an arena pointer to the kernel's: programs here have no arena",
  ],
  [
    slot(0xbf, 0x21, 1, 0x10000),
    "opcode 0xbf is cast user (Linux 6.9, arm64 JIT 6.10), a cast of an arena pointer to user space's: programs here have no arena",
  ],
  [slot(0xc1, 0x21), "opcode 0xc1 is arena ldxsw (Linux 6.18, arm64 JIT 6.18), which only a verifier makes"],
  [
    slot(0x63, 0x1b, -8),
    "stxw: dst is r11, the base of stack arguments (Linux 7.2, arm64 JIT 7.2), of which each is loaded and stored whole, 8 bytes",
  ],
  [slot(0x07, 0x0c), "add imm: dst is r12, the last register is r10"],
  [slot(0x95, 0x01), "exit: reserved field dst is 1, expected 0"],
];

test.each(DECODE_SENTENCES.map(([all, sentence]) => [sentence, all] as const))("%s", (sentence, all) => {
  const decoded = decode(all);
  expect(decoded.ok ? encode(decoded.value) : decoded.error.message).toBe(sentence);
});

/** What `report` is told, and what decoding says, in the sources, with `.+` for what is put in. */
function reasonsOf(file: string): readonly RegExp[] {
  const text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8");
  const told = text.matchAll(
    /(?:report|reportFor\(0\)|found|refuse)\((?:[^()`"]|\([^()]*\))*(?:"\w+",\s*)?(`(?:[^`\\]|\\.)*`|"[^"\n]* [^"\n]*")/g,
  );
  return [...told].map(([, literal]) => {
    const parts = literal!.slice(1, -1).split(/\$\{(?:[^{}]|\{[^}]*\})*\}/);
    return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}`);
  });
}

test("no reason is missing here", () => {
  const files = readdirSync(new URL(".", import.meta.url)).filter(
    (name) => /^[a-z-]+\.ts$/.test(name) && name !== "testing.ts",
  );
  const reasons = [...files, "../insn.ts"].flatMap((file) => reasonsOf(file).map((reason) => ({ file, reason })));
  expect(reasons.length).toBeGreaterThan(45);
  const sentences = [...PROGRAM_SENTENCES, ...DECODE_SENTENCES].map(([, sentence]) => sentence);
  const missing = reasons.filter(({ reason }) => !sentences.some((sentence) => reason.test(sentence)));
  expect(missing.map(({ file, reason }) => `${file}: ${reason.source}`)).toEqual([]);
});
