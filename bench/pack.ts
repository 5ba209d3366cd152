// What memory costs: finding room in a full pack, a poke of one page, and the life of a program from load to free.
// Run: `npm run build && node dist/bench/pack.js`.

import os from "node:os";
import { Bitmap } from "../impl/pack/bitmap.js";
import { BPF_PROG_CHUNK_SIZE } from "../impl/pack/prog-pack.js";
import { aarch64InsnCopy } from "../impl/patching/text-poke.js";
import { Kernel } from "../impl/program/kernel.js";
import { freeProgram, loadProgram } from "../impl/program/load.js";
import type { RoAddr } from "../machine/address.js";
import { Machine } from "../machine/machine.js";
import { bpf } from "../spec/bpf/text/bpf.js";

const SECONDS = 1;
const CHUNKS = (2 * 1024 * 1024) / BPF_PROG_CHUNK_SIZE;
const TEXT = 0x1_0000_0000 as RoAddr;
const DATA = 0x2_0000_0000;

/** Microseconds a call, after a warm-up. */
function measure(action: () => void): number {
  for (let i = 0; i < 2000; i++) action();
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < SECONDS * 1000) {
    for (let i = 0; i < 100; i++) action();
    calls += 100;
  }
  return ((performance.now() - start) * 1000) / calls;
}

/** A generator of our own, so that the history is the same on every machine. */
function draws(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    return (x >>> 8) % below;
  };
}

/** Programs of up to 40 chunks until none fits, then random frees down to 90 %. */
function nearlyFull(): Bitmap {
  const draw = draws(1);
  const bitmap = new Bitmap(CHUNKS);
  const taken: [number, number][] = [];
  for (let misses = 0; misses < 50; ) {
    const chunks = 1 + draw(40);
    const at = bitmap.firstFit(chunks);
    if (at < 0) misses++;
    else {
      bitmap.set(at, chunks);
      taken.push([at, chunks]);
    }
  }
  while (bitmap.count > 0.9 * CHUNKS) {
    const [[at, chunks]] = taken.splice(draw(taken.length), 1) as [[number, number]];
    bitmap.clear(at, chunks);
  }
  return bitmap;
}

function findRoom(): void {
  const bitmap = nearlyFull();
  // A chunk that is taken and freed makes each search begin there.
  const first = bitmap.firstFit(1);
  for (const chunks of [1, 16, 32, 64, 256]) {
    let at = 0;
    const us = measure(() => {
      bitmap.set(first, 1);
      bitmap.clear(first, 1);
      at = bitmap.firstFit(chunks);
    });
    console.log(`find ${chunks} chunks in a pack that is 90 % full: ${us.toFixed(3)} us (at ${at})`);
  }
}

function poke(): void {
  const machine = new Machine();
  machine.map(TEXT, 8192, "rox", true);
  machine.map(DATA, 8192, "rw");
  for (const [bytes, at] of [
    [4096, TEXT],
    [4096, TEXT + 2048],
  ] as const) {
    const us = measure(() => aarch64InsnCopy(machine, at as RoAddr, DATA, bytes));
    console.log(`copy ${bytes} bytes of text at page offset ${at % 4096}: ${us.toFixed(2)} us`);
  }
}

function life(): void {
  for (const images of ["packs", "pages"] as const) {
    const kernel = new Kernel({ machine: new Machine(), random: () => 8, images });
    loadProgram(kernel, [{ insns: bpf("exit"), index: 0, stackDepth: 0 }]);
    for (const length of [10, 240]) {
      const insns = [...Array.from({ length }, (_, i) => bpf(`r${i % 5} += ${i}`)).flat(), ...bpf("exit")];
      let jited = 0;
      const us = measure(() => {
        const loaded = loadProgram(kernel, [{ insns, index: 0, stackDepth: 0 }]);
        if (!loaded.ok) throw new Error(loaded.error.kind);
        jited = loaded.program.functions[0]?.jitedLen ?? 0;
        freeProgram(kernel, loaded.program);
      });
      const rate = Math.round(1e6 / us);
      console.log(`load and free ${jited} bytes of code, ${images}: ${us.toFixed(1)} us, ${rate} programs a second`);
    }
  }
}

console.log(`Node ${process.version}, ${os.cpus()[0]?.model ?? "unknown CPU"}`);
findRoom();
poke();
life();
