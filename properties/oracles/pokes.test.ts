import { describe, expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { defaultSubject } from "../../subjects/index.js";
import { Recorder } from "../../subjects/session/recorder.js";
import type { TraceEvent } from "../../subjects/step.js";
import type { SubjectKernel } from "../../subjects/subject.js";
import { flushCountBreaches } from "./flush-covers-writes.js";
import { lockBreaches } from "./lock-discipline.js";
import { textLog } from "./pokes.js";
import { aliasBreaches } from "./w-xor-x.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const DATA = 0x1_0000;

function recorded(action: (kernel: SubjectKernel) => void): readonly TraceEvent[] {
  const machine = new Machine();
  const recorder = new Recorder(machine, false);
  machine.map(TEXT, 8192, "rox");
  machine.map(DATA, 8192, "rw");
  recorder.begin(undefined);
  action(defaultSubject.boot({ machine, random: () => 0 }));
  return recorder.events;
}
const poke = (kernel: SubjectKernel): unknown => kernel.aarch64InsnCopy((TEXT + 4000) as RoAddr, DATA, 200);
const patch = (kernel: SubjectKernel): unknown =>
  kernel.machine.textMutex.hold(() => kernel.aarch64InsnPatchTextNosync(TEXT, 0));
const without = (events: readonly TraceEvent[], ...kinds: TraceEvent["kind"][]): readonly TraceEvent[] =>
  events.filter(({ kind }) => !kinds.includes(kind));

describe("text poke", () => {
  test("copies, fills and single instructions pass", () => {
    const events = recorded((kernel) => {
      poke(kernel);
      patch(kernel);
      kernel.aarch64InsnSet(TEXT, 0, 8);
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
    const events = recorded((kernel) => kernel.aarch64InsnSet(TEXT, 0, 8));
    expect(aliasBreaches(without(events, "unmap", "invalidateTlb"))).toEqual([
      "event 3: the writable alias is still mapped when patchLock is released",
    ]);
    expect(aliasBreaches(without(events, "invalidateTlb"))).toEqual([
      "event 4: the alias may still be in a TLB when patchLock is released",
    ]);
  });

  test("an alias outside the lock is named", () => {
    const events = recorded(({ machine }) => {
      machine.mapFixmap(machine.mapping(TEXT)!.frame);
      machine.unmapFixmap();
    });
    expect(aliasBreaches(events)).toEqual(["event 0: a writable alias is mapped without patchLock"]);
  });
});

describe("locks", () => {
  test("the spinlock may be taken under either mutex", () => {
    const events = recorded((kernel) => {
      kernel.machine.packMutex.hold(() => poke(kernel));
      patch(kernel);
    });
    expect(lockBreaches(events)).toEqual([]);
  });

  test("another order, and a lock that is never released, are named", () => {
    const events = recorded(({ machine }) => machine.textMutex.hold(() => machine.packMutex.acquire()));
    expect(lockBreaches(events)).toEqual([
      "event 1: CPU 0 takes packMutex under textMutex",
      "event 2: CPU 0 releases textMutex, the innermost is packMutex",
      "at the end: CPU 0 holds packMutex",
    ]);
  });
});

describe("the fold", () => {
  const events = (kernel: SubjectKernel): void => {
    poke(kernel);
    patch(kernel);
  };

  test("a poke has its stores, its flush, and the cache states that its bytes came to", () => {
    const { pokes, leftAliases, cleanedBytes } = textLog(recorded(events));
    const [copy, single] = pokes;
    expect(copy).toMatchObject({
      isLocked: true,
      isSingle: false,
      held: undefined,
      flushes: [{ bytes: 200, isUnderLock: false }],
    });
    expect(copy!.stores.map(({ bytes, held, isMapped }) => [bytes, held, isMapped])).toEqual([
      [96, { lock: "patchLock", outer: undefined }, true],
      [104, { lock: "patchLock", outer: undefined }, true],
    ]);
    expect(single).toMatchObject({ isSingle: true, held: { lock: "textMutex" }, flushes: [], stores: [{ bytes: 4 }] });
    expect([pokes.length, leftAliases, cleanedBytes]).toEqual([2, [], 204]);
  });

  test("a store that is covered in part is cut", () => {
    const { pokes } = textLog([
      { kind: "lock", cpu: 0, lock: "patchLock" },
      { kind: "textWrite", cpu: 0, va: TEXT, alias: 0, bytes: 64 },
      { kind: "clean", cpu: 0, va: TEXT + 16, bytes: 32 },
      { kind: "invalidate", cpu: 0, va: TEXT, bytes: 32 },
      { kind: "contextSync", cpu: 1 },
    ]);
    expect(
      pokes[0]!.pieces.map(({ from, to, cacheState, synced }) => [from - TEXT, to - TEXT, cacheState, synced]),
    ).toEqual([
      [16, 32, "invalidated", 2],
      [0, 16, "stored", 0],
      [48, 64, "stored", 0],
      [32, 48, "cleaned", 0],
    ]);
  });

  test("what is prepared before it becomes executable is flushed for itself", () => {
    const flush = { kind: "flush", cpu: 0, va: DATA, bytes: 64 } as const;
    const write = { kind: "write", cpu: 0, va: DATA, bytes: 64 } as const;
    const rox = { kind: "setPermission", cpu: 0, va: DATA, bytes: 4096, permission: "rox" } as const;
    expect(flushCountBreaches([write, flush])).toEqual([]);
    expect(flushCountBreaches([write, rox, flush])).toEqual(["a flush of 0x10000+64, where nothing was stored"]);
  });
});
