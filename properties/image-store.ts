// Images in read-only memory: compiled into the read-write buffer of a pack allocation, published by the one copy, freed
// by the header that lies before them.

import { compileImages } from "../impl/jit/compile.js";
import type { JitEnv } from "../impl/jit/env.js";
import type { JitError } from "../impl/jit/error.js";
import type { JitFunction } from "../impl/jit/function.js";
import {
  type BinaryPack,
  bpfJitBinaryPackAlloc,
  bpfJitBinaryPackFinalize,
  bpfJitBinaryPackFree,
  headerOf,
} from "../impl/pack/binary-pack.js";
import { Modmem } from "../impl/pack/modmem.js";
import { ProgPacks } from "../impl/pack/prog-pack.js";
import type { RoAddr } from "../machine/address.js";
import { Machine } from "../machine/machine.js";

export interface Image {
  readonly roImage: RoAddr;
  readonly jitedBytes: number;
  readonly offsets: Int32Array;
}
export type Placed =
  | { readonly ok: true; readonly images: readonly Image[] }
  | { readonly ok: false; readonly index: number; readonly error: JitError };

export class ImageStore {
  readonly machine = new Machine();
  private hole = 0;
  private readonly kernel = {
    packs: new ProgPacks(this.machine),
    modmem: new Modmem(),
    random: (below: number) => Math.min(this.hole, below - 1),
  };

  load(functions: readonly JitFunction[], env: JitEnv, hole: number): Placed {
    this.hole = hole;
    const places: BinaryPack[] = [];
    const compiled = compileImages(functions, env, (_, imageBytes) => {
      const place = bpfJitBinaryPackAlloc(this.kernel, imageBytes, 8);
      if (place === undefined) throw new RangeError("out of pack memory");
      places.push(place);
      return place.roImage;
    });
    if (!compiled.ok) throw new RangeError("TODO free");
    const images = compiled.images.map(({ image, jitedBytes, offsets }, i) => {
      const { rwImage, roHeader, rwHeader, roImage } = places[i]!;
      this.machine.write(rwImage, image);
      bpfJitBinaryPackFinalize(this.kernel, roHeader, rwHeader);
      return { roImage, jitedBytes, offsets };
    });
    return { ok: true, images };
  }

  free(images: readonly Image[]): void {
    for (const { roImage } of images) bpfJitBinaryPackFree(this.kernel, headerOf(roImage), undefined);
  }
}
