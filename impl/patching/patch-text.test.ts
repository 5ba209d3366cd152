import { expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { aarch64InsnPatchText } from "./patch-text.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const NOP = 0xd503_201f;
const at = (offset: number): RoAddr => (TEXT + offset) as RoAddr;

function setUp(cpus: number) {
  const machine = new Machine({ cpus });
  machine.map(TEXT, 4096, "rox", true);
  const log = new EventLog();
  machine.onEvent = log.listener;
  return { machine, log };
}

test("nothing is stored before all CPUs have stopped, and all see it when they go on", () => {
  const { machine, log } = setUp(3);
  expect(
    aarch64InsnPatchText(
      machine,
      [at(0), at(8)].map((addr) => ({ addr, insn: NOP })),
    ),
  ).toBe(0);
  expect([machine.peek32(TEXT), machine.peek32(TEXT + 8)]).toEqual([NOP, NOP]);
  const kinds = log.events().map((event) => (event.kind === "stopped" ? `${event.kind} ${event.cpu}` : event.kind));
  const stored = kinds.indexOf("write");
  expect(kinds.slice(0, stored).filter((kind) => kind.startsWith("stopped"))).toEqual([
    "stopped 0",
    "stopped 1",
    "stopped 2",
  ]);
  expect([0, 1, 2].map((cpu) => machine.fetch(cpu, TEXT, 64))).toEqual([undefined, undefined, undefined]);
});

test("the first patch that fails is the last", () => {
  const { machine } = setUp(1);
  const patches = [at(0), at(6), at(8)].map((addr) => ({ addr, insn: NOP }));
  expect(aarch64InsnPatchText(machine, patches)).toBe(-22);
  expect([machine.peek32(TEXT), machine.peek32(TEXT + 8)]).toEqual([NOP, 0xa5a5_a5a5]);
});
