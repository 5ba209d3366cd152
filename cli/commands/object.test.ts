import path from "node:path";
import { describe, expect, test } from "vitest";
import { ADDRESS, writeObject } from "../../testing/bpf-object.js";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const RETURN = "r0 = 5\nexit\n";
const ONE = writeObject({ code: [{ section: "xdp", functions: [{ name: "main", text: RETURN }] }] });
const TWO = writeObject({
  code: [
    { section: "xdp", functions: [{ name: "one", text: RETURN }] },
    {
      section: "tc",
      functions: [
        {
          name: "two",
          text: "r1 = 0 ll\nr0 = *(u32 *)(r1 + 0)\nexit\n",
          relocations: { 0: { symbol: "x", type: ADDRESS } },
        },
      ],
    },
  ],
  data: [{ section: ".data", bytes: Uint8Array.of(9, 0, 0, 0), symbols: { x: [0, 4] } }],
});
const DIRECTORY = makeFiles({ "one.o": ONE, "two.o": TWO, "cut.o": ONE.slice(0, 100), "text.bpf": RETURN });
const file = (name: string): string => path.join(DIRECTORY, name);
const run = (...argv: string[]) => capture(argv, { columns: 100 });

describe("rox run of an object file", () => {
  test("with one program lists and runs it", async () => {
    const { code, out } = await run("run", file("one.o"));
    expect(out).toContain("section  function  kind  context  slots\nxdp      main      xdp   xdp          2\n");
    expect(out).toContain("verdict: agree\n");
    expect(code).toBe(0);
  });

  test("with more lists them and asks which", async () => {
    const { code, out, err } = await run("run", file("two.o"));
    expect(out).toContain("tc       two       sched_cls  memory       4\n");
    expect(err).toBe(
      `rox: ${file("two.o")}: expected one program, got 2 programs; give --section with one of xdp, tc\n`,
    );
    expect(code).toBe(2);
  });

  test("runs the program of a section, on the bytes of its variables", async () => {
    const { code, out } = await run("run", file("two.o"), "--section", "tc");
    expect(out).toContain("interpreter  returned 0x0000000000000009\n");
    expect(code).toBe(0);
    expect((await run("jit", file("two.o"), "--function", "two")).code).toBe(0);
  });

  test.each([
    [["--section", "nix"], "two.o", "expected a program in section nix, got none; name one of xdp, tc"],
    [["--function", "nix"], "two.o", "expected a program in function nix, got none; name one of one, two"],
    [
      [],
      "cut.o",
      "expected the first section header within the file's 100 bytes, got bytes 168 to 232; compile it again",
    ],
    [
      ["--section", "xdp"],
      "text.bpf",
      "expected an object file, which --section is for, got another file; leave --section out",
    ],
  ])("%j of %s is refused", async (options, name, sentence) => {
    const { code, err } = await run("run", file(name), ...options);
    expect(err).toBe(`rox: ${file(name)}: ${sentence}\n`);
    expect(code).toBe(2);
  });
});
