// Helpers that ask where a packet shall go: programs see an answer that is always the same, and what was asked is kept.

import { FAULTED, IS_XDP, MOST_REQUESTED, REQUESTED, REQUESTS, UNKNOWN_HELPER } from "../layout";
import { answer, argument, MOST_BYTES } from "./arguments";
import { BAD, readable } from "./memory";

const TC_SHOT: i64 = 2;
const TC_REDIRECT: i64 = 7;
const XDP_ABORTED: i64 = 0;
const XDP_REDIRECT: i64 = 4;
const INGRESS: u64 = 1;
/** sizeof(struct bpf_redir_neigh). */
const NEIGHBOUR_BYTES: u32 = 20;

/** A record is kept whole, or the run is left to the other interpreter, which has more room. @returns whether it is */
function record(helper: u32, numbers: u32, first: u32, second: u32, bytes: usize, length: u32): bool {
  const from = load<u32>(REQUESTED);
  const added = 4 * (2 + numbers) + length;
  if (from + added > <u32>MOST_REQUESTED) return false;
  const to = <usize>REQUESTS + <usize>from;
  store<u32>(to, length);
  store<u32>(to + 4, helper);
  store<u32>(to + 8, first);
  if (numbers > 1) store<u32>(to + 12, second);
  memory.copy(to + 4 * (2 + <usize>numbers), bytes, length);
  store<u32>(REQUESTED, from + added);
  return true;
}

/** r1: the interface, r2: flags. */
export function redirect(): u32 {
  const isXdp = load<u32>(IS_XDP) != 0;
  const flags = argument(2);
  if ((flags & ~(isXdp ? 0 : INGRESS)) != 0) return answer(isXdp ? XDP_ABORTED : TC_SHOT);
  if (!record(23, 2, <u32>argument(1), <u32>flags, 0, 0)) return UNKNOWN_HELPER;
  return answer(isXdp ? XDP_REDIRECT : TC_REDIRECT);
}

/** r1: the interface, r2, r3: the neighbour, r4: flags. */
export function redirectToNeighbour(): u32 {
  const size = <u32>argument(3);
  if (size > MOST_BYTES) return FAULTED;
  const neighbour = size == 0 ? BAD : readable(argument(2), size);
  if (size != 0 && neighbour == BAD) return FAULTED;
  if ((size != 0 && size < NEIGHBOUR_BYTES) || argument(4) != 0) return answer(TC_SHOT);
  return record(152, 1, <u32>argument(1), 0, neighbour, size) ? answer(TC_REDIRECT) : UNKNOWN_HELPER;
}

/** r1: the interface, r2: flags. */
export function redirectToPeer(): u32 {
  if (argument(2) != 0) return answer(TC_SHOT);
  return record(155, 1, <u32>argument(1), 0, 0, 0) ? answer(TC_REDIRECT) : UNKNOWN_HELPER;
}
