import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ADDRESS, CALL, writeObject } from "../../testing/bpf-object.js";
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
    expect(out).toContain("tc       two       sched_cls  skb          4\n");
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

describe("a folder of object files", () => {
  const REFUSED = "text/extern.o";
  const extern = writeObject({
    code: [
      {
        section: "xdp",
        functions: [{ name: "main", text: "call pc-1\nexit\n", relocations: { 0: { symbol: "far", type: CALL } } }],
      },
    ],
    externs: ["far"],
  });
  const folder = makeFiles({ "text/one.o": ONE, "text/two.o": TWO, [REFUSED]: extern });

  test("runs every program and names what it cannot run", async () => {
    const { code, out, err } = await run("run", folder);
    expect(out).toMatch(/^3 files on \w+ in .*: 3 agree, 0 differ, 0 incomparable, 1 unreadable\n/);
    expect(err).toBe(
      `rox: ${path.join(folder, REFUSED)}, xdp, main: expected a program that needs nothing of a running kernel, ` +
        "got extern far in main, slot 0; with --unknown-calls it is one of which nothing is known\n",
    );
    expect(code).toBe(2);
    expect((await run("replay", file("two.o"))).out).toMatch(/^2 files on/);
    for (const command of ["run", "replay"]) {
      expect(await run(command, folder, "--unknown-calls")).toMatchObject({ code: 0, err: "" });
    }
  });

  test("a text may call unknown functions as well", async () => {
    const texts = makeFiles({ "calls.bpf": "# title: calls a spin lock\n\ncall 93\nr0 = 7\nexit\n" });
    const text = path.join(texts, "calls.bpf");
    for (const command of [["run"], ["replay"], ["corpus", "add", "--corpus", path.join(texts, "kept")]]) {
      const { code, err } = await run(...command, text);
      expect({ command, code }).toEqual({ command, code: 2 });
      expect(err).toContain("call of bpf_spin_lock, which is not modelled (notModelled)");
      expect(await run(...command, text, "--unknown-calls")).toMatchObject({ code: 0, err: "" });
    }
    const kept = readFileSync(path.join(texts, "kept/calls-a-spin-lock.bpf"), "utf8");
    expect(kept).toContain("# unknown: 1\n");
    expect((await run("corpus", "add", text, "--section", "xdp")).err).toBe(
      `rox: ${text}: expected an object file, which --section is for, got another file; leave --section out\n`,
    );
  });

  test("goes into a corpus as texts with their maps and what came out", async () => {
    const corpus = makeFiles({});
    const added = await run("corpus", "add", file("two.o"), "--section", "tc", "--corpus", corpus);
    const entry = path.join(corpus, "two-of-two-o-section-tc.bpf");
    expect(added).toEqual({ code: 0, out: `added ${entry}\n`, err: "" });
    const text = readFileSync(entry, "utf8");
    expect(text).toContain("# expect: r0 = 0x0000000000000009\n");
    expect(text).toContain("# map: array value=4 entries=1 name=.data\n# element: map 0, 0 = 09 00 00 00\n");
    expect(await run("corpus", "check", corpus)).toMatchObject({ code: 0 });
    expect(await run("run", entry)).toMatchObject({ code: 0 });
  });
});
