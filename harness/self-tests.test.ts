import path from "node:path";
import { expect, test } from "vitest";
import { writeObject } from "../testing/bpf-object.js";
import { BtfBuilder } from "../testing/btf.js";
import { capture } from "../testing/capture.js";
import { makeFiles } from "../testing/files.js";

/** Each program with its tags. */
const PROGRAMS: Readonly<Record<string, readonly [text: string, ...tags: string[]]>> = {
  right: ["r0 = -42\nexit\n", "comment:test_expect_success", "comment:test_retval=-42"],
  hexadecimal: ["w0 = -2\nexit\n", "comment:7:test_retval=0xfffffffe", "comment:5:test_expect_success"],
  smallest: ["w0 = -2147483648\nexit\n", "comment:test_retval=_INT_MIN"],
  pointer: ["r0 = r10\nexit\n", "comment:test_expect_success", "comment:test_retval=POINTER_VALUE"],
  wrong: ["r0 = 6\nexit\n", "comment:test_expect_success", "comment:test_retval=5"],
  refused: ["r0 = r7\nexit\n", "comment:1:test_expect_failure"],
  unread: ["r0 = 1\nexit\n", "comment:test_expect_failure", "comment:test_expect_msg=R1 type"],
  elsewhere: ["r0 = 1\nexit\n", "comment:test_expect_success", "comment:test_arch=X86_64"],
  part: ["r0 = 1\nexit\n", "comment:test_auxiliary"],
  silent: ["r0 = 1\nexit\n", "comment:test_description=nothing more"],
  code: [
    "r0 = 1\nr0 += r1\nexit\n",
    ...["comment:1:test_expect_success", "comment:2:test_arch=X86_64", "comment:3:test_jited=\tendbr64"],
    ...["comment:4:test_arch=ARM64", "comment:10:test_jited=\tadd\tx7, x7, x0"],
    ...["comment:5:test_jited=\tstp\tx29, x30, [sp, #-0x10]!", "comment:6:test_jited=\tmov\tx29, sp"],
    ...["comment:7:test_jited=...", "comment:8:test_jited=\tmov{{(z)?}}\tx7, #0x1"],
    ...["comment:11:test_jited=...", "comment:12:test_jited=\tret"],
  ],
  otherCode: [
    "r0 = 1\nexit\n",
    ...["comment:test_arch=ARM64", "comment:test_jited=4=\tmov\tx7, #0x1", "comment:test_jited=5=\tret"],
    "comment:test_expect_success",
  ],
  laterCode: [
    "r0 = 1\nexit\n",
    ...["comment:test_arch=ARM64", "comment:test_jited=4=\tmov\tx8, #0x1", "comment:test_expect_success"],
  ],
  inlined: [
    "call 35\nexit\n",
    ...["comment:test_arch=ARM64", "comment:test_jited=3=\tmrs\tx7, SP_EL0", "comment:test_expect_success"],
  ],
  loop: [
    "r0 = 0\nL0:\nr0 += 1\nif r0 > 5000 goto L1\nmay_goto L1\ngoto L0\nL1:\nexit\n",
    ...["comment:test_expect_success", "comment:test_retval=5001"],
  ],
  pieces: ["r0 = 1\nexit\n", "comment:test_expect_success", "comment:test_linear_size=14"],
  unmodelled: ["call 67\nexit\n", "comment:test_expect_success"],
  sum: [
    "*(u32 *)(r10 - 8) = -29\nr1 = 0\nr2 = 0\nr3 = r10\nr3 += -8\nr4 = 4\nr5 = 0\ncall 28\nexit\n",
    ...["comment:test_expect_success", "comment:test_retval=65507"],
  ],
  socket: [
    "r0 = *(u64 *)(r1 + 168)\nif r0 != 0 goto L0\nr0 = 57005\nL0:\nexit\n",
    "comment:test_expect_success",
    "comment:test_retval=0",
  ],
  lacking: ["call pc-1\nexit\n", "comment:test_expect_success", "comment:test_retval=0"],
};

function selfTests(names: readonly string[]): Uint8Array {
  const btf = new BtfBuilder();
  const functions = names.map((name) => {
    const [text, ...tags] = PROGRAMS[name]!;
    const fn = btf.add("func", name, btf.add("funcProto", "", btf.int("int", 4)));
    for (const tag of tags) btf.add("declTag", tag, fn, [0xffff_ffff]);
    return { name, text, ...(name === "lacking" && { relocations: { 0: { symbol: "bpf_gone", type: 10 } } }) };
  });
  return writeObject({
    code: [{ section: "socket", functions }],
    data: [{ section: ".BTF", bytes: btf.bytes(), isDebug: true }],
    externs: ["bpf_gone"],
  });
}

const conform = (...names: readonly string[]) => conformOn("impl", ...names);

async function conformOn(subject: string, ...names: readonly string[]) {
  const file = path.join(makeFiles({ "verifier_x.bpf.o": selfTests(names) }), "verifier_x.bpf.o");
  const { code, out, err } = await capture(["conform", file, "--subject", subject], { columns: 200 });
  return { code, out: out.replaceAll(`${file}, `, ""), err: err.replaceAll(file, "FILE") };
}

