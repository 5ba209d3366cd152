// freed-is-illegal: a stray jump into a pack must trap, wherever it lands outside live code.

import type { RoAddr, Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../spec/text/text.js";
import { type Execution, hex, made, type Region, type Scene, type Step, unmade } from "../../subjects/step.js";
import type { SubjectKernel } from "../../subjects/subject.js";
import { firstLegal } from "./memory.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";
import { textLog } from "./pokes.js";

/** The u32 size at the start of a header. The next four bytes belong to nobody. */
const SIZE_BYTES = 4;

export const freedIsIllegal: Oracle = {
  name: "freed-is-illegal",
  statement:
    "Every word of a pack outside live images, slack and new packs included, is the illegal instruction and traps.",
  source:
    "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_free(), alloc_new_pack(); arch/arm64/net/bpf_jit_comp.c, jit_fill_hole()",
  about: KERNEL_STEPS,
  check(step: Step) {
    const { scene, result, events } = step;
    const added = made(step);
    const slacks = breachesOfAll(added, (region) => slackBreaches(scene.kernel, region));
    const news = added.length === 0 ? PASS : newPacks(scene, events);
    const rooms = breachesOfAll(unmade(step), (region) => roomBreaches(scene.kernel, region));
    const trapped = result.kind === "freed" ? runs(result.trap) : PASS;
    return together(slacks, news, rooms, trapped);
  },
  sweep(scene) {
    const { packs, packBytes } = scene.kernel.packs;
    return breachesOfAll(packs, ({ base }) => outside(scene, base, packBytes));
  },
};

/** What lies between the parts of a live region. */
function slackBreaches(kernel: SubjectKernel, region: Region): readonly string[] {
  return breachesOfAll(gapsOf(region, kernel), ([from, to]) =>
    expectIllegal(kernel.machine, from, to, "slack of a live image"),
  );
}

export function gapsOf(
  region: Region,
  { literalBytes = LITERAL_BYTES, entryBytes = ENTRY_BYTES }: Pick<SubjectKernel, "literalBytes" | "entryBytes"> = {},
): readonly (readonly [Va, Va])[] {
  const { what, header, bytes, image, codeBytes, table, entries } = region;
  const end = header + bytes;
  if (what === "trampoline") return [[image + codeBytes, end]];
  const code = image + codeBytes + literalBytes;
  const hole: readonly [Va, Va] = [header + SIZE_BYTES, image];
  return table === undefined ? [hole, [code, end]] : [hole, [code, table], [table + entries * entryBytes, end]];
}

function roomBreaches(
  { machine, packs }: Pick<SubjectKernel, "machine" | "packs">,
  { header, bytes }: Region,
): readonly string[] {
  // Pages may have gone back meanwhile, and may even be mapped anew.
  if (packs.packOf(header as RoAddr) === undefined) return PASS;
  return expectIllegal(machine, header, header + bytes, "freed");
}

/** Packs that were made in this step hold only what was loaded into them. */
function newPacks(scene: Scene, events: Step["events"]): readonly string[] {
  if (scene.images === "pages") return PASS;
  return breachesOfAll(textLog(events).permissions, ({ va, bytes, permission }) =>
    permission === "rox" ? together(outside(scene, va, bytes), unseen(scene, va, bytes)) : PASS,
  );
}

/** That it traps is certain only if every fetch sees it. */
function unseen({ machine }: Scene, base: Va, bytes: number): readonly string[] {
  for (let cpu = 0; cpu < machine.cpus; cpu++) {
    const problem = machine.fetch(cpu, base, bytes);
    if (problem !== undefined)
      return [`CPU ${cpu} may run what ${hex(problem.va)}, in a new pack, held before: ${problem.why}`];
  }
  return PASS;
}

/** All of [base, base + bytes) but the live regions in it. */
function outside(scene: Scene, base: Va, bytes: number): readonly string[] {
  const regions = [...scene.regions]
    .filter(({ header }) => header >= base && header < base + bytes)
    .sort((a, b) => a.header - b.header);
  const breaches: string[] = [];
  let from = base;
  for (const region of regions) {
    breaches.push(...expectIllegal(scene.machine, from, region.header, "room of no program"));
    from = region.header + region.bytes;
  }
  return [...breaches, ...expectIllegal(scene.machine, from, base + bytes, "room of no program")];
}

/** The piece begins and ends on word boundaries. */
function expectIllegal(machine: Machine, from: Va, to: Va, what: string): readonly string[] {
  const wrong = firstLegal(machine, from, to);
  if (wrong === undefined) return PASS;
  return [`${hex(wrong.va)}, ${what}, is not ${wrong.isMapped ? "the illegal instruction" : "mapped"}`];
}

function runs(trap: Execution | undefined): readonly string[] {
  const { outcome } = trap ?? {};
  if (outcome === undefined || (outcome.kind === "faulted" && outcome.why === "breakpoint")) return PASS;
  const got = outcome.kind === "faulted" ? outcome.why : outcome.kind;
  return [`the first instruction of freed #${trap?.id} was run: expected a breakpoint, got ${got}`];
}
