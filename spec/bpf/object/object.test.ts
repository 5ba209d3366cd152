import { describe, expect, test } from "vitest";
import { ADDRESS, CALL, exampleObject, type ObjectSpec, writeObject } from "../../../testing/bpf-object.js";
import { BtfBuilder } from "../../../testing/btf.js";
import { writeElf } from "../../../testing/elf.js";
import { readBtf } from "../../btf/btf.js";
import { print } from "../text/print.js";
import { contextOf } from "./context-kind.js";
import { linkProgram } from "./link.js";
import { programsOf, readObject } from "./object.js";
import { hasPrivateStacks, kindOfSection } from "./section-kinds.js";

function read(spec: ObjectSpec) {
  const object = readObject(writeObject(spec));
  if (!object.ok) throw new Error(`expected ${object.error.expected}, got ${object.error.got}`);
  return object.value;
}
function link(spec: ObjectSpec, name = "main", unknownCalls = false) {
  const object = read(spec);
  const linked = linkProgram(object, object.functions.find((fn) => fn.name === name)!, "memory", unknownCalls);
  if (linked.ok) return linked.value.program;
  const { expected, got } = linked.error;
  return `expected ${expected}, got ${got}`;
}
function linked(spec: ObjectSpec) {
  const program = link(spec);
  if (typeof program === "string") throw new Error(program);
  return program;
}
const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const main = (text: string, relocations = {}, section = "xdp") => ({
  section,
  functions: [{ name: "main", text, relocations }],
});
const RETURN = "r0 = 0\nexit\n";

describe("an object file", () => {
  test("has programs outside .text, and subprograms inside", () => {
    const text = { section: ".text", functions: [{ name: "sub", text: RETURN }] };
    const object = read({ code: [text, main(RETURN), main(RETURN, {}, "tc/ingress")] });
    expect(programsOf(object).map(({ name, section }) => `${section.name} ${name}`)).toEqual([
      "xdp main",
      "tc/ingress main",
    ]);
    expect(programsOf(read({ code: [text] })).map(({ name }) => name)).toEqual(["sub"]);
  });

  test("without a symbol for a section is one function of the section's name", () => {
    const bytes = Uint8Array.of(0x95, 0, 0, 0, 0, 0, 0, 0);
    const object = readObject(writeElf({ sections: [{ name: "classifier", flags: 6, bytes }] }));
    expect(object.ok && programsOf(object.value)).toMatchObject([{ name: "classifier", start: 0, end: 1 }]);
  });

  test.each([
    ["xdp", "xdp", "xdp"],
    ["?xdp.frags/x", "xdp", "xdp"],
    ["kprobe/do_exit", "kprobe", "tracing"],
    ["tc/ingress", "sched_cls", "skb"],
    ["cgroup/connect4", "cgroup_sock_addr", "memory"],
    ["cgroup/dev", "cgroup_device", "memory"],
    ["2/7", "unknown", "memory"],
    ["xdpfoo", "unknown", "memory"],
  ])("section %s holds programs of kind %s", (name, kind, context) => {
    expect(kindOfSection(name)).toMatchObject({ kind, context });
  });
});

test.each([
  ["kprobe/do_exit", true],
  ["?fentry.s/x", true],
  ["tp_btf/sched_switch", true],
  ["raw_tp", true],
  ["perf_event", true],
  ["raw_tp.w/x", false],
  ["freplace/x", false],
  ["iter/bpf_map", false],
  ["lsm/file_open", false],
  ["struct_ops/x", false],
  ["socket", false],
])("large frames of programs in section %s lie in memory of their own: %s", (name, expected) => {
  expect(hasPrivateStacks(name)).toBe(expected);
});

