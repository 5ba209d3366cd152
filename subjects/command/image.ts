// An image that an adapter handed out, made ready to run: relocations filled in, and, where the calling convention is not
// that of C, a few words in front that make it so.

import type { Va } from "../../machine/address.js";
import { pointer } from "../../machine/address.js";
import { helperName } from "../../spec/bpf/helper-names.js";
import type { Relocation } from "./protocol.js";

const BL = 0x9400_0000;
const IMM26 = 0x03ff_ffff;

/** @returns what is wrong with a relocation, in one line. */
export function relocate(
  image: Uint8Array,
  at: Va,
  relocations: readonly Relocation[],
  target: (helper: number) => Va | undefined,
  table: Va,
): string | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  for (const { kind, offset, helper } of relocations) {
    const va = kind === "table64" ? table : target(helper);
    if (va === undefined) return `a relocation names ${helperName(helper)}, which was not offered`;
    if (kind === "abs64" || kind === "table64") view.setBigUint64(offset, pointer(va), true);
    else if (kind === "call26") view.setUint32(offset, (BL | (((va - at - offset) / 4) & IMM26)) >>> 0, true);
    else {
      // MOVZ and MOVKs: the register and the shift are those of the image.
      for (let i = 0; i < 4; i++) {
        const word = view.getUint32(offset + 4 * i, true);
        const shift = BigInt((word >>> 21) & 3) * 16n;
        const half = Number((pointer(va) >> shift) & 0xffffn);
        view.setUint32(offset + 4 * i, ((word & ~(0xffff << 5)) | (half << 5)) >>> 0, true);
      }
    }
  }
  return undefined;
}

/** How the image differs from a C function. */
export interface Convention {
  /** Register that r0 comes back in. */
  readonly result: number;
  /** Of x19 to x29, those that the image may change. */
  readonly clobbered: readonly number[];
}

/** Bytes below the SP at entry that the words take. */
export const wrapperBytes = ({ result, clobbered }: Convention): number =>
  result === 0 && clobbered.length === 0 ? 0 : 16 * Math.ceil((clobbered.length + 1) / 2);

/** `f(...) { save what may change; call the image; x0 = its result; restore }`. @param image where its entry is */
export function wrapper(convention: Convention, at: Va, image: Va): Uint32Array {
  const { result, clobbered } = convention;
  const bytes = wrapperBytes(convention);
  const saved = [LR, ...clobbered];
  const words = [
    SUB_SP | (bytes << 10),
    ...saved.map((register, i) => STR_SP | (i << 10) | register),
    0,
    ...(result === 0 ? [] : [MOV_X0 | (result << 16)]),
    ...saved.map((register, i) => LDR_SP | (i << 10) | register),
    ADD_SP | (bytes << 10),
    RET,
  ];
  const call = 1 + saved.length;
  words[call] = BL | (((image - at - 4 * call) / 4) & IMM26);
  return Uint32Array.from(words);
}

const LR = 30;
const SUB_SP = 0xd100_03ff;
const ADD_SP = 0x9100_03ff;
const STR_SP = 0xf900_03e0;
const LDR_SP = 0xf940_03e0;
const MOV_X0 = 0xaa00_03e0;
const RET = 0xd65f_03c0;
