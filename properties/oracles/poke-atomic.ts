// poke-atomic: one instruction of running code may be replaced without stopping anybody only where the architecture lets
// another CPU run either version: a NOP, B or BL for another of these, stored as one aligned word.

import { NOP } from "../../spec/a64/hints.js";
import { hexWord } from "../../spec/bits.js";
import { type Execution, hex, type Skip, type Step } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";
import { type Store, textLog } from "./pokes.js";

export const pokeAtomic: Oracle = {
  name: "poke-atomic",
  statement:
    "A CPU that runs through an instruction while it is replaced sees the old or the new one, never anything else.",
  source:
    "Arm DDI 0487, B2.2.5, concurrent modification and execution; linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_arch_text_poke()",
  about: KERNEL_STEPS,
  check(step) {
    const { scene, executions } = step;
    const patches = step.patches.filter(({ id }) => scene.live.has(id));
    if (patches.length === 0 && step.skips.length === 0) return PASS;
    return together(
      breachesOfAll(patches, (patch) => breaches(step, { now: scene.machine.peek32(patch.va), ...patch })),
      // The trampoline may be gone by now.
      breachesOfAll(step.skips, (skip) => breaches(step, skip)),
      breachesOfAll(executions, torn),
    );
  },
};

const torn = ({ cpu, id, problem, outcome }: Execution): readonly string[] =>
  problem === undefined && outcome?.kind !== "faulted"
    ? PASS
    : [`CPU ${cpu} could not run through #${id} while it was poked`];

/** A patch as it came out. @param until stores behind that event are others */
type Made = Pick<Skip, "va" | "before" | "after" | "error" | "now"> & Partial<Pick<Skip, "until">>;

function breaches({ events }: Step, { va, before, after, error, now, until }: Made): readonly string[] {
  const found: string[] = [];
  const wanted = error === 0 ? after : before;
  if (now !== wanted) found.push(`${hex(va)} holds ${word(now)} after the poke, expected ${word(wanted)}`);
  for (const [what, value] of [
    ["old", before],
    ["new", after],
  ] as const) {
    if (!replaceable(value)) found.push(`the ${what} instruction ${word(value)} may not be replaced while it runs`);
  }
  const isMine = (at: number): boolean => until === undefined || at < until;
  const stores: Store[] = [];
  for (const poke of textLog(events).pokes) {
    stores.push(...poke.stores.filter((one) => isMine(one.at) && one.va < va + 4 && va < one.va + one.bytes));
  }
  if (stores.some((store) => store.va !== va || store.bytes !== 4 || va % 4 !== 0)) {
    found.push(`${hex(va)} is not replaced by one store of an aligned word`);
  }
  if (stores.length > 1) found.push(`${hex(va)} is stored ${stores.length} times`);
  return found;
}

/** NOP, B or BL. */
const replaceable = (value: number): boolean => value === NOP || (value & 0x7c00_0000) === 0x1400_0000;
const word = (value: number): string => `0x${hexWord(value)}`;
