// Helpers that ask where a packet shall go: programs see an answer that is always the same, and what was asked is kept.

import { FAULTED, IS_XDP, MOST_REQUESTED, REQUESTED, REGISTERS, REQUESTS, UNKNOWN_HELPER } from "../layout";
import { answer, argument } from "./arguments";
import { BAD, readable } from "./memory";

const TC_SHOT: i64 = 2;
const TC_REDIRECT: i64 = 7;
const XDP_ABORTED: i64 = 0;
const XDP_REDIRECT: i64 = 4;
const INGRESS: u64 = 1;
/** sizeof(struct bpf_redir_neigh). */
const NEIGHBOUR_BYTES: u32 = 20;

/** r2, whose low bytes are a number of a record. */
const FLAGS: usize = REGISTERS + 16;
const FLAGS_BYTES: u32 = 4;

/**
 * A record is kept whole, or the run is left to the other interpreter, which has more room.
 *
 * @param bytes that many lie at `place` and follow r1, `length` of them behind the last number
 * @returns whether it is
 */
function record(helper: u32, place: usize, bytes: u32, length: u32): bool {
  const from = load<u32>(REQUESTED);
  const end = from + 12 + bytes;
  if (end > <u32>MOST_REQUESTED) return false;
  const to = <usize>REQUESTS + <usize>from;
  store<u32>(to, length);
  store<u32>(to + 4, helper);
  store<u32>(to + 8, <u32>argument(1));
  memory.copy(to + 12, place, bytes);
  store<u32>(REQUESTED, end);
  return true;
}

/** r1: the interface, r2: flags. */
export function redirect(): u32 {
  const isXdp = load<u32>(IS_XDP) != 0;
  const flags = argument(2);
  if ((flags & ~(isXdp ? 0 : INGRESS)) != 0) return answer(isXdp ? XDP_ABORTED : TC_SHOT);
  if (!record(23, FLAGS, FLAGS_BYTES, 0)) return UNKNOWN_HELPER;
  return answer(isXdp ? XDP_REDIRECT : TC_REDIRECT);
}

/** r1: the interface, r2, r3: the neighbour, r4: flags. */
export function redirectToNeighbour(): u32 {
  const size = <u32>argument(3);
  let neighbour: usize = BAD;
  if (size != 0) {
    neighbour = readable(argument(2), size);
    if (neighbour == BAD) return FAULTED;
    if (size < NEIGHBOUR_BYTES) return answer(TC_SHOT);
  }
  if (argument(4) != 0) return answer(TC_SHOT);
  return record(152, neighbour, size, size) ? answer(TC_REDIRECT) : UNKNOWN_HELPER;
}

/** r1: the interface, r2: flags. */
export function redirectToPeer(): u32 {
  if (argument(2) != 0) return answer(TC_SHOT);
  return record(155, BAD, 0, 0) ? answer(TC_REDIRECT) : UNKNOWN_HELPER;
}
