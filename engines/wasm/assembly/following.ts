// A store that begins where the one before it ended, in the same page: the machine hears of both in one, and nothing
// needs to be looked up again.

import { FRAME_FLAGS, PENDING, PENDING_END, PENDING_WRITE } from "../layout";

/** Translations are of 4 KiB, which pages of all sizes are made of. */
export const GRANULE_MASK: u64 = ~0xfff;
/** No page begins here. */
export const NO_PAGE: u64 = 1;

/** The granule of the last store that the machine is to hear of, and the way from an address there to its place. */
let followedPage: u64 = NO_PAGE;
let followedDistance: u32 = 0;

/** Of what is told the machine, or what is mapped, something has changed. */
export function forgetFollowed(): void {
  followedPage = NO_PAGE;
}

/** The machine is to hear of a store. @param frame of the page, with its flags */
export function follow(address: u64, frame: usize): void {
  followedPage = address & GRANULE_MASK;
  followedDistance = (<u32>frame & ~FRAME_FLAGS) - <u32>followedPage;
}

/** Where the bytes lie, of which the machine will hear with those before them; 0 if that must be looked up. */
// @ts-ignore: decorator
@inline
export function following(address: u64, bytes: u32): usize {
  const end = address + bytes;
  if ((address & GRANULE_MASK) != followedPage || ((end - 1) & GRANULE_MASK) != followedPage) return 0;
  if (load<u64>(PENDING_END) != address || load<u32>(PENDING) != PENDING_WRITE) return 0;
  store<u64>(PENDING_END, end);
  return followedDistance + <u32>address;
}
