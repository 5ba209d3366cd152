import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readEntry } from "../../harness/corpus/entry.js";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const entry = (title: string, r0: number): string =>
  `# title: ${title}\n# oracle: exec-match\n# expect: r0 = ${r0}\n\nr0 = ${r0}\nexit\n`;
const names = (directory: string): string[] => readdirSync(directory).sort();

describe("rox corpus add", () => {
  test("names a case by its title, and adds one content once", async () => {
    const from = makeFiles({ "x.bpf": entry("Two is two, isn't it", 2), "y.bpf": entry("another title", 2) });
    const corpus = path.join(from, "corpus");
    const first = await capture(["corpus", "add", path.join(from, "x.bpf"), "--corpus", corpus]);
    expect(first).toMatchObject({ code: 0, out: `added ${corpus}/two-is-two-isnt-it.bpf\n` });
    const second = await capture(["corpus", "add", path.join(from, "y.bpf"), "--corpus", corpus]);
    expect(second).toMatchObject({ code: 0, out: `already there: ${corpus}/two-is-two-isnt-it.bpf\n` });
    expect(readFileSync(path.join(corpus, "two-is-two-isnt-it.bpf"), "utf8")).toMatch(/^# id: [0-9a-f]{12}$/m);
  });

  test("asks for a title", async () => {
    const from = makeFiles({ "x.bpf": "r0 = 1\nexit\n" });
    const { code, err } = await capture(["corpus", "add", path.join(from, "x.bpf"), "--corpus", from]);
    expect({ code, err }).toEqual({
      code: 2,
      err: `rox: ${from}/x.bpf: expected a title that says what it shows, got none; give --title\n`,
    });
  });
});

test("rox corpus merge is a set union, whichever way round", async () => {
  const files = makeFiles({
    "a/one.bpf": entry("one", 1),
    "a/two.bpf": entry("two", 2),
    "b/two-by-another-name.bpf": entry("two again", 2),
    "b/one.bpf": entry("quite another one", 11),
    "b/three.bpf": entry("three", 3),
  });
  const [ab, ba] = [path.join(files, "ab"), path.join(files, "ba")];
  const merge = async (into: string, ...from: string[]) => {
    mkdirSync(into, { recursive: true });
    return capture(["corpus", "merge", into, ...from.map((name) => path.join(files, name))]);
  };
  expect((await merge(ab, "a", "b")).out).toMatch(/4 added, 1 known\n$/);
  await merge(ba, "b", "a");
  const ids = (directory: string): string[] =>
    names(directory).map((name) => /^# id: (.*)$/m.exec(readFileSync(path.join(directory, name), "utf8"))?.[1] ?? "");
  expect(ids(ab).sort()).toEqual(ids(ba).sort());
  expect(names(ab)).toHaveLength(4);
  expect((await merge(ab, "a", "b", "ba")).out).toBe("0 added, 9 known\n");
});

describe("rox corpus show", () => {
  const file = path.join(makeFiles({ "x.bpf": "# title: t\n# input: 01 02\n\nr0 = *(u8 *)(r1 + 1)\nexit\n" }), "x.bpf");

  test("exports a conformance file that runs", async () => {
    const { code, out } = await capture(["corpus", "show", file, "--as", "data"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: "# t\n-- asm\nldxb %r0, [%r1+1]\nexit\n-- mem\n01 02\n-- result\n0x0000000000000002\n",
    });
    const data = path.join(makeFiles({ "x.data": out }), "x.data");
    expect(await capture(["run", data])).toMatchObject({ code: 0 });
  });

  test("exports the instructions", async () => {
    expect((await capture(["corpus", "show", file, "--as", "raw"])).out).toBe(
      "71 10 01 00 00 00 00 00\n95 00 00 00 00 00 00 00\n",
    );
    const raw = path.join(path.dirname(file), "x.bin");
    await capture(["corpus", "show", file, "--as", "raw", "--out", raw]);
    expect(readFileSync(raw)).toHaveLength(16);
  });

  test("refuses what the form cannot say", async () => {
    const map = path.join(makeFiles({ "m.bpf": "# map: array value=8 entries=1\n\nr0 = 1\nexit\n" }), "m.bpf");
    expect(await capture(["corpus", "show", map, "--as", "data"])).toMatchObject({ code: 2, out: "" });
  });
});

describe("rox corpus check and rox replay", () => {
  test("name a damaged entry and fail", async () => {
    const corpus = makeFiles({ "x.bpf": entry("one", 1) });
    await capture(["corpus", "add", path.join(corpus, "x.bpf"), "--corpus", path.join(corpus, "c")]);
    const file = path.join(corpus, "c", "one.bpf");
    expect(await capture(["replay", path.join(corpus, "c")])).toMatchObject({ code: 0, err: "" });
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/= (0x0+)?1\b/g, "= 5"));
    for (const command of [["replay"], ["corpus", "check"]]) {
      const { code, err } = await capture([...command, path.join(corpus, "c")]);
      expect(code, command.join(" ")).toBe(2);
      expect(err).toContain(`${file}: expected the content with id `);
    }
  });

  test("say what an entry lacks, and which ones are the same", async () => {
    const bare = "# title: a\n\nr0 = 1\nexit\n";
    const corpus = makeFiles({ "a.bpf": bare, "B.bpf": bare });
    const { code, err } = await capture(["corpus", "check", corpus]);
    expect(code).toBe(2);
    for (const what of [
      "a name of lower-case words",
      "the oracle that it is for",
      "what must come out",
      "content of its own",
    ])
      expect(err).toContain(what);
  });

  test("an entry that fails is shown with what got, on every engine", async () => {
    const corpus = makeFiles({ "x.bpf": "# title: a\n# expect: r0 = 2\n\nr0 = 1\nexit\n" });
    const junit = path.join(corpus, "junit.xml");
    const { code, out } = await capture(["replay", corpus, "--engine", "reference", "--junit", junit]);
    expect(code).toBe(1);
    expect(out).toContain("r0 against the file: expected 0x0000000000000002, got returned 0x0000000000000001");
    expect(readFileSync(junit, "utf8")).toContain('tests="1" failures="1"');
  });
});

