// What all engines say of an indirect branch to a word that is no landing pad for it.

import { pointer, type Va } from "../machine/address.js";
import { hex64 } from "../spec/bits.js";

/** @param branch PSTATE.BTYPE */
export const noLandingPad = (branch: number, pc: Va): string =>
  `no landing pad for a branch of BTYPE ${branch} at ${hex64(pointer(pc))}`;
