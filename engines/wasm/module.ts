// The compiled interpreter: where it lies and how it becomes an instance. It is compiled once a process; an instance
// belongs to one linear memory.

import { existsSync, readFileSync } from "node:fs";

/** The part of JavaScript's WebAssembly interface that is used here, which the type library of Node leaves out. */
interface Interface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number; maximum: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
declare const WebAssembly: Interface;

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What the interpreter offers; see engines/wasm/assembly/index.ts. Addresses are low 48 bits. */
export interface Interpreter {
  begin(stackLow: number, stackTop: number, pageShift: number): void;
  forgetRange(va: number, bytes: number): void;
  forgetTranslations(): void;
  forgetReservation(): void;
  allowFetch(page: number, frame: number): void;
  allowPage(page: number, frame: number, records: number): void;
  forgetPages(): void;
  forgetRecord(records: number, offset: number): void;
  renewPage(records: number, frame: number): void;
  passStop(records: number, offset: number, word: number): void;
  stopBefore(stores: boolean, notes: boolean, code: boolean): void;
  lands(word: number): number;
  knows(word: number): number;
  go(entry: number, frame: number, budget: number): number;
  goPaged(entry: number, frame: number, records: number, budget: number): number;
}

/** Answers the place of a page's frame in linear memory with its flags, or 0 if nothing is mapped. */
type Translate = (page: number) => number;

const WASM_PAGE = 0x10000;
/** Beside the compiled engine, and where that is when the engine runs from its sources. */
const PLACES = ["./a64.wasm", "../../dist/engines/wasm/a64.wasm"].map((name) => new URL(name, import.meta.url));

let compiled: object | undefined;

/** `undefined`, or one sentence on how to get it. */
export function missing(): string | undefined {
  if (compiled !== undefined || PLACES.some((place) => existsSync(place))) return undefined;
  return "the interpreter a64.wasm is not built: run `npm run build:wasm`";
}

/** Memory of a fixed size, so that views of it stay good. */
export function newMemory(bytes: number): Memory {
  const pages = Math.ceil(bytes / WASM_PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

export function instantiate(memory: Memory, translate: Translate): Interpreter {
  compiled ??= compile();
  return new WebAssembly.Instance(compiled, { env: { memory }, host: { translate } }).exports as Interpreter;
}

function compile(): object {
  const place = PLACES.find((at) => existsSync(at));
  if (place === undefined) throw new Error(missing());
  return new WebAssembly.Module(readFileSync(place));
}
