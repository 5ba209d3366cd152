// What an A64 word says, according to Capstone: a witness that shares nothing with our encoder or decoder. Used to show
// code to people. Loading takes about 0.1 s, so it is loaded when first needed.

import { createRequire } from "node:module";

export interface Disassembler {
  /** One line, without the address; `.word 0x........` for what is no instruction. `va` is the low 48 bits. */
  text(word: number, va: number): string;
}

interface CapstoneInsn {
  readonly mnemonic: string;
  readonly op_str: string;
}
interface Capstone {
  readonly ARCH_ARM64?: number;
  readonly ARCH_AARCH64?: number;
  readonly MODE_ARM?: number;
  readonly MODE_LITTLE_ENDIAN: number;
  readonly Capstone: new (
    arch: number,
    mode: number,
  ) => { disasm(bytes: Uint8Array | number[], address: number): readonly CapstoneInsn[] };
}

let loading: Promise<Disassembler> | undefined;

export function loadDisassembler(): Promise<Disassembler> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Disassembler> {
  const start = createRequire(import.meta.url)("@alexaltea/capstone-js") as () => Promise<Capstone>;
  const capstone = await start();
  const handle = new capstone.Capstone(capstone.ARCH_ARM64 ?? capstone.ARCH_AARCH64 ?? 1, capstone.MODE_LITTLE_ENDIAN);
  return {
    text(word, va) {
      const bytes = [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24];
      const unknown = `.word 0x${(word >>> 0).toString(16).padStart(8, "0")}`;
      try {
        const insn = handle.disasm(bytes, va)[0];
        return insn === undefined ? unknown : `${insn.mnemonic} ${insn.op_str}`.trim();
      } catch {
        return unknown;
      }
    },
  };
}
