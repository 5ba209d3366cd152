// Error numbers are what callers in the kernel go by, and sizes what they allocate.

import { ProgPacks } from "../../impl/pack/prog-pack.js";
import { bpfArchTextCopy, bpfArchTextInvalidate } from "../../impl/patching/arch-text.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import type { Edge } from "./edge.js";

const TEXT = 0x8000_8400_0000;
const EINVAL = -22;
const TWO_MIB = 0x20_0000;

export const MISALIGNED_TEXT: Edge = {
  name: "text that is not aligned is refused as invalid",
  check() {
    const machine = new Machine();
    machine.map(TEXT, 4096, "rox");
    const at = (TEXT + 2) as RoAddr;
    const copied = bpfArchTextCopy(machine, at, TEXT, 8);
    if (copied !== EINVAL) return `a copy answers ${String(copied)}`;
    const invalidated = bpfArchTextInvalidate(machine, at, 8);
    return invalidated === EINVAL ? undefined : `an invalidation answers ${invalidated}`;
  },
};

export const PACK_OF_NODES: Edge = {
  name: "a pack is 2 MiB for each node",
  check() {
    for (const nodes of [1, 2]) {
      const machine = new Machine();
      const packs = new ProgPacks(machine, { nodes });
      packs.bpfProgPackAlloc(64);
      const bytes = machine.usage.frames * machine.pageBytes - machine.pageBytes;
      if (
        packs.packBytes !== nodes * TWO_MIB ||
        bytes < nodes * TWO_MIB ||
        bytes > nodes * TWO_MIB + 16 * machine.pageBytes
      )
        return `${packs.packBytes} bytes for ${nodes}, of which ${bytes} are mapped`;
    }
    return undefined;
  },
};
