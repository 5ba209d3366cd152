// Helpers that ask the kernel: what time it is, who runs, what lies at an address, and where a packet shall go. What a
// program sees of the answer is fixed; what it asks for without an answer is kept as a request.

import { type U64, u32, u64 } from "../../bits.js";
import { pointerTo } from "../memory.js";
import { readClock } from "./clock.js";
import {
  ERROR,
  type Helper,
  type HelperArg,
  type HelperResult,
  type HelperState,
  readSized,
  request,
  returns,
  sizeArgument,
  writeArgument,
} from "./helper.js";
import { formatsOf, formatted } from "./trace-printk.js";

const NANOSECONDS_PER_JIFFY = 4_000_000n;
/** Jiffies begin five minutes before they overflow 32 bits. */
const INITIAL_JIFFIES = 0xffff_ffffn - 75_000n;
/** Thread group 1234, thread 1235; user and group 1000. */
const PID_TGID = (1234n << 32n) | 1235n;
const UID_GID = (1000n << 32n) | 1000n;
const COMM = "rox";
/** Where no program and no probe can read. */
const TASK = pointerTo(0x0000_0440_0000);
const CGROUP_ID = 1n;
const COOKIE = 1n;
/** Of the first namespace, in which everything is. */
const NETNS_COOKIE = 1n;

/** Marsaglia's xorshift with shifts 13, 7 and 17; the low half of the new state. */
function randomU32(state: HelperState): U64 {
  let next = u64(state.random);
  next = u64(next ^ (next << 13n));
  next = u64(next ^ (next >> 7n));
  next = u64(next ^ (next << 17n));
  state.random = next;
  return u32(next);
}

/** r1, r2: where to; r3: from where. What cannot be read is zero. */
function probeRead(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 1);
  if (typeof size !== "number") return size;
  const bytes = new Uint8Array(size);
  const isThere = size === 0 || state.memory.read(args[2]!, bytes);
  return writeArgument(state, args, 0, isThere ? bytes : new Uint8Array(size), isThere ? 0n : ERROR.EFAULT);
}

/** The same up to a zero byte. @returns the length with the zero byte that always ends it */
function probeReadStr(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 1);
  if (typeof size !== "number") return size;
  const text: number[] = [];
  for (let last = -1; last !== 0 && text.length < size; text.push(last)) {
    const byte = new Uint8Array(1);
    if (!state.memory.read(u64(args[2]! + BigInt(text.length)), byte)) {
      return writeArgument(state, args, 0, new Uint8Array(size), ERROR.EFAULT);
    }
    last = text.length === size - 1 ? 0 : byte[0]!;
  }
  return writeArgument(state, args, 0, Uint8Array.from(text), BigInt(text.length));
}

function currentComm(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 1);
  if (typeof size !== "number") return size;
  const name = new Uint8Array(size);
  name.set(Buffer.from(COMM).subarray(0, Math.max(0, size - 1)));
  return writeArgument(state, args, 0, name, size === 0 ? ERROR.EINVAL : 0n);
}

const PRINTK_ARGUMENTS = 3;

function tracePrintk(state: HelperState, args: readonly U64[]): HelperResult {
  const format = readSized(state, args, 0);
  if (!(format instanceof Uint8Array)) return format;
  const formats = formatsOf(format);
  if (formats === undefined || formats.length > PRINTK_ARGUMENTS) return returns(ERROR.EINVAL);
  const printed = formatted(format, formats, args.slice(2), state.memory);
  request(state, 6, [], printed);
  return returns(BigInt(printed.length));
}

/** The arguments that the format asks for. */
function printkCounts(state: HelperState, args: readonly U64[]): number {
  const format = readSized(state, args, 0);
  const formats = format instanceof Uint8Array ? formatsOf(format) : undefined;
  return 2 + Math.min(formats?.length ?? 0, PRINTK_ARGUMENTS);
}

const TC = { shot: 2n, redirect: 7n } as const;
const XDP = { aborted: 0n, redirect: 4n } as const;
const INGRESS = 1n;

