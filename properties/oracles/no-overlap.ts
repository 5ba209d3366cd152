// no-overlap: two programs never share a byte, nor does one lie half outside its pack.

import { hex, type Oracle, PASS, type Region, type Scene, touched } from "./oracle.js";

export const noOverlap: Oracle = {
  name: "no-overlap",
  statement: "The regions of live programs are disjoint, and each lies within one pack or within pages of its own.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_alloc()",
  check(step) {
    if (step.result.kind !== "loaded") return PASS;
    const others = regionsOf(step.scene);
    return touched(step).flatMap((region) => [...overlaps(region, others), ...outsidePack(region, step.scene)]);
  },
};

const regionsOf = ({ live }: Scene): readonly Region[] => {
  const regions: Region[] = [];
  for (const one of live.values()) for (const region of one.regions) regions.push(region);
  return regions;
};

function overlaps(region: Region, others: readonly Region[]): readonly string[] {
  let breaches = PASS;
  for (const other of others) {
    if (other === region || other.header >= region.header + region.bytes) continue;
    if (other.header + other.bytes <= region.header) continue;
    breaches = [...breaches, `${say(region)} overlaps ${say(other)}`];
  }
  return breaches;
}

function outsidePack(region: Region, { kernel, images }: Scene): readonly string[] {
  const { packs, packBytes } = kernel.packs;
  if (images === "pages" || region.bytes > packBytes) return PASS;
  const inside = packs.some(({ base }) => region.header >= base && region.header + region.bytes <= base + packBytes);
  return inside ? PASS : [`${say(region)} lies in no pack`];
}

const say = ({ header, bytes }: Region): string => `${hex(header)}+${bytes}`;
