// Capstone, the outside witness of what an A64 word says: one word in, its text out. The library is WebAssembly behind
// a convenience layer that allocates for every call; here its C functions are called on buffers made once, so that
// comparing millions of words stays cheap. Used by the tests of `spec/a64` and `impl/a64`, and for listings.

import { createRequire } from "node:module";

/** The part of the library's module object that is used here. */
interface CapstoneModule {
  readonly ARCH_ARM64: number;
  readonly MODE_LITTLE_ENDIAN: number;
  _malloc(bytes: number): number;
  _cs_open(arch: number, mode: number, handlePtr: number): number;
  _cs_malloc(handle: number): number;
  _cs_disasm_iter(handle: number, codePtr: number, sizePtr: number, addressPtr: number, insn: number): number;
  setValue(ptr: number, value: number | bigint, type: "i32" | "i64"): void;
  getValue(ptr: number, type: "i32"): number;
  UTF8ToString(ptr: number): string;
}

/**
 * The text of one word at `address`, mnemonic and operands separated by one space; undefined if Capstone knows no such
 * instruction. Branch targets are absolute, which is what the address is for.
 */
export type Disassemble = (word: number, address: bigint) => string | undefined;

/** Offsets into `struct cs_insn` of Capstone 5. */
const MNEMONIC = 42;
const OPERANDS = 74;

let opened: Promise<Disassemble> | undefined;

/** Load the library (once) and return its disassembler. */
export function openDisassembler(): Promise<Disassemble> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Disassemble> {
  const load = createRequire(import.meta.url)("@alexaltea/capstone-js") as () => Promise<CapstoneModule>;
  const capstone = await load();
  const handlePtr = capstone._malloc(4);
  const error = capstone._cs_open(capstone.ARCH_ARM64, capstone.MODE_LITTLE_ENDIAN, handlePtr);
  if (error !== 0) throw new Error(`Capstone refused to open an arm64 handle: error ${error}`);
  const handle = capstone.getValue(handlePtr, "i32");
  const insn = capstone._cs_malloc(handle);
  const code = capstone._malloc(4);
  const codePtr = capstone._malloc(4);
  const sizePtr = capstone._malloc(4);
  const addressPtr = capstone._malloc(8);

  return (word, address) => {
    capstone.setValue(code, word | 0, "i32");
    capstone.setValue(codePtr, code, "i32");
    capstone.setValue(sizePtr, 4, "i32");
    capstone.setValue(addressPtr, address, "i64");
    if (capstone._cs_disasm_iter(handle, codePtr, sizePtr, addressPtr, insn) === 0) return undefined;
    const mnemonic = capstone.UTF8ToString(insn + MNEMONIC);
    const operands = capstone.UTF8ToString(insn + OPERANDS);
    return operands === "" ? mnemonic : mended(`${mnemonic} ${operands}`, word);
  };
}

/** Which prefetch, where it has no name, is left out by Capstone 5, and the sign of an offset behind some bases. */
function mended(text: string, word: number): string {
  if (/^prfu?m ,/.test(text)) return text.replace(" ,", ` ${number(word & 31)},`);
  const behind = /^(.*\], #)(0xffffffffffffff\w\w)$/.exec(text);
  if (behind === null) return text;
  return `${behind[1]!.slice(0, -1)}${number(Number(BigInt.asIntN(64, BigInt(behind[2]!))))}`;
}

/** As Capstone writes numbers: up to nine in decimal. */
function number(value: number): string {
  const magnitude = Math.abs(value);
  return `#${value < 0 ? "-" : ""}${magnitude > 9 ? `0x${magnitude.toString(16)}` : magnitude}`;
}
