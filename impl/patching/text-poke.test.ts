import { expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { EventLog, type MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { aarch64InsnCopy, aarch64InsnPatchTextNosync, aarch64InsnSet } from "./text-poke.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const DATA = 0x1_0000;

function setUp(): { readonly machine: Machine; readonly log: EventLog } {
  const machine = new Machine();
  machine.map(TEXT, 3 * 4096, "rox");
  machine.map(DATA, 3 * 4096, "rw");
  const log = new EventLog();
  machine.onEvent = log.listener;
  return { machine, log };
}

const hex = (va: number): string => va.toString(16);
const line = (e: MachineEvent): string => {
  switch (e.kind) {
    case "lock":
    case "unlock":
      return `${e.kind} ${e.lock}`;
    case "contextSync":
    case "ipi":
      return `${e.kind} ${e.cpu}`;
    case "write":
    case "clean":
    case "invalidate":
    case "flush":
      return `${e.kind} ${hex(e.va)}+${e.bytes}`;
    default:
      return e.kind;
  }
};

test("a copy goes page by page through the alias and is flushed once", () => {
  const { machine, log } = setUp();
  machine.poke(
    DATA,
    Uint8Array.from({ length: 5000 }, (_, i) => i % 251),
  );
  expect(aarch64InsnCopy(machine, (TEXT + 4088) as RoAddr, DATA, 4108)).toBe(TEXT + 4088);
  expect(machine.peek(TEXT + 4088, 4108)).toEqual(machine.peek(DATA, 4108));
  expect(log.events().map(line)).toEqual([
    "lock patchLock",
    "map",
    "write fffffdbf0ff8+8",
    "unmap",
    "invalidateTlb",
    "map",
    "write fffffdbf0000+4096",
    "unmap",
    "invalidateTlb",
    "map",
    "write fffffdbf0000+4",
    "unmap",
    "invalidateTlb",
    "unlock patchLock",
    "flush 800084000ff8+4108",
    "clean 800084000ff8+4108",
    "invalidate 800084000ff8+4108",
    "contextSync 0",
    "ipi 0",
    "contextSync 1",
  ]);
});

test("a fill stores whole words only", () => {
  const { machine } = setUp();
  aarch64InsnSet(machine, TEXT, 0xd4202000, 7);
  expect([...machine.peek(TEXT, 8)]).toEqual([0x00, 0x20, 0x20, 0xd4, 0xa5, 0xa5, 0xa5, 0xa5]);
});

test("a misaligned destination is refused before anything happens", () => {
  const { machine, log } = setUp();
  expect(aarch64InsnCopy(machine, (TEXT + 2) as RoAddr, DATA, 4)).toBeUndefined();
  expect(aarch64InsnSet(machine, (TEXT + 1) as RoAddr, 0, 4)).toBeUndefined();
  expect(aarch64InsnPatchTextNosync(machine, (TEXT + 3) as RoAddr, 0)).toBe(-22);
  expect(log.events()).toEqual([]);
});

test("patching one instruction does not interrupt other CPUs", () => {
  const { machine, log } = setUp();
  expect(aarch64InsnPatchTextNosync(machine, (TEXT + 4) as RoAddr, 0xd503201f)).toBe(0);
  expect(machine.peek32(TEXT + 4)).toBe(0xd503201f);
  expect(log.events().slice(-3).map(line)).toEqual([
    "clean 800084000004+4",
    "invalidate 800084000004+4",
    "contextSync 0",
  ]);
});
