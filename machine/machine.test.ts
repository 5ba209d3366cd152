import { expect, test } from "vitest";
import { EventLog } from "./event.js";
import { KernelFault } from "./fault.js";
import { Machine } from "./machine.js";

const PLACE = 0x1_0000;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const fault = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelFault) return error.why;
    throw error;
  }
  return "no fault";
};

test("bytes written across a page boundary are read back", () => {
  const machine = new Machine();
  machine.map(PLACE, 8192, "rw");
  machine.write(PLACE + 4094, bytes(1, 2, 3, 4));
  expect(machine.read(PLACE + 4093, 6)).toEqual(bytes(0xa5, 1, 2, 3, 4, 0xa5));
  expect(machine.mapping(PLACE + 4096)?.frame.bytes.subarray(0, 2)).toEqual(bytes(3, 4));
});

test("a part of the module area may belong to somebody else", () => {
  const machine = new Machine({ vmallocBase: 0x10_0000, vmallocGap: { after: 0x2000, bytes: 0x8000 } });
  const areas = [0x1000, 0x2000, 0x1000].map((size) => machine.vmalloc(size));
  expect(areas).toEqual([0x10_0000, 0x10_a000, 0x10_d000]);
  machine.vfree(0x10_0000);
  expect(machine.vmalloc(0x1000)).toBe(0x10_0000);
  expect(() => new Machine({ vmallocBytes: 0x4000, vmallocGap: { after: 0x2000, bytes: 0x8000 } })).toThrow(RangeError);
});

test("read-only and executable pages cannot be written, unmapped ones not touched", () => {
  const machine = new Machine();
  machine.map(PLACE, 4096, "rw");
  machine.setPermission(PLACE, 4096, "rox");
  expect(fault(() => machine.write(PLACE, bytes(1)))).toBe("badWrite");
  machine.setPermission(PLACE, 4096, "ro");
  expect(fault(() => machine.fill32(PLACE, 0, 4))).toBe("badWrite");
  expect(fault(() => machine.read(PLACE + 4096, 1))).toBe("badRead");
  machine.unmap(PLACE, 4096);
  expect(machine.mapping(PLACE)).toBeUndefined();
  expect(fault(() => machine.setPermission(PLACE, 4096, "rw"))).toBe("badMapping");
});

test("the fixmap is a writable alias of one frame at a time", () => {
  const machine = new Machine();
  machine.map(PLACE, 8192, "rox");
  const frame = machine.mapping(PLACE)!.frame;
  const alias = machine.mapFixmap(frame);
  machine.write32(alias + 8, 0xd503201f);
  expect(machine.read32(PLACE + 8)).toBe(0xd503201f);
  expect(fault(() => machine.mapFixmap(frame))).toBe("badMapping");
  machine.unmapFixmap();
  expect(fault(() => machine.write32(alias, 0))).toBe("badWrite");
});

test("module areas have a guard page between them and the lowest room is taken first", () => {
  const machine = new Machine({ vmallocBase: 0x8000_0000_0000 });
  const [a, b, c] = [machine.vmalloc(4096)!, machine.vmalloc(5000)!, machine.vmalloc(1)!];
  expect([a, b, c]).toEqual([0x8000_0000_0000, 0x8000_0000_2000, 0x8000_0000_5000]);
  expect(fault(() => machine.read(a + 4096, 1))).toBe("badRead");
  expect([machine.vfree(b), machine.vfree(b), machine.vfree(a + 64)]).toEqual([true, false, false]);
  expect(machine.vmalloc(8192)).toBe(b);
  expect(machine.usage).toEqual({ areas: 3, heapObjects: 0, frames: 4 });
});

