import { expect, test } from "vitest";
import type { BootedKernel } from "../booted-kernel.js";
import { TRAPS } from "./index.js";

const PACK_MUTEX = 0x8000_8000_1000;

/** A kernel with these symbols beside `pack_mutex`, and what its locks were asked. */
function kernelWith(...symbols: readonly string[]) {
  const asked: string[] = [];
  const lock = { acquire: () => asked.push("acquire"), release: () => asked.push("release") };
  const address = (name: string): number | undefined => {
    if (name === "pack_mutex") return PACK_MUTEX;
    return symbols.includes(name) ? 1 : undefined;
  };
  const machine = { packMutex: lock, textMutex: undefined, cpu: 0 };
  const kernel = { image: { address }, machine, memory: { text: () => "wrong owner" } };
  return { kernel: kernel as unknown as BootedKernel, asked };
}

function act(kernel: BootedKernel, name: string, args: Readonly<Record<string, bigint>>): bigint | undefined {
  const row = TRAPS.find(({ names }) => names.includes(name));
  if (row === undefined) throw new Error(`nothing takes the place of ${name}`);
  return row.act(kernel, args, name);
}
const LOCK = { lock: 0xffff_0000_0000_0000n | BigInt(PACK_MUTEX) };

test("a kernel that checks its locks takes the machine's in place of its own", () => {
  const { kernel, asked } = kernelWith("mutex_lock_nested");
  expect(act(kernel, "mutex_lock_nested", LOCK)).toBe(0n);
  expect(act(kernel, "mutex_unlock", LOCK)).toBe(0n);
  expect(asked).toEqual(["acquire", "release"]);
});

test("any other gives its own back as well", () => {
  const { kernel, asked } = kernelWith();
  expect(act(kernel, "mutex_unlock", LOCK)).toBeUndefined();
  expect(asked).toEqual(["release"]);
});

test("what it finds wrong with a spinlock is a fault", () => {
  const { kernel } = kernelWith();
  expect(() => act(kernel, "spin_bug", { lock: LOCK.lock, msg: 0n })).toThrow(
    "the kernel finds a spinlock wrong: wrong owner",
  );
});