function redirect(state: HelperState, [ifindex = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  const isXdp = state.program.context === "xdp";
  if ((flags & ~(isXdp ? 0n : INGRESS)) !== 0n) return returns(isXdp ? XDP.aborted : TC.shot);
  request(state, 23, [ifindex, flags]);
  return returns(isXdp ? XDP.redirect : TC.redirect);
}

/** sizeof(struct bpf_redir_neigh). */
const NEIGHBOUR_BYTES = 20;

function redirectNeigh(state: HelperState, args: readonly U64[]): HelperResult {
  const [ifindex = 0n, , , flags = 0n] = args;
  const params = readSized(state, args, 1);
  if (!(params instanceof Uint8Array)) return params;
  if ((params.length !== 0 && params.length < NEIGHBOUR_BYTES) || flags !== 0n) return returns(TC.shot);
  request(state, 152, [ifindex], params);
  return returns(TC.redirect);
}

function redirectPeer(state: HelperState, [ifindex = 0n, flags = 0n]: readonly bigint[]): HelperResult {
  if (flags !== 0n) return returns(TC.shot);
  request(state, 155, [ifindex]);
  return returns(TC.redirect);
}

/** struct bpf_fib_lookup: behind the interface is the metric, behind the VLAN tag the addresses of Ethernet, source first. */
const FIB = { bytes: 64, ifindex: 8, destination: 32, vlan: 48 } as const;
const FAMILY = { inet: 2, inet6: 10 } as const;
const FIB_FLAGS = 0x3fn;
const NOT_FORWARDED = 4n;

/** One route leads everywhere but to the address of zeros: to interface 2, by the neighbour 02:00:00:00:00:02. */
function fibLookup(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 2);
  if (typeof size !== "number") return size;
  if (size < FIB.bytes || (args[3]! & ~FIB_FLAGS) !== 0n) return returns(ERROR.EINVAL);
  const params = args[1]!;
  const family = readAt(state, params, 1)[0];
  if (family !== FAMILY.inet && family !== FAMILY.inet6) return returns(ERROR.EAFNOSUPPORT);
  const to = readAt(state, u64(params + BigInt(FIB.destination)), family === FAMILY.inet ? 4 : 16);
  if (to.every((byte) => byte === 0)) return returns(NOT_FORWARDED);
  const found = [
    [FIB.ifindex, [2, 0, 0, 0, 0, 0, 0, 0]],
    [FIB.vlan, [0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]],
  ] as const;
  for (const [at, bytes] of found) state.memory.write(u64(params + BigInt(at)), Uint8Array.from(bytes));
  return returns(0n);
}

/** Bytes that an argument was found to point to. */
function readAt({ memory }: HelperState, address: U64, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  memory.read(address, bytes);
  return bytes;
}

const SOL_SOCKET = 1n;
const OPTION_BYTES = 4;

/** Options of the socket itself, which are numbers. */
function setsockopt(state: HelperState, args: readonly U64[]): HelperResult {
  const option = readSized(state, args, 3);
  if (!(option instanceof Uint8Array)) return option;
  if (u32(args[1]!) !== SOL_SOCKET || option.length !== OPTION_BYTES) return returns(ERROR.EINVAL);
  state.options.set(Number(u32(args[2]!)), option);
  request(state, 49, [args[1]!, args[2]!], option);
  return returns(0n);
}

/** What was set, or zero. */
function getsockopt(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 4);
  if (typeof size !== "number") return size;
  const isKnown = u32(args[1]!) === SOL_SOCKET && size === OPTION_BYTES;
  const option = isKnown ? state.options.get(Number(u32(args[2]!))) : undefined;
  return writeArgument(state, args, 3, option ?? new Uint8Array(size), isKnown ? 0n : ERROR.EINVAL);
}

/** struct pt_regs of arm64: the link register, and where it goes on. */
const REGISTERS = { lr: 240, pc: 256, bytes: 272 } as const;

