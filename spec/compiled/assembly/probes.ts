// Helpers that copy memory or look at it: what lies at any address, the name of the task, sums over bytes.

import { FAULTED } from "../layout";
import { answer, argument } from "./arguments";
import { askHelper } from "./asked";
import { BAD, readable, writable } from "./memory";

/** No memory has more bytes: such a size ends the run. */
const MOST_BYTES: u32 = 0x2000_0000;
const EFAULT: i64 = -14;
const EINVAL: i64 = -22;
const MOST_SUMMED: u32 = 512;

/** r1, r2: where to; r3: from where. What cannot be read is zero. */
export function probeRead(): u32 {
  const size = <u32>argument(2);
  if (size == 0) return answer(0);
  const from = readable(argument(3), size);
  const to = writable(argument(1), size);
  if (to == BAD) return FAULTED;
  if (from == BAD) {
    memory.fill(to, 0, size);
    return answer(EFAULT);
  }
  memory.copy(to, from, size);
  return answer(0);
}

/** The same up to a zero byte, which is always written. */
export function probeReadText(id: i32): u32 {
  const size = <u32>argument(2);
  if (size > MOST_BYTES) return FAULTED;
  if (size == 0) return answer(0);
  const length = textLength(argument(3), size);
  if (length == 0) {
    const to = writable(argument(1), size);
    if (to == BAD) return FAULTED;
    memory.fill(to, 0, size);
    return answer(EFAULT);
  }
  const from = readable(argument(3), length);
  // It goes on in the next region, as from the frame of a call to that of its caller.
  if (from == BAD) return askHelper(id);
  const to = writable(argument(1), length);
  if (to == BAD) return FAULTED;
  memory.copy(to, from, length);
  store<u8>(to + length - 1, 0);
  return answer(<i64>length);
}

/** Bytes up to the zero, that included, and at most `size`; 0 if one of them cannot be read. */
function textLength(address: u64, size: u32): u32 {
  for (let i: u32 = 0; i < size; i++) {
    const byte = readable(address + <u64>i, 1);
    if (byte == BAD) return 0;
    if (load<u8>(byte) == 0) return i + 1;
  }
  return size;
}

/** r1, r2: where to. */
export function currentName(): u32 {
  const size = <u32>argument(2);
  if (size == 0) return answer(EINVAL);
  const to = writable(argument(1), size);
  if (to == BAD) return FAULTED;
  memory.fill(to, 0, size);
  if (size > 1) store<u8>(to, 0x72);
  if (size > 2) store<u8>(to + 1, 0x6f);
  if (size > 3) store<u8>(to + 2, 0x78);
  return answer(0);
}

/** r1, r2: bytes to take away; r3, r4: bytes to add; r5: the sum so far, in ones' complement. Bytes are summed up in 16 bits. */
export function checksumDifference(): u32 {
  const less = <u32>argument(2);
  const more = <u32>argument(4);
  const gone = less == 0 ? BAD : readable(argument(1), less);
  const come = more == 0 ? BAD : readable(argument(3), more);
  if ((less != 0 && gone == BAD) || (more != 0 && come == BAD)) return FAULTED;
  if ((less | more) % 4 != 0 || less + more > MOST_SUMMED) return answer(EINVAL);
  let sum: u64 = 0;
  for (let i: usize = 0; i < <usize>less; i += 4) sum = carried(sum + (<u64>load<u32>(gone + i) ^ 0xffff_ffff));
  for (let i: usize = 0; i < <usize>more; i += 4) sum = carried(sum + <u64>load<u32>(come + i));
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return answer(<i64>carried(sum + (argument(5) & 0xffff_ffff)));
}

/** The carry is added at the low end. */
function carried(sum: u64): u64 {
  return (sum & 0xffff_ffff) + (sum >> 32);
}
