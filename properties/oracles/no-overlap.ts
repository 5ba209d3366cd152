// no-overlap: two programs or trampolines never share a byte, nor does one lie half outside its pack.

import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../spec/text/text.js";
import { hex, made, type Region, type Scene } from "../../subjects/step.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";

export const noOverlap: Oracle = {
  name: "no-overlap",
  statement:
    "The regions of live programs and trampolines are disjoint, each is large enough for its parts, and each lies within one pack or within pages of its own.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_prog_pack_alloc(), bpf_jit_binary_pack_alloc()",
  about: KERNEL_STEPS,
  check(step) {
    const { scene } = step;
    return breachesOfAll(made(step), (region) =>
      together(overlaps(region, scene.regions), outsidePack(region, scene), tooSmall(region, scene)),
    );
  },
};

/** Whole chunks; the code, its literal and the exception table lie one behind the other. */
function tooSmall(region: Region, { kernel }: Scene): readonly string[] {
  const { literalBytes = LITERAL_BYTES, entryBytes = ENTRY_BYTES } = kernel;
  const { what, header, bytes, image, codeBytes, table, entries } = region;
  const end = header + bytes;
  const code = image + codeBytes + (what === "function" ? literalBytes : 0);
  const isRight = bytes % CHUNK_BYTES === 0 && code <= (table ?? end) && (table ?? 0) + entries * entryBytes <= end;
  if (isRight) return PASS;
  const at = table === undefined ? "" : ` and its table of ${entries} entries begins at ${table - header}`;
  return [`${say(region)} has code up to ${code - header}${at}`];
}

function overlaps(region: Region, others: ReadonlySet<Region>): readonly string[] {
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
