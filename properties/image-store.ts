// Images in read-only memory: compiled, published and freed by one kernel, with the environment and the place in the hole
// that a case asks for.

import type { JitEnv } from "../impl/jit/env.js";
import type { JitFunction } from "../impl/jit/function.js";
import type { BpfProg, LoadError } from "../impl/program/bpf-prog.js";
import { Kernel } from "../impl/program/kernel.js";
import { bpfJitFree, loadProgram } from "../impl/program/load.js";
import type { RoAddr } from "../machine/address.js";
import { Machine } from "../machine/machine.js";

export interface Image {
  readonly roImage: RoAddr;
  readonly jitedBytes: number;
  readonly offsets: Int32Array;
  readonly prog: BpfProg;
}
export type Placed =
  | { readonly ok: true; readonly images: readonly Image[] }
  | { readonly ok: false; readonly index: number; readonly error: LoadError };

export class ImageStore {
  readonly machine = new Machine();
  private hole = 0;
  private readonly kernel = new Kernel({
    machine: this.machine,
    random: (below) => Math.min(this.hole, below - 1),
  });

  load(functions: readonly JitFunction[], env: JitEnv, hole: number): Placed {
    this.hole = hole;
    this.kernel.env = env;
    const loaded = loadProgram(this.kernel, functions);
    if (!loaded.ok) return loaded;
    const images = loaded.program.functions.map(
      (prog): Image => ({ roImage: prog.bpfFunc!, jitedBytes: prog.jitedLen, offsets: prog.offsets, prog }),
    );
    return { ok: true, images };
  }

  free(images: readonly Image[]): void {
    for (const { prog } of images) bpfJitFree(this.kernel, prog);
  }
}
