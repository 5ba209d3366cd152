// Trampolines of a kernel under test, by the kernel's names: what attaches programs to a function.

import type { Errno } from "../impl/errno.js";
import type { Halves } from "../impl/jit/function.js";
import type { Prepared, TrampPlaces, TrampRequest } from "../impl/trampoline/arch-trampoline.js";
import type { PokeType } from "../impl/trampoline/branch.js";
import type { TrampolineEnv } from "../impl/trampoline/env.js";
import type { TrampImage, TrampImageResult } from "../impl/trampoline/tramp-image.js";
import type { RoAddr, Va } from "../machine/address.js";

/** The word of a program that is patched: behind the copy of LR, which is behind a landing pad if there is one. */
export const patchSiteWord = ({ bti }: Pick<TrampolineEnv, "bti">): number => (bti ? 2 : 1);

/** What leads from the entry of a program to its trampoline (kernel: `struct bpf_trampoline`). */
export interface TrampolineView {
  readonly func: RoAddr;
  /** Undefined if nothing is attached. */
  curImage: TrampImage | undefined;
}
/** Where a program of a trampoline is passed over once it is removed: the NOP there becomes a branch. */
export interface SkipPlace {
  readonly place: RoAddr;
  readonly target: RoAddr;
}
export interface SubjectTrampolines {
  /** The functions around programs are the subject's own where it has them, and the caller's otherwise. */
  readonly env: TrampolineEnv;
  /** A release skips each program at a place of its own, and not all at once behind the call. Absent: it does not. */
  readonly skipsEach?: boolean;
  /** Nobody knows how large one will be: each has a page of its own. Absent: the kernel can be asked. */
  readonly isUnsized?: boolean;
  /** Bytes from a program's object to its instructions. */
  readonly insnsiOffset: number;
  /** Which BPF text lies where; only text that is found here may be poked. */
  readonly symbols: {
    add(symbol: { readonly start: RoAddr; readonly bytes: number }): void;
    remove(start: RoAddr): void;
    lookup(ip: Va): { readonly start: RoAddr; readonly bytes: number } | undefined;
  };
  /** Word index of the patch site at the entry of a program. */
  readonly pokeOffset: number;
  /** Bytes of the image. */
  archBpfTrampolineSize(request: TrampRequest): Prepared;
  archAllocBpfTrampoline(bytes: number): RoAddr | undefined;
  /** What was built there may run from now on. */
  archProtectBpfTrampoline(image: RoAddr, bytes: number): Errno;
  archFreeBpfTrampoline(image: RoAddr, bytes: number): void;
  /** Build a trampoline at [image, imageEnd). @param im address of its record; @returns the bytes that the code takes */
  archPrepareBpfTrampoline(im: Halves, image: RoAddr, imageEnd: RoAddr, request: TrampRequest): Prepared & TrampPlaces;
  /** Bytes of a trampoline's frame below its frame record. */
  frameBytes(nregs: number, flags: TrampRequest["flags"]): number;
  bpfTrampImageMake(request: TrampRequest): TrampImageResult;
  /** One for each program, in the order in which they are called; absent where nobody knows the places. */
  skipPlaces?(im: TrampImage): readonly SkipPlace[];
  /** As when the program is removed. @returns 0, or why it is called as before */
  passOver?(place: SkipPlace): Errno;
  bpfTrampImagePut(im: TrampImage): void;
  bpfTrampImageFree(im: TrampImage): void;
  /** Attach what the request says in place of what was attached; undefined for nothing. @returns 0, or why nothing changed */
  bpfTrampolineUpdate(tr: TrampolineView, request: TrampRequest | undefined): Errno;
  bpfArchTextPoke(ip: RoAddr, type: PokeType, oldAddr: RoAddr | undefined, newAddr: RoAddr | undefined): Errno;
}
