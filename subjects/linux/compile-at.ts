// Programs compiled by a kernel image at addresses of the caller's choice, as a recording has them: the allocator of the
// image finds room at no other place, and the start in the hole is what it draws.

import type { RoAddr, Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { ILLEGAL } from "../../spec/text/text.js";
import { NotModelled } from "../not-modelled.js";
import type { BootOptions, Compiled, CompiledImage, FunctionView, JitEnv, JitFunction } from "../subject.js";
import { describeLoadError } from "../subject.js";
import type { LinuxKernel } from "./kernel.js";

const HEADER_BYTES = 8;
/** Of a region: what is neither header nor image, at least, and with the rest of a chunk at most. */
const MOST_SPARE_BYTES = HEADER_BYTES + 16 + CHUNK_BYTES;

interface Booting {
  readonly machine: Machine;
  boot(options: BootOptions): LinuxKernel;
}

/** Memory for images, mapped in a kernel's machine. */
interface Area {
  readonly va: Va;
  readonly bytes: number;
}
/** A kernel with the packs that the last program lay in: to fill a new one takes longer than to compile. */
interface Ready {
  readonly kernel: LinuxKernel;
  readonly areas: readonly Area[];
}

export class PlacedCompiler {
  /** Bytes between header and image of the function that is compiled. */
  private start = 0;
  private ready: Ready | undefined;

  constructor(private readonly on: Booting) {}

  /** @throws NotModelled if the image cannot place them so */
  compile(functions: readonly JitFunction[], env: JitEnv, place: (index: number, imageBytes: number) => Va): Compiled {
    const { machine } = this.on;
    const images = functions.map((_, index) => place(index, 0));
    const { kernel, areas } = this.kernelFor(images, env);
    const isPacked = kernel.packs.packBytes > 0;
    kernel.beforeCompile = (nth) => {
      const image = images[nth];
      // In the second round nothing is placed.
      if (image === undefined) return;
      const unit = isPacked ? CHUNK_BYTES : machine.pageBytes;
      const header = (image - (image % unit)) as RoAddr;
      this.start = image - header - HEADER_BYTES;
      if (isPacked) kernel.packs.leaveRoomFrom(header);
      else kernel.wanted = header;
    };
    try {
      const compiled = this.load(kernel, functions);
      if (compiled.ok || (isPacked && this.areThere(areas))) this.ready = { kernel, areas };
      return compiled;
    } finally {
      kernel.beforeCompile = undefined;
      kernel.wanted = undefined;
      // A refusal may have given pages back, and an exception may have left anything behind.
      if (this.ready === undefined) {
        const placed = [...kernel.placedAreas].map(([va, bytes]) => ({ va, bytes }));
        kernel.placedAreas.clear();
        this.clear(isPacked ? areas : placed);
      }
    }
  }

  private load(kernel: LinuxKernel, functions: readonly JitFunction[]): Compiled {
    const loaded = kernel.loadProgram(functions);
    if (!loaded.ok) {
      const { index, error } = loaded;
      const missing = error.kind === "missing" ? { missing: error.what } : {};
      return { ok: false, index, error: { kind: "kernelRefuses", detail: describeLoadError(error), ...missing } };
    }
    const images = loaded.program.functions.map((view) => imageOf(kernel, view));
    // The pack is kept: it does not become empty.
    kernel.packs.fillAll();
    kernel.freeProgram(loaded.program);
    return { ok: true, images };
  }

  /** The last one, if it has packs there; it counts as lost until the program is compiled. */
  private kernelFor(images: readonly Va[], env: JitEnv): Ready {
    const { ready } = this;
    this.ready = undefined;
    if (ready !== undefined) {
      // With room for whatever it becomes.
      const isIn = (image: Va): boolean => ready.areas.some(({ va, bytes }) => image >= va && image < va + bytes / 2);
      if (ready.kernel.packs.packBytes === 0 || images.every(isIn)) {
        ready.kernel.env = env;
        return ready;
      }
      this.clear(ready.areas);
    }
    const { machine } = this.on;
    const kernel = this.on.boot({ machine, env, random: (below) => Math.min(this.start, below - 1) });
    return { kernel, areas: kernel.packs.packBytes > 0 ? this.makePacks(kernel, images) : [] };
  }

  private areThere(areas: readonly Area[]): boolean {
    return areas.every(({ va }) => this.on.machine.mapping(va) !== undefined);
  }

  private clear(areas: readonly Area[]): void {
    const { machine } = this.on;
    // One that has become empty has gone back.
    for (const { va, bytes } of areas) if (machine.mapping(va) !== undefined) machine.unmap(va, bytes);
    machine.scrub();
  }

  /** Packs that all images fit into, as few as there can be. A page before the first image keeps its pack from becoming empty. */
  private makePacks(kernel: LinuxKernel, images: readonly Va[]): readonly Area[] {
    const { pageBytes } = this.on.machine;
    const { packs } = kernel;
    const areas: Area[] = [];
    for (const image of images.toSorted((a, b) => a - b)) {
      const last = areas.at(-1);
      if (last !== undefined && image < last.va + last.bytes) continue;
      const page = image - (image % pageBytes);
      const va = Math.max(page - pageBytes, last === undefined ? 0 : last.va + last.bytes);
      packs.fillAll();
      kernel.wanted = va;
      if (packs.bpfProgPackAlloc(CHUNK_BYTES) !== va)
        throw new NotModelled("the image makes no pack where it is asked to");
      kernel.wanted = undefined;
      areas.push({ va, bytes: packs.packBytes });
    }
    return areas;
  }
}

/** As it lies in executable memory, to the end of what was written; the rest of the region is illegal instructions. */
function imageOf(kernel: LinuxKernel, view: FunctionView): CompiledImage {
  const { machine, literalBytes, entryBytes } = kernel;
  const isPacked = kernel.packs.packBytes > 0;
  const { bpfFunc, jitedLen, extable, entries, offsets } = view;
  const roImage = bpfFunc!;
  const unit = isPacked ? CHUNK_BYTES : machine.pageBytes;
  const header = roImage - (roImage % unit);
  const region = kernel.regionBytes(header);
  const start = roImage - header;
  const words = new Uint32Array(machine.peek(roImage, region - start).slice().buffer);
  let written = words.length;
  while (written > 0 && words[written - 1] === ILLEGAL) written--;
  const tableBytes = extable === undefined ? jitedLen + literalBytes : extable - roImage;
  const bytes = Math.max(tableBytes + entries * entryBytes, 4 * written, isPacked ? region - MOST_SPARE_BYTES + 4 : 0);
  const image = new Uint8Array(words.buffer, 0, Math.min(bytes, region - start));
  return { image, roImage, jitedBytes: jitedLen, offsets, tableBytes, entries, entryBytes };
}
