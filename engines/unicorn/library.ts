// The C library Unicorn (an emulator cut out of QEMU) as typed functions. It is loaded when first asked for, through the
// package koffi; if either is missing there is a sentence that says so and nothing throws. Names and numbers are those of
// the library's public header, unicorn.h of version 2.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Va } from "../../machine/address.js";
import { hex64 } from "../../spec/bits.js";

/** An engine handle or any other C pointer. */
export type Pointer = bigint;

/** Guest addresses are passed as signed 64-bit numbers: the kernel's half is -2^48 .. -1 and needs no bigint. */
export interface UnicornLibrary {
  readonly version: string;
  open(): Pointer;
  close(uc: Pointer): void;
  /** @returns an error of `ERROR`. */
  start(uc: Pointer, begin: number, until: number, timeout: number, count: number): number;
  stop(uc: Pointer): number;
  mapPtr(uc: Pointer, address: number, bytes: number, permission: number, memory: Uint8Array): number;
  unmap(uc: Pointer, address: number, bytes: number): number;
  protect(uc: Pointer, address: number, bytes: number, permission: number): number;
  /** Forget what was translated from [begin, end). */
  removeCache(uc: Pointer, begin: number, end: number): number;
  readRegister(uc: Pointer, id: number, value: ArrayBufferView): number;
  writeRegister(uc: Pointer, id: number, value: ArrayBufferView): number;
  /** A copy of all registers, and back. */
  saveContext(uc: Pointer): Pointer;
  restoreContext(uc: Pointer, context: Pointer): number;
  /** `ids` and `pointers` to where the values are, one each. */
  readRegisters(uc: Pointer, ids: Int32Array, pointers: BigUint64Array, count: number): number;
  writeRegisters(uc: Pointer, ids: Int32Array, pointers: BigUint64Array, count: number): number;
  /** Addresses from `begin` to and with `end`; all if `begin` > `end`. */
  addHook(uc: Pointer, type: number, callback: Pointer, begin: number, end: number): Pointer;
  removeHook(uc: Pointer, hook: Pointer): void;
  /** C functions that call back; there are some thousands at most, and they are never given back. */
  onBlock(callback: (address: GuestAddress, bytes: number) => void): Pointer;
  onAccess(callback: (type: number, address: GuestAddress, bytes: number) => void): Pointer;
  onInvalid(callback: (type: number, address: GuestAddress, bytes: number) => boolean): Pointer;
  onInterrupt(callback: (number: number) => void): Pointer;
  addressOf(memory: ArrayBufferView): bigint;
}

/** What a callback gets: a signed number, or a bigint where it would not be exact. */
export type GuestAddress = number | bigint;

export const ERROR = {
  ok: 0,
  readUnmapped: 6,
  writeUnmapped: 7,
  fetchUnmapped: 8,
  writeProtected: 12,
  readProtected: 13,
  fetchProtected: 14,
} as const;

export const HOOK = { interrupt: 1, code: 4, block: 8, invalid: 0x3f0, read: 0x400, write: 0x800 } as const;
/** Types of access that callbacks are told. */
export const ACCESS = {
  read: 16,
  write: 17,
  readUnmapped: 19,
  writeUnmapped: 20,
  fetchUnmapped: 21,
  writeProtected: 22,
  readProtected: 23,
  fetchProtected: 24,
} as const;
export const PERMISSION = { rw: 3, ro: 1, rox: 5, executeOnly: 4 } as const;

const ARM64 = 2;
/** All that QEMU knows of A64, LSE among it; the default model is older. */
const MODEL_MAX = 3;
const CONTROL = { cpuModel: 7, removeCache: 9 } as const;
const writing = (control: number, args: number): number => control | (args << 26) | (1 << 30);

type Load = { readonly ok: true; readonly library: UnicornLibrary } | { readonly ok: false; readonly why: string };

let loaded: Load | undefined;

/** Load the library that ROX_UNICORN names, or the system's, once. */
export function loadUnicorn(): Load {
  loaded ??= openUnicorn(process.env.ROX_UNICORN || undefined);
  return loaded;
}

const HOW = "install it with `apt-get install libunicorn2`, or name a library file in ROX_UNICORN";
const FOLDERS = ["", "/usr/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/", "/usr/lib64/", "/usr/lib/"];
const PLACES = [...FOLDERS, "/usr/local/lib/"].map((folder) => `${folder}libunicorn.so.2`);