describe("entries that are no programs", () => {
  const ROWS = "# title: An entry of rows\n# oracle: exec-match\n# r2: 0x1000\n\nr4 = arena *(u32 *)(r2 + 8)\n";
  const TRAMPOLINES =
    "# title: An entry of tracing\n# oracle: trampoline\n\nnear function(u64 5) = 11\nfexit    starts at 3, returns 0\n";
  const HISTORY = "title: an entry of memory\noracle: no-leak\n\nload #0 (r0 = 1 .., 2 insns, 128 B)\n";

  test("are added, checked, shown, merged and replayed like any other", async () => {
    const files = makeFiles({ "x.rows": ROWS, "y.tracing": TRAMPOLINES, "z.history": HISTORY });
    const [corpus, copy] = [path.join(files, "corpus"), path.join(files, "copy")];
    const all = ["x.rows", "y.tracing", "z.history"].map((name) => path.join(files, name));
    await capture(["corpus", "add", ...all, "--corpus", corpus]);
    expect(names(corpus)).toEqual([
      "an-entry-of-memory.history",
      "an-entry-of-rows.verifier",
      "an-entry-of-tracing.trampoline",
    ]);
    expect(await capture(["corpus", "check", corpus])).toMatchObject({ code: 0, err: "" });
    expect((await capture(["replay", corpus])).out).toMatch(/^3 files .* 3 agree, 0 differ/);
    expect((await capture(["corpus", "merge", copy, corpus, files])).out).toMatch(/3 added, 3 known\n$/);
    const [rows, tracing] = ["an-entry-of-rows.verifier", "an-entry-of-tracing.trampoline"].map((name) =>
      path.join(corpus, name),
    );
    for (const [file, text] of [
      [rows!, ROWS],
      [tracing!, TRAMPOLINES],
    ] as const) {
      const shown = await capture(["corpus", "show", file]);
      expect(shown.out.replace(/^# id: [0-9a-f]{12}\n/m, "")).toBe(text);
      expect(await capture(["corpus", "show", file, "--as", "raw"])).toMatchObject({ code: 2, out: "" });
    }
    expect((await capture(["corpus", "minimize", corpus])).out).toBe(
      "3 entries of 3 reach all 0 coverage points; 0 fail\n",
    );
  });

  test("are refused where they are damaged or no entries at all", async () => {
    const files = makeFiles({ "x.rows": `# id: 0123456789ab\n${ROWS}`, "y.tracing": "call me\n", "z.rows": "exit\n" });
    const { code, err } = await capture(["replay", files]);
    expect(code).toBe(2);
    expect(err).toMatch(/x\.rows: expected the content with id 0123456789ab, got content with id [0-9a-f]{12}/);
    expect(err).toMatch(/y\.tracing: expected programs attached to a function, got line 1: expected jit program/);
    expect(err).toMatch(/z\.rows: expected verifier-only instructions, got line 1: instruction 0 \(exit\)/);
  });
});

describe("rox corpus migrate", () => {
  const OLD = {
    "a.rows": "# title: a\n# oracle: exec-match\n# by hand\n# r2: 0x1000\n\nr4 = arena *(u32 *)(r2 + 8) # first\n",
    "b.tracing": "# title: b\n# oracle: trampoline\n\nnear function(u64 5) = 11\nfexit starts at 3, returns 0\n",
    "c.history":
      "title:   c\noracle:  no-leak\n# seen twice\nexpect:  pass\n\n# then\nload #0 (r0 = 1 .., 2 insns, 128 B)\n",
  };
  const TODAY = {
    "a.verifier": OLD["a.rows"],
    "b.trampoline": OLD["b.tracing"],
    "c.history":
      "# title: c\n# oracle: no-leak\n# id: ID\n# note: seen twice\n# expect: pass\n\n# note: then\nload #0 (r0 = 1 .., 2 insns, 128 B)\n",
    "d.bpf": "# title: d\n\nr0 = 1\nexit\n",
  };
  const contents = (directory: string): Record<string, string> =>
    Object.fromEntries(
      names(directory).map((name) => [
        name,
        readFileSync(path.join(directory, name), "utf8").replace(/^# id: [0-9a-f]{12}$/m, "# id: ID"),
      ]),
    );
  const idsOf = (directory: string): Record<string, string> =>
    Object.fromEntries(
      names(directory).map((name) => {
        const entry = readEntry(path.join(directory, name));
        return [path.parse(name).name, entry.ok ? entry.value.id : entry.error.got];
      }),
    );

  test("rewrites files of every kind, keeps all that they say, and does nothing the second time", async () => {
    const corpus = makeFiles({ ...OLD, "d.bpf": TODAY["d.bpf"] });
    const ids = idsOf(corpus);
    expect(await capture(["corpus", "migrate", corpus])).toMatchObject({
      ...{ code: 0, err: "" },
      out: `${["a.verifier", "b.trampoline", "c.history"].map((name) => `rewritten ${corpus}/${name}\n`).join("")}3 rewritten, 1 in today's form\n`,
    });
    expect(contents(corpus)).toEqual(TODAY);
    expect(idsOf(corpus)).toEqual(ids);
    expect((await capture(["corpus", "migrate", corpus])).out).toBe("0 rewritten, 4 in today's form\n");
    expect(contents(corpus)).toEqual(TODAY);
  });

  test("writes over no other file", async () => {
    const other = TODAY["a.verifier"].replace("title: a", "title: another");
    const corpus = makeFiles({ "a.rows": OLD["a.rows"], "a.verifier": other, "b.tracing": OLD["b.tracing"] });
    const { code, err, out } = await capture(["corpus", "migrate", corpus]);
    expect({ code, err }).toEqual({
      code: 2,
      err: `rox: ${corpus}/a.rows: expected a new name that is free, got a file ${corpus}/a.verifier; rename one of the two\n`,
    });
    expect(out).toBe(`rewritten ${corpus}/b.trampoline\n1 rewritten, 1 in today's form\n`);
    expect(contents(corpus)).toMatchObject({ "a.rows": OLD["a.rows"], "a.verifier": other });
  });

  test("leaves what is damaged or does not read as it is, by name", async () => {
    const damaged = { "x.rows": `# id: 0123456789ab\n${OLD["a.rows"]}`, "y.history": "title: y\nlaod #0\n" };
    const corpus = makeFiles(damaged);
    const { code, err, out } = await capture(["corpus", "migrate", corpus]);
    expect(code).toBe(2);
    expect(err).toMatch(/x\.rows: expected the content with id 0123456789ab/);
    expect(err).toMatch(/y\.history: expected a history of programs, got line 2: /);
    expect(out).toBe("0 rewritten, 0 in today's form\n");
    expect(contents(corpus)).toEqual({ ...damaged, "x.rows": damaged["x.rows"].replace("0123456789ab", "ID") });
  });

  test("says where it cannot write, and leaves the file whole", async () => {
    const corpus = makeFiles({ "c.history": OLD["c.history"] });
    // In the way of the temporary file: that holds for every user, as a read-only directory does not.
    mkdirSync(path.join(corpus, `.c.history.${process.pid}.tmp`));
    const { code, err } = await capture(["corpus", "migrate", corpus]);
    expect(code).toBe(2);
    expect(err).toMatch(/c\.history: expected a place to write, got /);
    expect(readFileSync(path.join(corpus, "c.history"), "utf8")).toBe(OLD["c.history"]);
  });

  test.skipIf(process.getuid?.() === 0)("changes nothing in a directory that is read-only", async () => {
    const corpus = makeFiles(OLD);
    chmodSync(corpus, 0o555);
    const { code, err } = await capture(["corpus", "migrate", corpus]);
    chmodSync(corpus, 0o755);
    expect(code).toBe(2);
    expect(err.match(/expected a place to write/g)).toHaveLength(3);
    expect(contents(corpus)).toEqual(OLD);
  });
});

test("a folder without a case is named by every command that looks for some", async () => {
  const folder = makeFiles({ "notes.txt": "no case" });
  for (const command of [["replay"], ["run"], ["corpus", "check"], ["corpus", "minimize"]]) {
    const { code, err } = await capture([...command, folder]);
    expect({ code, err }, command.join(" ")).toEqual({
      code: 2,
      err: `rox: ${folder}: expected case files, got none; name files, or folders that hold some\n`,
    });
  }
});
