// The loop with which a kernel fills memory that code will come to lie in: store a word, compare the place with the end,
// branch back. A new pack has half a million turns of it, so those that stay on one page are taken at once.

import { DECODED_BYTES, WRITE_TLB } from "../layout";
import { subs64 } from "./data";
import { following, GRANULE_MASK } from "./following";
import { near } from "./memory";
import { forgetIfOverlapping } from "./monitor";
import { putTo, xd, xm, xn } from "./operands";
import { Op, OP, RD, RM, RN } from "./ops";

/** Instructions of a turn. */
const TURN: u32 = 3;
/** Where the branch leads to, from itself. */
export const TURN_BACK: u32 = <u32>-8;
const WORD_BYTES: u64 = 4;
/** `str wT, [xN], #4` and `cmp xN, xM`, each with the bits that say so. */
const STORE: u32 = 0xb800_4400;
const STORE_MASK: u32 = 0xffff_fc00;
const COMPARE: u32 = 0xeb00_001f;
const COMPARE_MASK: u32 = 0xffe0_fc1f;
/** SP in a store, and the zero register in a comparison. */
const NO_REGISTER: u32 = 31;

/**
 * Take turns of the loop whose branch back, to the store, is about to be taken: none that would be the last one, whose flags
 * and way out are left to the loop.
 *
 * @param branch its record, behind those of the store and the comparison; @param left instructions for which there is fuel
 * @returns how many instructions that were
 */
export function fill<Source>(branch: usize, left: u32): u32 {
  const stores: usize = branch - 2 * DECODED_BYTES;
  const compares: usize = branch - DECODED_BYTES;
  if (load<u8>(stores, OP) != Op.STR32_POST || load<u8>(compares, OP) != Op.SUBS64) return 0;
  if ((load<u32>(stores) & STORE_MASK) != STORE || (load<u32>(compares) & COMPARE_MASK) != COMPARE) return 0;
  const place: u32 = load<u8>(stores, RN);
  if (place >= NO_REGISTER || place != load<u8>(compares, RN)) return 0;
  if (place == load<u8>(stores, RD) || place == load<u8>(compares, RM)) return 0;
  const from = xn(stores);
  const end = xm(compares);
  const onPage = (~GRANULE_MASK + 1 - (from & ~GRANULE_MASK)) / WORD_BYTES;
  const turns = min(min((end - from) / WORD_BYTES, onPage), <u64>(left / TURN));
  if (turns < 2) return 0;
  const taken = <u32>turns - 1;
  const bytes = taken * <u32>WORD_BYTES;
  const behind = following(from, bytes);
  const to = behind != 0 ? behind : near<Source>(WRITE_TLB, from, bytes);
  if (to == 0) return 0;
  const word = <u32>xd(stores);
  for (let at: u32 = 0; at < bytes; at += <u32>WORD_BYTES) store<u32>(to + at, word);
  forgetIfOverlapping(from, bytes);
  putTo(place, from + bytes);
  // As the last comparison has left them.
  subs64(from + bytes, end);
  return taken * TURN;
}
