// What is attached to one program: a trampoline that its entry leads to, given up for another one whenever the list of
// programs changes, and for none when the list is empty.

import type { RoAddr } from "../../machine/address.js";
import type { Errno } from "../errno.js";
import { bpfArchTextPoke } from "./arch-text-poke.js";
import type { TrampRequest } from "./arch-trampoline.js";
import {
  bpfTrampImageFree,
  bpfTrampImageMake,
  bpfTrampImagePut,
  type TrampImage,
  type TrampKernel,
} from "./tramp-image.js";

export interface BpfTrampoline {
  /** The first address of the program. */
  readonly func: RoAddr;
  /** Where its entry leads; undefined if nothing is attached. */
  curImage: TrampImage | undefined;
}

/**
 * Attach what the request says, in place of all that was attached before; undefined for nothing. On failure nothing has
 * changed.
 *
 * @source linux v6.12 kernel/bpf/trampoline.c, bpf_trampoline_update(), register_fentry(), modify_fentry(),
 * unregister_fentry()
 */
export function bpfTrampolineUpdate(kernel: TrampKernel, tr: BpfTrampoline, request: TrampRequest | undefined): Errno {
  const made = request && bpfTrampImageMake(kernel, request);
  if (made !== undefined && !made.ok) return made.error;
  const [before, after] = [tr.curImage, made?.im];
  const error = bpfArchTextPoke(kernel, tr.func, "call", before?.image, after?.image);
  if (error !== 0) {
    if (after !== undefined) bpfTrampImageFree(kernel, after);
    return error;
  }
  tr.curImage = after;
  if (before !== undefined) {
    bpfTrampImagePut(kernel, before);
    // Nobody is in it any more: the kernel waits for that before the free.
    bpfTrampImageFree(kernel, before);
  }
  return 0;
}
