// Where in the kernel's own code each word of compiled code was made: the store that put it into the JIT's buffer, told by
// executing the JIT one instruction at a time, and the copy that brought it from there to where it runs. Slow: for one program
// that somebody wants to know all about.

import type { CpuState } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import { decode } from "../../spec/a64/decode.js";
import { indexOf } from "../../spec/a64/execute-memory.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { SP, ZR } from "../../spec/a64/registers.js";
import { vaOfPointer } from "./structs.js";

const WORD_BYTES = 4;

export class Emissions {
  /** By address of the word that was stored. */
  private readonly stored = new Map<Va, string>();
  /** By address of text that was copied there. */
  private readonly copies = new Map<Va, string>();

  /** An instruction is about to be executed. @param where asked only if it stores code or may do so */
  step(word: number, { x }: Pick<CpuState, "x">, where: () => string): void {
    const insn = decode(word);
    const store = insn && storeOf(insn, x);
    if (store === undefined) return;
    const place = where();
    for (let at = 0; at < store.bytes; at += WORD_BYTES) this.stored.set(store.va + at, place);
  }

  copied(text: Va, from: Va, bytes: number): void {
    for (let at = 0; at < bytes; at += WORD_BYTES) {
      const place = this.stored.get(from + at);
      if (place !== undefined) this.copies.set(text + at, place);
    }
  }

  /** Of a word of text; undefined if nobody has seen it stored. */
  at(va: Va): string | undefined {
    return this.copies.get(va) ?? this.stored.get(va);
  }
}

/** Words and more, through any register but SP: code is not made on the stack. */
function storeOf(insn: A64Insn, x: BigUint64Array): { readonly va: Va; readonly bytes: number } | undefined {
  switch (insn.kind) {
    case "accessImmediate": {
      if (insn.op !== "store" || insn.bytes < WORD_BYTES || insn.rn === SP) return undefined;
      return { va: addressOf(x, insn.rn, insn.mode === "post" ? 0n : insn.offsetValue), bytes: insn.bytes };
    }
    case "accessPair": {
      if (insn.op !== "store" || insn.rn === SP) return undefined;
      return { va: addressOf(x, insn.rn, insn.mode === "post" ? 0n : BigInt(insn.offset)), bytes: 2 * insn.bytes };
    }
    case "accessRegister": {
      if (insn.op !== "store" || insn.bytes < WORD_BYTES || insn.rn === SP) return undefined;
      return { va: addressOf(x, insn.rn, indexOf(insn, insn.rm === ZR ? 0n : x[insn.rm]!)), bytes: insn.bytes };
    }
    default:
      return undefined;
  }
}

const addressOf = (x: BigUint64Array, base: number, offset: bigint): Va =>
  vaOfPointer(BigInt.asUintN(64, x[base]! + offset));
