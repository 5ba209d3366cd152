// What a packet is told of the tunnel that it goes out by, and what it knows of the one that it came through: none, until a
// program sets one.

import type { U64 } from "../../bits.js";
import {
  ERROR,
  type Helper,
  type HelperResult,
  type HelperState,
  readSized,
  request,
  returns,
  sizeArgument,
  writeArgument,
} from "./helper.js";

/** sizeof(struct bpf_tunnel_key), and where older ones end. */
const TUNNEL_KEY_BYTES = [44, 28, 26, 24, 8] as const;
const TUNNEL_KEY = 44;
const TUNNEL_FLAGS = 0x1fn;

function setTunnelKey(state: HelperState, args: readonly U64[]): HelperResult {
  const key = readSized(state, args, 1);
  if (!(key instanceof Uint8Array)) return key;
  const isKnown = TUNNEL_KEY_BYTES.some((bytes) => bytes === key.length);
  if ((args[3]! & ~TUNNEL_FLAGS) !== 0n || !isKnown) return returns(ERROR.EINVAL);
  const whole = new Uint8Array(TUNNEL_KEY);
  whole.set(key);
  state.tunnel = { key: whole };
  request(state, 21, [args[3]!], key);
  return returns(0n);
}

/** What was set, and nothing before that: the packet itself came through no tunnel. */
function getTunnelKey(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 2);
  if (typeof size !== "number") return size;
  const isKnown = TUNNEL_KEY_BYTES.some((bytes) => bytes === size) && (args[3]! & ~0x11n) === 0n;
  const key = isKnown ? state.tunnel?.key.slice(0, size) : undefined;
  return writeArgument(state, args, 1, key ?? new Uint8Array(size), key === undefined ? ERROR.EINVAL : 0n);
}

const MOST_OPTIONS = 255;

/** Options belong to a key that was set before; a new key has none. */
function setTunnelOptions(state: HelperState, args: readonly U64[]): HelperResult {
  const options = readSized(state, args, 1);
  if (!(options instanceof Uint8Array)) return options;
  if (state.tunnel === undefined || options.length % 4 !== 0) return returns(ERROR.EINVAL);
  if (options.length > MOST_OPTIONS) return returns(ERROR.ENOMEM);
  state.tunnel = { ...state.tunnel, options };
  request(state, 30, [], options);
  return returns(0n);
}

/** @returns r0: how many bytes of options there are; what they do not fill is zero */
function getTunnelOptions(state: HelperState, args: readonly U64[]): HelperResult {
  const size = sizeArgument(args, 2);
  if (typeof size !== "number") return size;
  const options = state.tunnel?.options;
  const bytes = new Uint8Array(size);
  if (options === undefined) return writeArgument(state, args, 1, bytes, ERROR.ENOENT);
  if (options.length > size) return writeArgument(state, args, 1, bytes, ERROR.ENOMEM);
  bytes.set(options);
  return writeArgument(state, args, 1, bytes, BigInt(options.length));
}

const ON_SKB = { returns: "scalar", contexts: ["skb"] } as const;
const SETS = { ...ON_SKB, requests: true, decides: true } as const;

export const TUNNEL_HELPERS: readonly Helper[] = [
  { ...ON_SKB, id: 20, name: "skb_get_tunnel_key", args: ["context", "room", "size", "scalar"], run: getTunnelKey },
  { ...SETS, id: 21, name: "skb_set_tunnel_key", args: ["context", "bytes", "size", "scalar"], run: setTunnelKey },
  { ...ON_SKB, id: 29, name: "skb_get_tunnel_opt", args: ["context", "room", "size"], run: getTunnelOptions },
  { ...SETS, id: 30, name: "skb_set_tunnel_opt", args: ["context", "bytes", "size"], run: setTunnelOptions },
];