describe("a linked program", () => {
  test("has its subprograms behind it, called by symbol, by section and within a section", () => {
    const text = {
      section: ".text",
      functions: [
        { name: "unused", text: RETURN },
        { name: "sub", text: "call pc+1\nr0 += 1\nexit\nr0 = 7\nexit\n", relocations: {} },
      ],
    };
    // The function behind `sub` has no symbol of its own here: `sub` holds it, and calls into itself are refused.
    expect(link({ code: [text, main("call pc-1\nexit\n", { 0: { symbol: "sub", type: CALL } })] })).toBe(
      "expected a call of a function, got one of slot 4 of .text in sub, slot 0",
    );
    const split = {
      section: ".text",
      functions: [
        { name: "unused", text: RETURN },
        { name: "sub", text: "call pc+2\nr0 += 1\nexit\n" },
        { name: "leaf", text: "r0 = 7\nexit\n", local: true as const },
      ],
    };
    const program = linked({ code: [split, main("call pc-1\nexit\n", { 0: { symbol: "sub", type: CALL } })] });
    expect(print(program.code[0]!)).toBe("call pc+1\nexit\ncall pc+2\nr0 += 1\nexit\nr0 = 7\nexit\n");
  });

  test("has sections of data as arrays that hold their bytes, and old maps", () => {
    const code = main("r1 = 0 ll\nr2 = 4 ll\nr0 = 0\nexit\n", {
      0: { symbol: "counts", type: ADDRESS },
      2: { symbol: "limit", type: ADDRESS },
    });
    const program = linked({
      code: [code],
      data: [
        { section: "maps", bytes: words(1, 4, 8, 16, 0), symbols: { counts: [0, 20] } },
        { section: ".rodata", bytes: words(1, 2, 3, 4), symbols: { limit: [4, 8] } },
      ],
    });
    expect(program.maps).toEqual([
      { kind: "hash", keyBytes: 4, valueBytes: 8, entries: 16, name: "counts" },
      {
        ...{ kind: "array", keyBytes: 4, valueBytes: 16, entries: 1, name: ".rodata" },
        contents: [{ key: new Uint8Array(4), value: words(1, 2, 3, 4) }],
      },
    ]);
    expect(print(program.code[0]!)).toBe("r1 = map_fd 0 ll\nr2 = map_fd_value 1 + 8 ll\nr0 = 0\nexit\n");
  });

  test("has maps that BTF describes, and programs in the slots of a map", () => {
    const btf = new BtfBuilder();
    const u64 = btf.int("u64", 8);
    const counts = btf.map("counts", { type: 2, max_entries: 4, key_size: 4 }, { value: u64 });
    const progs = btf.map("progs", { type: 3, max_entries: 3, key_size: 4, value_size: 4 }, { values: u64 });
    btf.section(".maps", [
      { type: counts, offset: 0, size: 32 },
      { type: progs, offset: 32, size: 64 },
    ]);
    const program = linked({
      code: [
        main("r1 = 0 ll\nr1 = 0 ll\nr0 = 0\nexit\n", {
          0: { symbol: "progs", type: ADDRESS },
          2: { symbol: "counts", type: ADDRESS },
        }),
        { section: "xdp/next", functions: [{ name: "next", text: RETURN }] },
      ],
      data: [
        {
          ...{ section: ".maps", bytes: new Uint8Array(96), symbols: { counts: [0, 32], progs: [32, 64] } },
          relocations: [{ offset: 32 + 32 + 8, type: 2, symbol: "next" }],
        },
        { section: ".BTF", bytes: btf.bytes(), isDebug: true },
      ],
    });
    expect(program.maps).toEqual([
      { kind: "progArray", entries: 3, programs: [undefined, 1, undefined], name: "progs" },
      { kind: "array", keyBytes: 4, valueBytes: 8, entries: 4, name: "counts" },
    ]);
    expect(program.code.length).toBe(2);
  });

  test("without a machine says by its instructions what is relocated", () => {
    const text = "r1 = 0 ll\ncall pc-1\nexit\n";
    const relocations = { 0: { symbol: "events", type: 0 }, 2: { symbol: "sub", type: 0 } };
    const spec = {
      code: [main(text, relocations), { section: ".text", functions: [{ name: "sub", text: RETURN }] }],
      data: [{ section: "maps", bytes: words(2, 4, 8, 3, 0), symbols: { events: [0, 20] as const } }],
    };
    expect(print(linked({ ...spec, machine: 0 }).code[0]!)).toBe("r1 = map_fd 0 ll\ncall pc+1\nexit\nr0 = 0\nexit\n");
    // In a file for BPF, 0 is no relocation.
    expect(link(spec)).toBe("expected a call of a function, got one of slot 2 of xdp in main, slot 2");
  });

  test("has one element in a map whose size its loader chooses", () => {
    const spec = {
      code: [main("r1 = 0 ll\nr0 = 0\nexit\n", { 0: { symbol: "events", type: ADDRESS } })],
      data: [{ section: "maps", bytes: words(2, 4, 8, 0, 0), symbols: { events: [0, 20] as const } }],
    };
    expect(linked(spec).maps).toMatchObject([{ kind: "array", entries: 1 }]);
  });

  test("calls functions of the kernel where nothing need be known of them", () => {
    const code = main("call pc-1\ncall pc-1\nexit\n", {
      0: { symbol: "bpf_rdonly_cast", type: CALL },
      1: { symbol: "memset", type: CALL },
    });
    const program = link({ code: [code], externs: ["bpf_rdonly_cast", "memset"] }, "main", true);
    if (typeof program === "string") throw new Error(program);
    expect(program.code[0]!.map(({ row }) => row.id)).toEqual(["call kfunc", "call kfunc", "exit"]);
    expect(program.code[0]![0]!.imm).not.toBe(program.code[0]![1]!.imm);
  });

  test("has programs with an skb where they load from packets as classic BPF did", () => {
    const load = "r6 = r1\nr0 = *(u8 *)skb[0]\nexit\n";
    const object = read({ code: [main(load, {}, "filter")] });
    expect(object.functions.map((fn) => contextOf(object, fn).context)).toEqual(["skb"]);
  });

  test("has the programs of numbered sections in the slots of the map with that id", () => {
    const program = linked({
      code: [
        main("r1 = 0 ll\nr0 = 0\nexit\n", { 0: { symbol: "calls", type: ADDRESS } }),
        { section: "2/1", functions: [{ name: "tail", text: RETURN }] },
      ],
      data: [{ section: "maps", bytes: words(3, 4, 4, 2, 0, 2, 0, 0, 0), symbols: { calls: [0, 36] } }],
    });
    expect(program.maps).toMatchObject([{ kind: "progArray", programs: [undefined, 1] }]);
  });
});

