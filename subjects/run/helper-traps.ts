// Helpers as compiled code calls them: each at its place in kernel text, doing what the model of spec/bpf does.

import { type Trap, TrapFault } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import { hex64, type U64 } from "../../spec/bits.js";
import { MOST_HELPER } from "../../spec/bpf/helper-names.js";
import { callHelper } from "../../spec/bpf/helpers/helper.js";
import { ARGUMENTS, calleeOf, callUnknown, UNKNOWN_CALL } from "../../spec/bpf/helpers/unknown.js";
import { type HelperState, MAP_LOOKUP, TAIL_CALL } from "../../spec/bpf/helpers.js";
import type { LegacyLoadRow } from "../../spec/bpf/isa.js";
import { modelOf } from "../../spec/bpf/kernel-functions.js";
import { legacyLoaded } from "../../spec/bpf/legacy-load.js";
import type { RegionBytes } from "../../spec/bpf/outcome.js";
import type { Program } from "../../spec/bpf/program.js";
import { helperOffset, kfuncOffset, kfuncsOf, legacyLoadOffset, MOST_KFUNCS } from "../lowering.js";
import { HASH_ELEMENT_HEADER_BYTES } from "./layout.js";

/** Stands for `__htab_map_lookup_elem`, which gives the whole element of a hash map and has no number of its own. */
export const HASH_ELEMENT_HELPER = 0x1000;

/** The run in progress. */
interface InProgress {
  helperState(): HelperState;
  program(): Program;
  /** The address that the program is given. */
  context(): U64;
  /** The requests that the interpreter has made, for which arguments are defined. */
  expected(): RegionBytes | undefined;
}

/** @param callBase what calls are relative to */
export function helperTraps(callBase: Va, run: InProgress): ReadonlyMap<Va, Trap> {
  const all: (readonly [number, Trap])[] = [];
  for (let id = 1; id <= MOST_HELPER; id++) {
    if (id !== TAIL_CALL) all.push([helperOffset(id), trapOf("helper", id, run)]);
  }
  for (let i = 0; i < MOST_KFUNCS; i++) {
    all.push([kfuncOffset(i), (...call) => trapOf("kfunc", kfuncsOf(run.program())[i]!, run)(...call)]);
  }
  for (const size of [1, 2, 4] as const) {
    all.push([legacyLoadOffset(size), ([skb, offset]) => loadedOfPacket(run, size, skb!, offset!)]);
  }
  const lookup = trapOf("helper", MAP_LOOKUP, run);
  const element: Trap = (...call) => {
    const value = lookup(...call);
    return value === 0n ? 0n : value - BigInt(HASH_ELEMENT_HEADER_BYTES);
  };
  all.push([helperOffset(HASH_ELEMENT_HELPER), element]);
  return new Map(all.map(([offset, trap]) => [callBase + offset, trap]));
}

/** The context is no operand of such a load: whoever calls the function for it finds it in r6. */
function loadedOfPacket(run: InProgress, size: LegacyLoadRow["size"], skb: bigint, offset: bigint): U64 {
  const context = run.context();
  if (skb !== context)
    throw new TrapFault(`load of a packet from ${hex64(skb)}, expected the context, ${hex64(context)}`);
  return legacyLoaded(run.helperState(), size, offset);
}

function trapOf(target: "helper" | "kfunc", id: number, run: InProgress): Trap {
  const helper = modelOf(target, id);
  if (helper === undefined) return unknownTrap(calleeOf(target, id), run);
  return (args) => {
    const result = callHelper(helper, run.helperState(), fiveOf(args));
    if (!result.ok) throw new TrapFault(`${helper.name}: ${result.detail}`);
    return result.r0;
  };
}

/** Written out: to spread what is no array takes as long as many a helper. */
const fiveOf = (args: Parameters<Trap>[0]): readonly U64[] =>
  [args[0]!, args[1]!, args[2]!, args[3]!, args[4]!] as readonly bigint[] as readonly U64[];

/** What is not modelled. Where a program has no such calls, nothing leads here. */
const unknownTrap =
  (callee: number, { helperState, program, expected }: InProgress): Trap =>
  (args) => {
    const start = helperState().requests.bytes + UNKNOWN_CALL.header;
    const size = UNKNOWN_CALL.bytes - UNKNOWN_CALL.header;
    const marks = expected()?.written?.subarray(start, start + size);
    const defined = Array.from({ length: ARGUMENTS }, (_, i) => marks?.[(i * size) / ARGUMENTS] !== 0);
    const { unknownCalls: seed = 0 } = program();
    return callUnknown(helperState(), { seed, callee, args: fiveOf(args), defined });
  };
