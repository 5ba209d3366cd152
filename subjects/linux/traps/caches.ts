// Telling other CPUs, and the one call that both maintains the caches and tells them.

import { rangeEvent } from "../../../machine/event.js";
import { vaOfPointer } from "../structs.js";
import { probe, trap } from "./trap.js";

export const CACHES = [
  trap(["kick_all_cpus_sync"], {}, ({ machine }) => {
    machine.kickAllCpus();
  }),
  probe(
    ["caches_clean_inval_pou", "__flush_icache_range"],
    { start: ["start"], end: ["end"] },
    ({ machine, cpu }, { start, end }) => {
      if (!cpu.isFollowedBy("kick_all_cpus_sync")) return;
      const va = vaOfPointer(start);
      machine.onEvent?.(rangeEvent("flush", machine.cpu, va, vaOfPointer(end) - va));
    },
  ),
];
