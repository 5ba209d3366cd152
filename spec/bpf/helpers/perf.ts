// Counters of perf events. Every event that is open counts as the clock goes; in an array of them those of the CPU that
// runs are open, and no others.

import type { U64 } from "../../bits.js";
import { readClock } from "./clock.js";
import {
  ERROR,
  type Helper,
  type HelperResult,
  type HelperState,
  isResult,
  mapArgument,
  returns,
  sizeArgument,
  writeArgument,
} from "./helper.js";

/** BPF_F_INDEX_MASK, of which the top value means the CPU that runs. */
export const INDEX_MASK = 0xffff_ffffn;
const CURRENT_CPU = INDEX_MASK;

/** The slot of an array of events that flags name, if one is open there; else the error. */
export function eventSlot({ cpu }: HelperState, entries: number, flags: bigint): number | bigint {
  const index = (flags & INDEX_MASK) === CURRENT_CPU ? BigInt(cpu) : flags & INDEX_MASK;
  if (index >= BigInt(entries)) return ERROR.E2BIG;
  return index === BigInt(cpu) ? cpu : ERROR.ENOENT;
}

/** r1: the array, r2: the slot. */
function counterOf(state: HelperState, args: readonly U64[]): bigint | HelperResult {
  const map = mapArgument(state, args, 0, ["perfEvents"]);
  if (isResult(map)) return map;
  const flags = args[1]!;
  if ((flags & ~INDEX_MASK) !== 0n) return ERROR.EINVAL;
  const slot = eventSlot(state, map.spec.entries, flags);
  return typeof slot === "bigint" ? slot : readClock(state);
}

function eventRead(state: HelperState, args: readonly U64[]): HelperResult {
  const counter = counterOf(state, args);
  return typeof counter === "bigint" ? returns(counter) : counter;
}

/** struct bpf_perf_event_value: the counter, and for how long it was enabled and has counted. */
const VALUE_BYTES = 24;

/** What cannot be read is zero. */
function writeValue(
  state: HelperState,
  args: readonly U64[],
  index: number,
  count: () => bigint | HelperResult,
): HelperResult {
  const size = sizeArgument(args, index + 1);
  if (typeof size !== "number") return size;
  const counter = size === VALUE_BYTES ? count() : ERROR.EINVAL;
  if (typeof counter !== "bigint") return counter;
  if (counter < 0n) return writeArgument(state, args, index, new Uint8Array(size), counter);
  const value = new Uint8Array(BigUint64Array.of(counter, counter, counter).buffer);
  return writeArgument(state, args, index, value, 0n);
}

const PERF = { mapOf: ["perfEvents"] } as const;

export const PERF_HELPERS: readonly Helper[] = [
  { id: 22, name: "perf_event_read", args: [PERF, "scalar"], returns: "scalar", run: eventRead },
  {
    id: 55,
    name: "perf_event_read_value",
    args: [PERF, "scalar", "room", "size"],
    returns: "scalar",
    run: (state, args) => writeValue(state, args, 2, () => counterOf(state, args)),
  },
  {
    id: 56,
    name: "perf_prog_read_value",
    args: ["context", "room", "size"],
    returns: "scalar",
    contexts: ["tracing"],
    run: (state, args) => writeValue(state, args, 1, () => readClock(state)),
  },
];