test("heap objects fault behind their end and are checked around it when freed", () => {
  const machine = new Machine();
  const a = machine.kvmalloc(100)!;
  machine.write(a, new Uint8Array(100));
  expect(fault(() => machine.write(a + 112, bytes(1)))).toBe("badWrite");
  machine.write(a + 100, bytes(1));
  expect(fault(() => machine.kvfree(a))).toBe("badFree");
  const b = machine.kvmalloc(5000)!;
  machine.write(b - 1, bytes(1));
  expect(fault(() => machine.kvfree(b))).toBe("badFree");
  const c = machine.kvmalloc(64)!;
  machine.heapBytes(c).set([1, 2], 62);
  expect(machine.read(c + 61, 3)).toEqual(bytes(0xa5, 1, 2));
  machine.heapBytes(c, 8, 4).set([3, 4, 5, 6]);
  expect(machine.read(c + 7, 6)).toEqual(bytes(0xa5, 3, 4, 5, 6, 0xa5));
  expect(fault(() => machine.heapBytes(c, 60, 5))).toBe("badWrite");
  machine.kvfree(c);
  expect(fault(() => machine.kvfree(c))).toBe("badFree");
  expect(machine.kvmalloc(64)).toBe(c);
});

test("the third failing step of its kind from now can be chosen", () => {
  const machine = new Machine();
  machine.failures.plan("kvmalloc", 3);
  const places = [1, 2, 3, 4].map(() => machine.kvmalloc(64) !== undefined);
  expect(places).toEqual([true, true, false, true]);
});

test("nothing may sleep or wait for other CPUs under the spinlock, and no lock is taken twice", () => {
  const machine = new Machine();
  machine.packMutex.acquire();
  machine.patchLock.acquire();
  expect(fault(() => machine.kvmalloc(64))).toBe("badLock");
  expect(fault(() => machine.kickAllCpus())).toBe("badLock");
  expect(fault(() => machine.textMutex.acquire())).toBe("badLock");
  expect(fault(() => machine.patchLock.acquire())).toBe("badLock");
  machine.patchLock.release();
  machine.packMutex.release();
  expect(fault(() => machine.packMutex.release())).toBe("badLock");
});

test("the log keeps the last events in order", () => {
  const machine = new Machine({ cpus: 3 });
  const log = new EventLog(4);
  machine.onEvent = log.listener;
  machine.map(PLACE, 4096, "rw");
  machine.write(PLACE, bytes(1, 2));
  machine.kickAllCpus();
  machine.unmap(PLACE, 4096);
  expect(log.events().map(({ kind }) => kind)).toEqual(["ipi", "contextSync", "contextSync", "unmap"]);
  expect(log.lost).toBe(2);
});

test.each([4096, 16384, 65536] as const)("pages may be %i bytes", (pageBytes) => {
  const machine = new Machine({ pageBytes });
  const va = machine.vmalloc(pageBytes + 1)!;
  machine.fill32(va + pageBytes - 4, 0x01020304, 8);
  expect(machine.read(va + pageBytes - 5, 10)).toEqual(bytes(0xa5, 4, 3, 2, 1, 4, 3, 2, 1, 0xa5));
});

test("a fetch needs executable pages, clean lines, a synchronized CPU and no old translation", () => {
  const machine = new Machine({ cpus: 2 });
  const text = machine.vmalloc(8192)!;
  machine.fill32(text + 4092, 0xd503201f, 8);
  const why = (cpu: number) => machine.fetch(cpu, text + 4092, 8)?.why;
  expect(why(0)).toBe("notExecutable");
  machine.setPermission(text, 8192, "rox");
  expect(why(0)).toBe("staleTranslation");
  machine.invalidateTlb(text, 8192);
  expect(why(0)).toBe("notCleaned");
  machine.cleanDcache(text + 4092, 8);
  expect(why(0)).toBe("notInvalidated");
  machine.invalidateIcache(text + 4092, 4);
  expect(machine.fetch(0, text + 4092, 8)).toEqual({ va: text + 4092, why: "notSynchronized" });
  machine.contextSync();
  expect(machine.fetch(0, text + 4092, 8)).toEqual({ va: text + 4096, why: "notInvalidated" });
  machine.invalidateIcache(text + 4096, 4);
  machine.contextSync();
  expect([why(0), why(1)]).toEqual([undefined, "notSynchronized"]);
  machine.kickAllCpus();
  expect(why(1)).toBeUndefined();
  machine.vfree(text);
  expect(why(0)).toBe("notMapped");
});