/** The traced function returns at once, with r2. */
function overrideReturn(state: HelperState, [context, result = u64(0n)]: readonly U64[]): HelperResult {
  const registers = new Uint8Array(REGISTERS.bytes);
  if (state.kernel.read(context!, registers)) {
    const put = (at: number, bytes: Uint8Array): void => {
      state.kernel.write(u64(context! + BigInt(at)), bytes);
    };
    put(0, new Uint8Array(BigUint64Array.of(result).buffer));
    put(REGISTERS.pc, registers.slice(REGISTERS.lr, REGISTERS.lr + 8));
  }
  request(state, 58, [u32(result), u32(u64(result >> 32n))]);
  return returns(0n);
}

const is = (
  id: number,
  name: string,
  args: readonly HelperArg[],
  run: Helper["run"],
  more: Partial<Helper> = {},
): Helper => ({
  ...{ id, name, args, returns: "scalar", run },
  ...more,
});
/** An answer that is always the same. */
const fixed = (
  id: number,
  name: string,
  answer: bigint,
  more: Partial<Helper> & { args?: readonly HelperArg[] } = {},
): Helper => is(id, name, more.args ?? [], () => returns(answer), more);

const ON_SKB = { contexts: ["skb"] } as const;
const REQUESTS = { requests: true } as const;
const DECIDES = { decides: true } as const;
const PROBE = ["room", "size", "address"] as const;
const CLOCKS: readonly (readonly [number, string])[] = [
  [5, "ktime_get_ns"],
  [125, "ktime_get_boot_ns"],
  [160, "ktime_get_coarse_ns"],
  [208, "ktime_get_tai_ns"],
];

export const KERNEL_HELPERS: readonly Helper[] = [
  is(4, "probe_read", PROBE, probeRead),
  ...CLOCKS.map(([id, name]) => is(id, name, [], (state) => returns(readClock(state)))),
  is(6, "trace_printk", ["bytes", "size", "scalar", "scalar", "scalar"], tracePrintk, {
    ...REQUESTS,
    ...DECIDES,
    counts: printkCounts,
  }),
  is(7, "get_prandom_u32", [], (state) => returns(randomU32(state))),
  is(8, "get_smp_processor_id", [], (state) => returns(BigInt(state.cpu))),
  fixed(14, "get_current_pid_tgid", PID_TGID),
  fixed(15, "get_current_uid_gid", UID_GID),
  is(16, "get_current_comm", ["room", "size"], currentComm),
  is(23, "redirect", ["scalar", "scalar"], redirect, { contexts: ["skb", "xdp"], ...REQUESTS }),
  fixed(35, "get_current_task", TASK),
  fixed(42, "get_numa_node_id", 0n),
  is(45, "probe_read_str", PROBE, probeReadStr, DECIDES),
  fixed(46, "get_socket_cookie", COOKIE, { args: ["context"] }),
  is(49, "setsockopt", ["context", "scalar", "scalar", "bytes", "size"], setsockopt, {
    contexts: ["memory"],
    ...REQUESTS,
  }),
  is(57, "getsockopt", ["context", "scalar", "scalar", "room", "size"], getsockopt, { contexts: ["memory"] }),
  is(58, "override_return", ["context", "scalar"], overrideReturn, { contexts: ["tracing"], ...REQUESTS }),
  is(69, "fib_lookup", ["context", "both", "size", "scalar"], fibLookup, {
    contexts: ["skb", "xdp"],
    ...DECIDES,
  }),
  fixed(80, "get_current_cgroup_id", CGROUP_ID),
  is(113, "probe_read_kernel", PROBE, probeRead),
  is(115, "probe_read_kernel_str", PROBE, probeReadStr, DECIDES),
  is(118, "jiffies64", [], (state) => returns(INITIAL_JIFFIES + readClock(state) / NANOSECONDS_PER_JIFFY)),
  fixed(122, "get_netns_cookie", NETNS_COOKIE, { args: ["contextOrNull"] }),
  is(152, "redirect_neigh", ["scalar", "bytesOrNull", "size", "scalar"], redirectNeigh, { ...ON_SKB, ...REQUESTS }),
  is(155, "redirect_peer", ["scalar", "scalar"], redirectPeer, { ...ON_SKB, ...REQUESTS }),
];
