// Helpers as compiled code calls them: each at its place in kernel text, doing what the model of spec/bpf does.

import { type Trap, TrapFault } from "../../engines/engine.js";
import type { Va } from "../../machine/address.js";
import type { U64 } from "../../spec/bits.js";
import { HELPERS, type HelperWorld, MAP_LOOKUP } from "../../spec/bpf/helpers.js";
import { helperOffset } from "../lowering.js";
import { HASH_ELEMENT_HEADER_BYTES } from "./layout.js";

/** Stands for `__htab_map_lookup_elem`, which gives the whole element of a hash map and has no number of its own. */
export const HASH_ELEMENT_HELPER = 0x1000;

/** @param callBase what calls are relative to @param world of the run in progress */
export function helperTraps(callBase: Va, world: () => HelperWorld): ReadonlyMap<Va, Trap> {
  const trapOf = (id: number): Trap => {
    const helper = HELPERS.get(id)!;
    return (args) => {
      const result = helper.run(world(), [...args] as U64[]);
      if (!result.ok) throw new TrapFault(`${helper.name}: ${result.detail}`);
      return result.r0;
    };
  };
  const lookup = trapOf(MAP_LOOKUP);
  const element: Trap = (args) => {
    const value = lookup(args);
    return value === 0n ? 0n : value - BigInt(HASH_ELEMENT_HEADER_BYTES);
  };
  const traps = [...HELPERS.keys()].map((id) => [id, trapOf(id)] as const);
  const all = [...traps, [HASH_ELEMENT_HELPER, element] as const];
  return new Map(all.map(([id, trap]) => [callBase + helperOffset(id), trap]));
}