test("another CPU has interrupts of its own", () => {
  const machine = new Machine({ cpus: 2 });
  machine.patchLock.hold(() => {
    expect(fault(() => machine.mightSleep("a test"))).toBe("badLock");
    expect(machine.runOn(1, () => fault(() => machine.mightSleep("a test")))).toBe("no fault");
  });
});

test("frames come from the given buffer", () => {
  const physical = new Uint8Array(new ArrayBuffer(4 * 4096), 4096, 2 * 4096);
  const machine = new Machine({ physical });
  machine.map(PLACE, 8192, "rw");
  expect([0, 4096].map((at) => machine.mapping(PLACE + at)?.frame.bytes.byteOffset)).toEqual([4096, 8192]);
  expect(machine.mapping(PLACE)?.frame.bytes.buffer).toBe(physical.buffer);
  const full = expect.objectContaining({ why: "noMemory" });
  expect(() => machine.kvmalloc(1)).toThrow("all 8192 bytes of physical memory are in use");
  expect(() => machine.kvmalloc(1)).toThrow(full);
  expect(() => machine.kvmalloc(2 ** 52)).toThrow(full);
  expect(() => machine.vmalloc(1)).toThrow(full);
  expect(() => machine.map(PLACE + 8192, 1, "rw")).toThrow(full);
});

test("pages are placed with what they are to hold and zeros behind, or with what their frames held", () => {
  const machine = new Machine();
  machine.map(0x5000_0000, 8192, "rw");
  machine.unmap(0x5000_0000, 8192);
  machine.place(0x6000_0000, 8192, "rox", new Uint8Array(4097).fill(7));
  expect(machine.peek(0x6000_0fff, 3)).toEqual(Uint8Array.of(7, 7, 0));
  expect(machine.peek(0x6000_1002, 4094)).toEqual(new Uint8Array(4094));
  expect(() => machine.place(0x6000_1000, 4096, "rw")).toThrow("is already mapped");
  machine.unmap(0x6000_0000, 4096);
  machine.place(0x7000_0000, 4096, "rw");
  expect(machine.peek(0x7000_0000, 4096)).toEqual(new Uint8Array(4096).fill(7));
});

test("who keeps mappings is told of the pages that have changed since, or that too many have", () => {
  const machine = new Machine();
  const since = machine.mapGeneration;
  machine.map(PLACE, 512 * 4096, "rw");
  machine.unmap(PLACE + 4096, 4096);
  const visited: number[][] = [];
  const told = (from: number): boolean => machine.eachMapChange(from, (va, bytes) => visited.push([va, bytes]));
  expect(told(since)).toBe(true);
  expect(visited).toEqual([
    [PLACE, 512 * 4096],
    [PLACE + 4096, 4096],
  ]);
  visited.length = 0;
  expect(told(machine.mapGeneration - 1)).toBe(true);
  expect(visited).toEqual([[PLACE + 4096, 4096]]);
  visited.length = 0;
  expect(told(machine.mapGeneration)).toBe(true);
  for (let i = 0; i < 129; i++) machine.unmap(PLACE + (3 + 2 * i) * 4096, 4096);
  expect(told(since)).toBe(false);
  expect(visited).toEqual([]);
});

test("a page that was placed takes memory when somebody looks at it, and counts from the start", () => {
  const machine = new Machine({ physical: new Uint8Array(4096) });
  machine.place(PLACE, 8192, "ro", new Uint8Array(8192).fill(7));
  machine.invalidateWholeIcache();
  expect(machine.mapping(PLACE)?.permission).toBe("ro");
  expect(machine.usage.frames).toBe(2);
  expect(machine.peek(PLACE + 4096, 1)).toEqual(bytes(7));
  expect(machine.usage.frames).toBe(2);
  expect(() => machine.peek(PLACE, 1)).toThrow("are in use");
  machine.unmap(PLACE + 4096, 4096);
  expect(machine.usage.frames).toBe(1);
});
