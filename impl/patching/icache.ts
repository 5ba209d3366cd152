// Making new instructions visible. The data cache is cleaned to the point of unification before the instruction cache is
// invalidated, and only then do the other CPUs throw away what they have fetched ahead.

import type { Va } from "../../machine/address.js";
import { rangeEvent } from "../../machine/event.js";
import type { Machine } from "../../machine/machine.js";

/** Clean and invalidate [start, end); this CPU synchronizes, the others do not. */
export function cachesCleanInvalPou(machine: Machine, start: Va, end: Va): void {
  machine.cleanDcache(start, end - start);
  machine.invalidateIcache(start, end - start);
  machine.contextSync();
}

/**
 * The same for every CPU. `start` is the address that will be executed, not an alias of it.
 *
 * @source linux v6.12 arch/arm64/include/asm/cacheflush.h, flush_icache_range()
 */
export function flushIcacheRange(machine: Machine, start: Va, end: Va): void {
  machine.onEvent?.(rangeEvent("flush", machine.cpu, start, end - start));
  cachesCleanInvalPou(machine, start, end);
  machine.kickAllCpus();
}
