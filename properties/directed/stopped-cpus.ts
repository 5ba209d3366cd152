// Text that all CPUs may be running is changed only while none of them runs, and all see it when they go on.

import { aarch64InsnPatchText } from "../../impl/patching/patch-text.js";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

const TEXT = 0x8000_8400_0000 as RoAddr;
const NOP = 0xd503_201f;
const CPUS = 3;

export const STOPPED_CPUS: DirectedCase = { name: "text is patched while all CPUs are stopped", check };

function check(): string | undefined {
  const machine = new Machine({ cpus: CPUS });
  machine.map(TEXT, machine.pageBytes, "rox", true);
  const log = new EventLog();
  machine.onEvent = log.listener;
  const error = aarch64InsnPatchText(machine, [{ addr: TEXT, insn: NOP }]);
  if (error !== 0) return `the patch fails with ${error}`;
  if (aarch64InsnPatchText(new Machine(), []) !== 0) return "nothing to patch is an error";
  const running = new Set(Array.from({ length: CPUS }, (_, cpu) => cpu));
  for (const event of log.events()) {
    if (event.kind === "stopped") running.delete(event.cpu);
    if (event.kind === "resumed") running.add(event.cpu);
    if (event.kind === "write" && running.size > 0) return `CPU ${[...running][0]} runs while text is written`;
  }
  for (let cpu = 0; cpu < CPUS; cpu++) {
    const problem = machine.fetch(cpu, TEXT, 4);
    if (problem !== undefined) return `CPU ${cpu} goes on with what it had fetched before: ${problem.why}`;
  }
  return machine.peek32(TEXT) === NOP ? undefined : "the word is not patched";
}