test("self-tests that return what they say, in every spelling of a number", async () => {
  const { code, out, err } = await conform("right", "hexadecimal", "smallest", "pointer", "sum", "refused");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("interpreter         5 of 5\nJIT                 5 of 5\nmust be refused  1 refused\n");
  expect(out).toMatch(/OK in .*: 6 of 6 tests as expected\n$/);
});

test("another result is a failure of both witnesses, and can be run again", async () => {
  const { code, out } = await conform("right", "wrong");
  expect(code).toBe(1);
  expect(out).toContain("FAILED wrong: interpreter: expected 5, got 0x0000000000000006\n");
  expect(out).toContain("FAILED wrong: JIT: expected 5, got 0x0000000000000006\n");
});

test("a loop goes on as in the kernel, and what does not end within its fuel is named", async () => {
  expect(await conform("loop")).toMatchObject({ code: 0, err: "" });
  const file = path.join(makeFiles({ "verifier_x.bpf.o": selfTests(["loop"]) }), "verifier_x.bpf.o");
  const { code, out } = await capture(["conform", file, "--fuel", "1000"], { columns: 200 });
  expect(code).toBe(2);
  expect(out).toContain(`incomparable  ${file}, loop:\n    the interpreter ran out of fuel after 1000 instructions\n`);
});

test("what is not compared is named with its reason", async () => {
  const { code, out } = await conform(
    "right",
    "unread",
    "elsewhere",
    "part",
    "silent",
    "lacking",
    "pieces",
    "unmodelled",
    "socket",
  );
  expect(code).toBe(0);
  for (const [name, why] of [
    ["unread", "Linux refuses it, for what only its verifier knows"],
    ["elsewhere", "is for X86_64"],
    ["part", "is a part of other tests"],
    ["silent", "says nothing of what comes of it with privileges"],
    ["pieces", "asks for a packet in several pieces (Linux 6.19), and packets here are in one"],
    [
      "unmodelled",
      "socket, unmodelled: expected a program that a JIT is given, got call of bpf_get_stack, which is not modelled " +
        "(notModelled) in unmodelled, slot 0; give --unknown-calls",
    ],
    ["socket", "counts on a socket behind its packet, and packets here have none"],
    ["lacking", "socket, lacking: expected a program that needs nothing of a running kernel, got extern bpf_gone"],
  ]) {
    expect(out.replace(/\s+/g, " ")).toContain(`restricted ${name}: ${why}`);
  }
});

test("the code of arm64 has the lines that a self-test asks for, in their order", async () => {
  const right = await conform("code");
  expect(right.out).toContain("JIT                 1 of 1\n");
  expect(right.code).toBe(0);
  const wrong = await conform("otherCode");
  expect(wrong.out).toMatch(/FAILED otherCode: code: expected ret, got \S/);
  expect(wrong.code).toBe(1);
});

test("the code that a self-test asks for has the helpers inlined that Linux inlines", async () => {
  expect(await conform("inlined")).toMatchObject({
    code: 0,
    out: expect.stringContaining("JIT                 1 of 1\n"),
  });
});

test("code of a later Linux is that of our own JIT in its profile", async () => {
  for (const subject of ["impl", "impl:linux-7.1"]) {
    const { code, out } = await conformOn(subject, "right", "laterCode");
    const line = "restricted laterCode: asks for code of another Linux; give --subject impl:linux-7.2";
    expect({ code, out: out.replace(/\s+/g, " ") }).toEqual({ code: 0, out: expect.stringContaining(line) });
  }
  const right = await conformOn("impl:linux-7.2", "laterCode", "right");
  expect(right).toMatchObject({ code: 0, out: expect.stringContaining("JIT                 2 of 2\n") });
  const { err } = await conformOn("impl:linux-7.9", "right");
  expect(err).toMatch(
    /^rox: --subject: expected one of impl:linux-6\.12, .*impl:linux-7\.3, got impl:linux-7\.9; see /,
  );
});

test("an object without the tags of self-tests is bad input", async () => {
  const bytes = writeObject({
    code: [{ section: "xdp", functions: [{ name: "main", text: "r0 = 0\nexit\n", relocations: {} }] }],
    data: [{ section: ".data", bytes: new Uint8Array(8), symbols: { x: [0, 8] } }],
  });
  const file = path.join(makeFiles({ "plain.o": bytes }), "plain.o");
  expect((await capture(["conform", file])).err).toContain(
    `rox: ${file}: expected programs that say what comes of them, got no section .BTF; ` +
      "name self-tests of the kernel, compiled with -g\n",
  );
});

test("a file whose programs have types and no tags expects nothing, and is named", async () => {
  const btf = new BtfBuilder();
  btf.add("func", "main", btf.add("funcProto", "", btf.int("int", 4)));
  const bytes = writeObject({
    code: [{ section: "xdp", functions: [{ name: "main", text: "r0 = 0\nexit\n", relocations: {} }] }],
    data: [{ section: ".BTF", bytes: btf.bytes(), isDebug: true }],
  });
  const folder = makeFiles({ "plain.o": bytes, "verifier_x.bpf.o": selfTests(["right"]) });
  const { code, out, err } = await capture(["conform", folder], { columns: 200 });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.replace(/\s+/g, " ")).toContain("plain.o: expects nothing: no program of it has a tag of self-tests");
});
