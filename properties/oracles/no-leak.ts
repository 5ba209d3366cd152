// no-leak: what lives is accounted for by what is loaded, byte for byte, after success and after every failure.

import type { Scene } from "../../subjects/step.js";
import { KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";

export const noLeak: Oracle = {
  name: "no-leak",
  statement:
    "No buffer, pack, offset table, record or fixmap slot outlives the load, run, attach, free or failure that made it, and none goes back twice.",
  source:
    "linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(), bpf_jit_free(); kernel/bpf/core.c, bpf_jit_binary_pack_*()",
  about: KERNEL_STEPS,
  check({ scene }) {
    return leaks(scene);
  },
  sweep: (scene) => together(leaks(scene), warnings(scene)),
};

function leaks(scene: Scene): readonly string[] {
  const { machine, kernel, baseline, tramps } = scene;
  const { packs, packBytes } = kernel.packs;
  const pageOf = (bytes: number): number => Math.ceil(bytes / machine.pageBytes);
  let areas = packs.length;
  let pages = packs.length * pageOf(packBytes);
  for (const { bytes } of scene.regions) {
    if (scene.images === "packs" && bytes <= packBytes) continue;
    areas++;
    pages += pageOf(bytes);
  }
  const { usage } = scene;
  const heapObjects = usage.heapObjects - baseline.heapObjects;
  const breaches: string[] = [];
  if (usage.areas - baseline.areas !== areas)
    breaches.push(`${usage.areas - baseline.areas} vmalloc areas, expected ${areas}`);
  const expected = packs.length + tramps.size;
  if (heapObjects !== expected)
    breaches.push(`${heapObjects} heap objects, expected ${expected}: one for each pack and each trampoline`);
  const frames = usage.frames - baseline.frames - packs.length * pageOf(packBytes / 512 + 32) - tramps.size;
  if (breaches.length === 0 && frames !== pages) breaches.push(`${frames} pages of text, expected ${pages}`);
  if (machine.mapping(machine.fixmapSlot) !== undefined) breaches.push("the fixmap slot is in use");
  return together(breaches, warnings(scene));
}

const warnings = ({ kernel, warned }: Scene): readonly string[] =>
  kernel.warnings.length === warned ? PASS : kernel.warnings.slice(warned).map((warning) => `kernel: ${warning}`);
