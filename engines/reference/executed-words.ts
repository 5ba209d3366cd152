// Which words were executed, by CPUs that share a machine and its stops.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Stops } from "../stops.js";

const KNOWN = new WeakMap<Machine, WeakMap<Stops, Set<Va>>>();

export function executedWords(machine: Machine, stops: Stops): Set<Va> {
  const ofMachine = KNOWN.get(machine) ?? new WeakMap<Stops, Set<Va>>();
  KNOWN.set(machine, ofMachine);
  const words = ofMachine.get(stops) ?? new Set<Va>();
  ofMachine.set(stops, words);
  return words;
}
