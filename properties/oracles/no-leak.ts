// no-leak: what lives is accounted for by what is loaded, byte for byte, after success and after every failure.

import { type Oracle, PASS, type Scene } from "./oracle.js";

const FIXMAP = 0xffff_fdbf_0000;

export const noLeak: Oracle = {
  name: "no-leak",
  statement:
    "No buffer, pack, offset table or fixmap slot outlives the load, run, free or failure that made it, and none goes back twice.",
  source:
    "linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile(), bpf_jit_free(); kernel/bpf/core.c, bpf_jit_binary_pack_*()",
  check({ scene, result }) {
    return result.kind === "ran" || result.kind === "crashed" ? PASS : leaks(scene);
  },
  sweep: (scene) => [...leaks(scene), ...warnings(scene)],
};

function leaks(scene: Scene): readonly string[] {
  const { machine, kernel, baseline } = scene;
  const { packs, packBytes } = kernel.packs;
  const pageOf = (bytes: number): number => Math.ceil(bytes / machine.pageBytes);
  let areas = packs.length;
  let pages = packs.length * pageOf(packBytes);
  for (const { regions } of scene.live.values()) {
    for (const { bytes } of regions) {
      if (scene.images === "packs" && bytes <= packBytes) continue;
      areas++;
      pages += pageOf(bytes);
    }
  }
  const usage = machine.usage;
  const heapObjects = usage.heapObjects - baseline.heapObjects;
  const breaches: string[] = [];
  if (usage.areas - baseline.areas !== areas)
    breaches.push(`${usage.areas - baseline.areas} vmalloc areas, expected ${areas}`);
  if (heapObjects !== packs.length)
    breaches.push(`${heapObjects} heap objects, expected ${packs.length}: one for each pack`);
  const frames = usage.frames - baseline.frames - heapObjects * pageOf(packBytes / 512 + 32);
  if (breaches.length === 0 && frames !== pages) breaches.push(`${frames} pages of text, expected ${pages}`);
  if (machine.mapping(FIXMAP) !== undefined) breaches.push("the fixmap slot is in use");
  return [...breaches, ...(kernel.warnings.length === 0 ? PASS : warnings(scene))];
}

const warnings = ({ kernel }: Scene): readonly string[] => kernel.warnings.map((warning) => `kernel: ${warning}`);