/** @param named a library file; without it the usual places are searched. */
export function openUnicorn(named: string | undefined): Load {
  let koffi: typeof import("koffi");
  try {
    koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  } catch (error) {
    return { ok: false, why: `the package koffi cannot be loaded (${reason(error)}); install it with \`npm ci\`` };
  }
  const places = named === undefined ? PLACES : [named];
  for (const place of places) {
    if (place.includes("/") && !existsSync(place)) continue;
    try {
      const library = bind(koffi, place);
      if (!library.version.startsWith("2."))
        return { ok: false, why: `${place} is version ${library.version}; ${HOW}` };
      return { ok: true, library };
    } catch (error) {
      if (named !== undefined) return { ok: false, why: `${named} cannot be loaded (${reason(error)}); ${HOW}` };
    }
  }
  return { ok: false, why: `the library ${named ?? "libunicorn.so.2"} was not found; ${HOW}` };
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!;

function bind(koffi: typeof import("koffi"), place: string): UnicornLibrary {
  const lib = koffi.load(place);
  const version: number = lib.func("unsigned int uc_version(void *, void *)")(null, null);
  const control = lib.func("uc_ctl", "int", ["void *", "int", "..."]);
  const open = lib.func("int uc_open(int, int, _Out_ void **)");
  const allocContext = lib.func("int uc_context_alloc(void *, _Out_ void **)");
  const saveContext = lib.func("int uc_context_save(void *, void *)");
  const addHook = lib.func("int uc_hook_add(void *, _Out_ void **, int, void *, void *, int64_t, int64_t)");
  const access = ["void *", "int", "int64_t", "int", "int64_t", "void *"];
  const prototypes = {
    block: koffi.pointer(koffi.proto("void", ["void *", "int64_t", "uint32_t", "void *"])),
    access: koffi.pointer(koffi.proto("void", access)),
    invalid: koffi.pointer(koffi.proto("bool", access)),
    interrupt: koffi.pointer(koffi.proto("void", ["void *", "uint32_t", "void *"])),
  };
  return {
    version: `${version >>> 24}.${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}`,
    open() {
      const out: [Pointer | null] = [null];
      must(open(ARM64, 0, out), "open");
      const uc = out[0]!;
      must(control(uc, writing(CONTROL.cpuModel, 1), "int", MODEL_MAX), "choose the CPU model");
      return uc;
    },
    close: lib.func("int uc_close(void *)"),
    start: lib.func("int uc_emu_start(void *, int64_t, int64_t, uint64_t, size_t)"),
    stop: lib.func("int uc_emu_stop(void *)"),
    mapPtr: lib.func("int uc_mem_map_ptr(void *, int64_t, size_t, uint32_t, void *)"),
    unmap: lib.func("int uc_mem_unmap(void *, int64_t, size_t)"),
    protect: lib.func("int uc_mem_protect(void *, int64_t, size_t, uint32_t)"),
    removeCache: (uc, begin, end) =>
      control(uc, writing(CONTROL.removeCache, 2), "int64_t", begin, "int64_t", end) as number,
    readRegister: lib.func("int uc_reg_read(void *, int, void *)"),
    writeRegister: lib.func("int uc_reg_write(void *, int, void *)"),
    saveContext(uc) {
      const out: [Pointer | null] = [null];
      must(allocContext(uc, out), "make room for a context");
      must(saveContext(uc, out[0]), "save a context");
      return out[0]!;
    },
    restoreContext: lib.func("int uc_context_restore(void *, void *)"),
    readRegisters: lib.func("int uc_reg_read_batch(void *, void *, void *, int)"),
    writeRegisters: lib.func("int uc_reg_write_batch(void *, void *, void *, int)"),
    addHook(uc, type, callback, begin, end) {
      const out: [Pointer | null] = [null];
      must(addHook(uc, out, type, callback, null, begin, end), "add a hook");
      return out[0]!;
    },
    removeHook: lib.func("int uc_hook_del(void *, void *)"),
    onBlock: (callback) =>
      koffi.register((_uc: unknown, at: GuestAddress, size: number) => callback(at, size), prototypes.block),
    onAccess: (callback) =>
      koffi.register((_uc: unknown, type: number, at: GuestAddress, size: number) => {
        callback(type, at, size);
      }, prototypes.access),
    onInvalid: (callback) =>
      koffi.register(
        (_uc: unknown, type: number, at: GuestAddress, size: number) => callback(type, at, size),
        prototypes.invalid,
      ),
    onInterrupt: (callback) => koffi.register((_uc: unknown, number: number) => callback(number), prototypes.interrupt),
    addressOf: (memory) => koffi.address(memory),
  };
}

/** @throws Error if a call that cannot fail did. */
export function must(error: number, what: string): void {
  if (error !== ERROR.ok) throw new Error(`Unicorn could not ${what}: error ${error}`);
}

// Addresses on the way to and from the emulator: it takes signed 64-bit numbers, of which the kernel's half is
// -2^48 .. -1, and the machine takes the low 48 bits.
const HALF = 2 ** 48;

export const signed = (va: Va): number => va - HALF;

/** Undefined if it is not a kernel address. */
export function vaOf(address: GuestAddress): Va | undefined {
  return typeof address === "number" && address < 0 && address >= -HALF ? address + HALF : undefined;
}

export const hexAddress = (address: GuestAddress): string => hex64(BigInt(address));
