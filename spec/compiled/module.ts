// The compiled interpreter as an instance with its memory: one a thread.

import { existsSync, readFileSync } from "node:fs";
import { MEMORY_BYTES } from "./layout.js";

/** The part of JavaScript's WebAssembly interface that is used here, which the type library of Node leaves out. */
interface Interface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
declare const WebAssembly: Interface;

export interface Instance extends Exports {
  readonly memory: ArrayBuffer;
}

interface Exports {
  /** Run code 0 of what lies in memory. @returns what it came to: see `layout.ts` */
  readonly run: (fuel: number) => number;
  /** Where the program that runs reads or writes so many bytes at an address; `BAD` if it may not. */
  readonly readable: (address: bigint, bytes: number) => number;
  readonly writable: (address: bigint, bytes: number) => number;
}

/** Whoever answers for a helper, or for a kernel function, that the module does not have. @returns 0, or what ends the run */
type Call = (isKernelFunction: number, id: number) => number;

/** Beside this file once it is compiled, and where that is when it runs from its source. */
const PLACES = ["./bpf.wasm", "../../dist/spec/compiled/bpf.wasm"].map((name) => new URL(name, import.meta.url));
const WASM_PAGE = 0x10000;

/**
 * @param call is asked while a program runs
 * @param binary the module; default: as it was built
 * @returns undefined where it is not built: everything works without it, only more slowly
 */
export function instantiate(call: Call, binary = built()): Instance | undefined {
  if (binary === undefined) return undefined;
  const pages = MEMORY_BYTES / WASM_PAGE;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(binary);
  const imports = { env: { memory }, asked: { call } };
  const { run, readable, writable } = new WebAssembly.Instance(module, imports).exports as Exports;
  return { memory: memory.buffer, run, readable, writable };
}

function built(): Uint8Array | undefined {
  const place = PLACES.find((at) => existsSync(at));
  return place === undefined ? undefined : readFileSync(place);
}
