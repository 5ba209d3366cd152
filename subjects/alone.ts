// Our JIT without a kernel around it: one program compiled, put into memory and run once. What starts for a single program
// has no use for packs, text poke and trampolines.

import type { Engine } from "../engines/engine.js";
import { compileImages } from "../impl/jit/compile.js";
import { DEFAULT_ENV } from "../impl/jit/env.js";
import { describe } from "../impl/jit/error.js";
import { frameOf } from "../impl/jit/frame.js";
import { pointer, type Va } from "../machine/address.js";
import { Machine } from "../machine/machine.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Program } from "../spec/bpf/program.js";
import type { Facts } from "../spec/bpf/validate/validate.js";
import { lowerProgram } from "./lowering.js";
import { execute } from "./run/execute.js";
import { CALL_BASE, frameAt, layoutOf, PAGE_BYTES } from "./run/layout.js";
import { RunMemory } from "./run/run-memory.js";

const IMAGES: Va = 0x8000_8300_0000;
/** The frame record, and the tail-call counter with its pointer. */
const LINKAGE_BYTES = 32;

/** A program without maps and tail calls. */
export function runAlone(program: Program, facts: Facts, input: Uint8Array, engine: Engine, fuel: number): Outcome {
  const machine = new Machine({ cpus: 1 });
  const memory = new RunMemory(machine, DEFAULT_ENV.offsets, CALL_BASE);
  const [functions = []] = lowerProgram({ ...program, privateStack: false }, facts, {});
  let end = IMAGES;
  const compiled = compileImages(functions, { ...DEFAULT_ENV, callBase: CALL_BASE }, (_, bytes) => {
    const place = end;
    end += Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    return place;
  });
  if (!compiled.ok) return machineFault(describe(compiled.error));
  machine.map(IMAGES, end - IMAGES, "rox");
  for (const { image, roImage } of compiled.images) machine.poke(roImage, image);
  const { pushed, stackBytes } = frameOf(functions[0]!);
  const frame = frameAt(LINKAGE_BYTES + 16 * pushed.length, stackBytes);
  const layout = layoutOf(program, input.length, [frame]);
  memory.set(program, layout, input, { entries: [], instructionAt: () => IMAGES, privateStacks: () => [] });
  const args = [pointer(layout.context.base)];
  const got = execute(engine, { machine, entry: IMAGES, args, fuel, traps: memory.traps });
  if (got.kind === "returned") return memory.returned(frame, 0, got.x0);
  if (got.kind === "outOfFuel") return { kind: "outOfFuel" };
  return machineFault(got.kind === "violated" ? got.rule : `${got.why}: ${got.detail}`);
}

const machineFault = (detail: string): Outcome => ({ kind: "faulted", pc: undefined, why: "machine", detail });
