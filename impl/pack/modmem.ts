// How much JITed code there may be: a running total against a limit that unprivileged loaders must not pass.

import { EPERM, type Errno } from "../errno.js";

/** What arm64 boots with: half of the module area, which there is as large as vmalloc's. */
const DEFAULT_LIMIT = 69_267_617_742_848;

export class Modmem {
  /** Bytes charged now. Negative if more was given back than taken, which nothing in the kernel notices. */
  current = 0;

  constructor(
    public limit = DEFAULT_LIMIT,
    /** The loader may pass the limit. */
    public bpfCapable = false,
  ) {}

  /** @source linux v6.12 kernel/bpf/core.c, bpf_jit_charge_modmem() */
  bpfJitChargeModmem(size: number): Errno {
    this.current += size;
    if (this.current <= this.limit || this.bpfCapable) return 0;
    this.current -= size;
    return -EPERM;
  }

  bpfJitUnchargeModmem(size: number): void {
    this.current -= size;
  }
}
