// Helpers that keep the checksums of packets right (net/core/filter.c): one of them says what changes, two change it.

import type { U64 } from "../../bits.js";
import { differenceOf, replaced2, replaced4, replacedByDifference } from "./checksum.js";
import { ERROR, type Helper, type HelperResult, type HelperState, readSized, returns } from "./helper.js";

const unsigned = (value: bigint): bigint => BigInt.asUintN(32, value);

const CHECKSUM_BYTES = 2;
/** BPF_F_PSEUDO_HDR, BPF_F_MARK_MANGLED_0, BPF_F_MARK_ENFORCE, and how many bytes have changed. */
const CHANGED_BYTES = 0xfn;
const MARK_MANGLED_0 = 0x20n;
const MARK_ENFORCE = 0x40n;
const MANGLED_0 = 0xffff;

/** r2: the offset of the checksum, r3 and r4: what was there and what is there now, r5: flags. */
function replaceChecksum(state: HelperState, args: readonly U64[], known: bigint): HelperResult {
  const [, at, from, to, flags] = args as readonly [U64, U64, U64, U64, U64];
  if ((flags & ~known) !== 0n) return returns(ERROR.EINVAL);
  const offset = unsigned(at);
  if (offset > 0xffffn || offset % 2n !== 0n) return returns(ERROR.EFAULT);
  const old = state.packet.read(Number(offset), CHECKSUM_BYTES);
  if (old === undefined) return returns(ERROR.EFAULT);
  const before = old[0]! | (old[1]! << 8);
  const isMarked = (flags & MARK_MANGLED_0) !== 0n;
  if (isMarked && before === 0 && (flags & MARK_ENFORCE) === 0n) return returns(0n);
  const sum = changedChecksum(before, from, to, flags & CHANGED_BYTES);
  if (sum === undefined) return returns(ERROR.EINVAL);
  const put = isMarked && sum === 0 ? MANGLED_0 : sum;
  state.packet.write(Number(offset), Uint8Array.of(put & 0xff, put >> 8));
  return returns(0n);
}

function changedChecksum(sum: number, from: U64, to: U64, bytes: bigint): number | undefined {
  if (bytes === 0n) return from === 0n ? replacedByDifference(sum, Number(unsigned(to))) : undefined;
  if (bytes === 2n) return replaced2(sum, Number(BigInt.asUintN(16, from)), Number(BigInt.asUintN(16, to)));
  return bytes === 4n ? replaced4(sum, Number(unsigned(from)), Number(unsigned(to))) : undefined;
}

const MOST_DIFFERENCE_BYTES = 512;

/** r1, r2: bytes to take away; r3, r4: bytes to add; r5: the sum so far. */
function csumDiff(state: HelperState, args: readonly U64[]): HelperResult {
  const from = readSized(state, args, 0);
  if (!(from instanceof Uint8Array)) return from;
  const to = readSized(state, args, 2);
  if (!(to instanceof Uint8Array)) return to;
  const isWhole = (from.length | to.length) % 4 === 0 && from.length + to.length <= MOST_DIFFERENCE_BYTES;
  if (!isWhole) return returns(ERROR.EINVAL);
  return returns(BigInt(differenceOf(from, to, Number(unsigned(args[4]!)))));
}

/** The offset, what was there, what is there now, flags. */
const REPLACES = {
  args: ["context", "scalar", "scalar", "scalar", "scalar"],
  returns: "scalar",
  contexts: ["skb"],
  movesPacket: true,
  decides: true,
} as const;

export const CHECKSUM_HELPERS: readonly Helper[] = [
  { ...REPLACES, id: 10, name: "l3_csum_replace", run: (state, args) => replaceChecksum(state, args, 0xfn) },
  { ...REPLACES, id: 11, name: "l4_csum_replace", run: (state, args) => replaceChecksum(state, args, 0x7fn) },
  {
    id: 28,
    name: "csum_diff",
    args: ["bytesOrNull", "size", "bytesOrNull", "size", "scalar"],
    returns: "scalar",
    run: csumDiff,
    decides: true,
  },
];