describe("what a loader without a kernel cannot do is refused by name", () => {
  const withLine = (build: (btf: BtfBuilder) => Parameters<BtfBuilder["ext"]>[1]): ObjectSpec["data"] => {
    const btf = new BtfBuilder();
    const core = build(btf);
    const ext = btf.ext({ xdp: [{ offset: 0, words: ["prog.c", "return x;", 23 << 10] }] }, core);
    return [
      { section: ".BTF", bytes: btf.bytes(), isDebug: true },
      { section: ".BTF.ext", bytes: ext, isDebug: true },
    ];
  };
  const extern = main("r1 = 0 ll\nr0 = 0\nexit\n", { 0: { symbol: "CONFIG_HZ", type: ADDRESS } });

  test("an extern, with the line", () => {
    const data = withLine((btf) => {
      const hz = btf.add("var", "CONFIG_HZ", btf.int("int", 4), [2]);
      btf.section(".kconfig", [{ type: hz, offset: 0, size: 4 }]);
      return {};
    })!;
    const got = "extern CONFIG_HZ of .kconfig in main, line 23 of prog.c";
    expect(link({ code: [extern], data, externs: ["CONFIG_HZ"] })).toBe(
      `expected a program that needs nothing of a running kernel, got ${got}`,
    );
  });

  test("an extern function, without a line", () => {
    const code = main("call pc-1\nexit\n", { 0: { symbol: "bpf_rdonly_cast", type: CALL } });
    expect(link({ code: [code], externs: ["bpf_rdonly_cast"] })).toBe(
      "expected a program that needs nothing of a running kernel, got extern bpf_rdonly_cast in main, slot 0",
    );
  });

  test("CO-RE, with the member and the line", () => {
    const data = withLine((btf) => {
      const int = btf.int("int", 4);
      const task = btf.struct("task_struct", 8, [
        ["pid", int, 0],
        ["tgid", int, 32],
      ]);
      return { xdp: [{ offset: 0, words: [task, "0:1", 0] }] };
    })!;
    expect(link({ code: [main(RETURN)], data })).toBe(
      "expected a program that needs nothing of a running kernel, " +
        "got CO-RE relocation of task_struct.tgid in main, line 23 of prog.c",
    );
  });

  test.each([
    [words(22, 0, 4, 8, 0), "expected map events of a type that is modelled, got queue"],
    [words(99, 4, 4, 8, 0), "expected map events of a known type, got type 99"],
    [words(2, 8, 8, 1, 0), "expected map events with keys of 4 bytes, as an array has, got 8"],
    [words(1, 0, 8, 1, 0), "expected map events with keys and values, got keys of 0 bytes and values of 8"],
    [words(2, 4, 4096, 1 << 20, 0), "expected map events of at most 33554432 bytes, got 1048576 values of 4096 bytes"],
  ])("a map (%#)", (bytes, sentence) => {
    const code = main("r1 = 0 ll\nr0 = 0\nexit\n", { 0: { symbol: "events", type: ADDRESS } });

    const got = link({ code: [code], data: [{ section: "maps", bytes, symbols: { events: [0, 20] } }] });
    expect(got).toBe(sentence);
  });

  test.each([
    [ADDRESS, "expected a 64-bit immediate to be relocated, got another instruction in main, slot 0"],
    [2, "expected relocations R_BPF_64_64 and R_BPF_64_32 in code, got R_BPF_64_ABS64 in main, slot 0"],
    [77, "expected relocations R_BPF_64_64 and R_BPF_64_32 in code, got one of type 77 in main, slot 0"],
    [CALL, "expected a call to be relocated, got another instruction in main, slot 0"],
  ])("a relocation of type %i", (type, sentence) => {
    expect(link({ code: [main(RETURN, { 0: { symbol: "main", type } })] })).toBe(sentence);
  });
});

test("an object with any one byte changed is read, linked or refused in one sentence", () => {
  const file = exampleObject();
  const ends = { linked: 0, refused: 0 };
  for (let at = 0; at < file.length; at++) {
    for (const byte of [1, 0xff]) {
      const object = readObject(file.with(at, byte));
      const program = object.ok ? programsOf(object.value)[0] : undefined;
      const result = object.ok && program ? linkProgram(object.value, program, "memory") : object;
      ends[result.ok ? "linked" : "refused"]++;
      if (!result.ok) expect(`${result.error.expected}${result.error.got}`).not.toContain("undefined");
    }
  }
  expect(ends.linked).toBeGreaterThan(500);
  expect(ends.refused).toBeGreaterThan(200);
});

test("types that refer to each other in a circle are refused", () => {
  const btf = new BtfBuilder();
  // Type 1 is the typedef itself; type 2 an array of itself.
  const circle = btf.add("typedef", "a", 1);
  const read = readBtf(btf.bytes());
  expect(read.ok && (() => read.value.sizeOf(circle))).toThrow(
    "expected type 1 to come to an end, got types that refer to each other in a circle",
  );
});
