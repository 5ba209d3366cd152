import { describe, expect, test } from "vitest";
import { aarch64InsnCopy, aarch64InsnPatchTextNosync, aarch64InsnSet } from "../../impl/patching/text-poke.js";
import type { RoAddr } from "../../machine/address.js";
import { EventLog, type MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { flushCountBreaches } from "./flush-count.js";
import { lockBreaches } from "./locks.js";
import { aliasBreaches } from "./w-xor-x.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const DATA = 0x1_0000;

function recorded(action: (machine: Machine) => void): readonly MachineEvent[] {
  const machine = new Machine();
  machine.map(TEXT, 8192, "rox");
  machine.map(DATA, 8192, "rw");
  const log = new EventLog();
  machine.onEvent = log.listener;
  action(machine);
  return log.events();
}
const poke = (machine: Machine): unknown => aarch64InsnCopy(machine, (TEXT + 4000) as RoAddr, DATA, 200);
const without = (events: readonly MachineEvent[], ...kinds: MachineEvent["kind"][]): readonly MachineEvent[] =>
  events.filter(({ kind }) => !kinds.includes(kind));

describe("text poke", () => {
  test("copies, fills and single instructions pass", () => {
    const events = recorded((machine) => {
      poke(machine);
      machine.textMutex.hold(() => aarch64InsnPatchTextNosync(machine, TEXT, 0));
      aarch64InsnSet(machine, TEXT, 0, 8);
    });
    expect([flushCountBreaches(events), aliasBreaches(events)]).toEqual([[], []]);
  });

  test("a missing or a second flush is named", () => {
    const events = recorded(poke);
    expect(flushCountBreaches(without(events, "flush"))).toEqual(["0 flushes after a poke, expected 1"]);
    const flush = events.filter(({ kind }) => kind === "flush");
    expect(flushCountBreaches([...events, ...flush])).toEqual(["2 flushes after a poke, expected 1"]);
  });

  test("a flush under the lock is named", () => {
    const events = recorded(poke);
    const flush = events.find(({ kind }) => kind === "flush")!;
    const locked = events.findIndex(({ kind }) => kind === "lock");
    expect(flushCountBreaches(events.filter((event) => event !== flush).toSpliced(locked + 1, 0, flush))).toEqual([
      "a flush under patchLock, with interrupts off",
    ]);
  });

  test("an alias that is not unmapped, or stays in the TLB, is named", () => {
    const events = recorded((machine) => aarch64InsnSet(machine, TEXT, 0, 8));
    expect(aliasBreaches(without(events, "unmap", "invalidateTlb"))).toEqual([
      "event 3: the writable alias is still mapped when patchLock is released",
    ]);
    expect(aliasBreaches(without(events, "invalidateTlb"))).toEqual([
      "event 4: the alias may still be in a TLB when patchLock is released",
    ]);
  });

  test("an alias outside the lock is named", () => {
    const events = recorded((machine) => {
      machine.mapFixmap(machine.mapping(TEXT)!.frame);
      machine.unmapFixmap();
    });
    expect(aliasBreaches(events)).toEqual(["event 0: a writable alias is mapped without patchLock"]);
  });
});

describe("locks", () => {
  test("the spinlock may be taken under either mutex", () => {
    const events = recorded((machine) => {
      machine.packMutex.hold(() => poke(machine));
      machine.textMutex.hold(() => aarch64InsnPatchTextNosync(machine, TEXT, 0));
    });
    expect(lockBreaches(events)).toEqual([]);
  });

  test("another order, and a lock that is never released, are named", () => {
    const events = recorded((machine) => machine.textMutex.hold(() => machine.packMutex.acquire()));
    expect(lockBreaches(events)).toEqual([
      "event 1: CPU 0 takes packMutex under textMutex",
      "event 2: CPU 0 releases textMutex, the innermost is packMutex",
      "at the end: CPU 0 holds textMutex",
    ]);
  });
});
