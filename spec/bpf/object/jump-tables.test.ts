import { describe, expect, test } from "vitest";
import { ADDRESS, CALL, type ObjectSpec, writeObject } from "../../../testing/bpf-object.js";
import { BtfBuilder } from "../../../testing/btf.js";
import { linkProgram } from "./link.js";
import { readObject } from "./object.js";

const SWITCH =
  "r2 = *(u8 *)(r1 + 0)\nr2 &= 1\nr2 <<= 3\nr3 = 0 ll\nr3 += r2\nr3 = *(u64 *)(r3 + 0)\ngotox r3\nr0 = 1\nexit\nr0 = 2\nexit\n";
/** Slots 8 and 10 of what comes first in its section. */
const table = (first: number): Uint8Array =>
  new Uint8Array(BigUint64Array.of(8n * BigInt(first + 8), 8n * BigInt(first + 10)).buffer);
const RELOCATED = { 3: { symbol: "JT.main.0", type: ADDRESS } };

function link(spec: ObjectSpec, name = "main") {
  const object = readObject(writeObject(spec));
  if (!object.ok) return `expected ${object.error.expected}, got ${object.error.got}`;
  const linked = linkProgram(object.value, object.value.functions.find((fn) => fn.name === name)!, "memory");
  return linked.ok ? linked.value.program : `expected ${linked.error.expected}, got ${linked.error.got}`;
}
const tables = (bytes: Uint8Array, size = bytes.length) => ({
  section: ".jumptables",
  bytes,
  symbols: { "JT.main.0": [0, size] as const },
});

describe("a table of jumps", () => {
  test("is an instruction array of the program that jumps through it", () => {
    const code = [{ section: "xdp", functions: [{ name: "main", text: SWITCH, relocations: RELOCATED }] }];
    const program = link({ code, data: [tables(table(0))] });
    expect(program).toMatchObject({
      maps: [{ kind: "insnArray", code: 0, entries: 2, slots: [8, 10], name: "JT.main.0" }],
    });
    expect(typeof program !== "string" && program.code[0]![3]).toMatchObject({
      row: { id: "lddw mapFdValue" },
      imm: 0,
    });
  });

  test("of a subprogram names the slots where that was linked", () => {
    const main = { name: "main", text: "call pc-1\nexit\n", relocations: { 0: { symbol: "sub", type: CALL } } };
    const code = [
      { section: "xdp", functions: [main] },
      {
        section: ".text",
        functions: [
          { name: "other", text: "r0 = 0\nexit\n" },
          { name: "sub", text: SWITCH, relocations: RELOCATED },
        ],
      },
    ];
    expect(link({ code, data: [tables(table(2))] })).toMatchObject({ maps: [{ kind: "insnArray", slots: [10, 12] }] });
  });

  test.each([
    [
      "of other instructions",
      table(90),
      undefined,
      "expected table JT.main.0 of instructions of main, got byte 784 of section xdp",
    ],
    [
      "of a part of a target",
      table(0),
      12,
      "expected table JT.main.0 of 8 bytes for each target within .jumptables, got 12",
    ],
    [
      "beyond its section",
      table(0),
      24,
      "expected table JT.main.0 of 8 bytes for each target within .jumptables, got 24",
    ],
    [
      "of too many targets",
      new Uint8Array(8 * 65_537),
      undefined,
      "expected table JT.main.0 of at most 65536 targets, got 65537",
    ],
  ])("%s is refused", (_name, bytes, size, says) => {
    const code = [{ section: "xdp", functions: [{ name: "main", text: SWITCH, relocations: RELOCATED }] }];
    expect(link({ code, data: [tables(bytes, size ?? bytes.length)] })).toBe(says);
  });
});

test("an instruction array of .maps is one that somebody else fills", () => {
  const btf = new BtfBuilder();
  const jumps = btf.map("jumps", { type: 34, max_entries: 4, key_size: 4, value_size: 16 });
  btf.section(".maps", [{ type: jumps, offset: 0, size: 32 }]);
  const relocations = { 0: { symbol: "jumps", type: ADDRESS } };
  const code = [{ section: "xdp", functions: [{ name: "main", text: "r1 = 0 ll\nr0 = 0\nexit\n", relocations }] }];
  const data = [
    { section: ".maps", bytes: new Uint8Array(32), symbols: { jumps: [0, 32] as const } },
    { section: ".BTF", bytes: btf.bytes(), isDebug: true as const },
  ];
  expect(link({ code, data })).toBe(
    "expected map jumps whose addresses the file says, got an instruction array that its loader fills in",
  );
});
