// Error numbers are what callers in the kernel go by, and sizes what they allocate.

import { Modmem } from "../../impl/pack/modmem.js";
import { ProgPacks } from "../../impl/pack/prog-pack.js";
import { bpfArchTextCopy, bpfArchTextInvalidate } from "../../impl/patching/arch-text.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import type { DirectedCase } from "../../subjects/directed-case.js";

const TEXT = 0x8000_8400_0000;
const EPERM = -1;
const EINVAL = -22;
const TWO_MIB = 0x20_0000;

export const MISALIGNED_TEXT: DirectedCase = {
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

export const CHARGE_BEYOND_THE_LIMIT: DirectedCase = {
  name: "a charge beyond the limit is refused as not permitted, unless the loader may",
  check() {
    const modmem = new Modmem(1000);
    const errors = [modmem.bpfJitChargeModmem(1000), modmem.bpfJitChargeModmem(1)];
    if (errors.join() !== `0,${EPERM}` || modmem.current !== 1000) return `${errors.join()}, charged ${modmem.current}`;
    modmem.bpfCapable = true;
    return modmem.bpfJitChargeModmem(1) === 0 ? undefined : "a capable loader is refused";
  },
};

export const PACK_OF_NODES: DirectedCase = {
  name: "a pack is 2 MiB for each node",
  check() {
    for (const nodes of [1, 2]) {
      const machine = new Machine();
      const packs = new ProgPacks(machine, nodes === 1 ? {} : { nodes });
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
