// One round of one function: memory, passes, publication, and the way back from each step that can fail. A function of a
// program with several is compiled twice; its writable buffer lives from the first round to the end of the second.

import type { RoAddr } from "../../machine/address.js";
import { SLOT_BYTES } from "../../spec/bpf/insn.js";
import { emit, measure } from "../jit/passes.js";
import { flushIcacheRange } from "../patching/icache.js";
import { bpfJitBlindConstants, scratchOf } from "../verifier/blinding.js";
import { changesFor } from "../versions.js";
import type { BpfProg, JitData, LoadError } from "./bpf-prog.js";
import type { Kernel } from "./kernel.js";

const JIT_DATA_BYTES = 112;
const OFFSET_BYTES = 4;

/**
 * @param addresses of all functions by index, in the second round
 * @returns why the function stays with the interpreter; undefined if this round went well.
 * @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, bpf_int_jit_compile()
 */
export function bpfIntJitCompile(
  kernel: Kernel,
  prog: BpfProg,
  addresses: readonly RoAddr[] | undefined,
): LoadError | undefined {
  const { fn, origin } = prog;
  const error = blind(kernel, prog) ?? compile(kernel, prog, addresses);
  if (error !== undefined) {
    // The caller goes on with the program that it gave us.
    prog.fn = fn;
    prog.origin = origin;
  }
  return error;
}

function compile(kernel: Kernel, prog: BpfProg, addresses: readonly RoAddr[] | undefined): LoadError | undefined {
  const extraPass = prog.jitData !== undefined;
  if (prog.jitData === undefined) {
    const error = begin(kernel, prog);
    if (error !== undefined) return error;
  }
  const data = prog.jitData!;
  const { sized, place } = data;
  const emitted = emit(sized, place.image, place.roImage, addresses);
  if (!emitted.ok) {
    const { error } = emitted;
    if (error.kind === "extraPassGrew" || !kernel.quirks.extraPassFailureKeepsImage) forget(prog);
    kernel.images.discard(kernel, place);
    release(kernel, prog, data);
    return error;
  }
  const last = !prog.isFunc || extraPass;
  if (last) {
    if (!kernel.images.publish(kernel, place)) {
      if (!kernel.quirks.extraPassFailureKeepsImage) forget(prog);
      release(kernel, prog, data);
      return { kind: "notPublished" };
    }
    if (kernel.quirks.secondFlush) {
      flushIcacheRange(kernel.machine, place.roHeader, place.roImage + emitted.jitedBytes);
    }
  }
  prog.bpfFunc = place.roImage;
  prog.jited = true;
  prog.jitedLen = emitted.jitedBytes;
  prog.offsets = emitted.offsets;
  if (last) release(kernel, prog, data);
  return undefined;
}

/**
 * Constants are blinded in a copy, which takes the place of the program: of the two, only one lives on. On failure nothing
 * has changed.
 */
function blind({ machine, env, blinding }: Kernel, prog: BpfProg): LoadError | undefined {
  if (blinding === undefined || prog.origin !== undefined) return undefined;
  const clone = machine.kvmalloc(prog.fn.insns.length * SLOT_BYTES);
  if (clone === undefined) return { kind: "noMemory", what: "clone" };
  const blinded = bpfJitBlindConstants(prog.fn.insns, blinding, scratchOf(changesFor(env.changes, prog.fn)));
  machine.kvfree(clone);
  if (!blinded.ok) return { kind: "notBlinded", slot: blinded.slot, distance: blinded.distance };
  prog.fn = { ...prog.fn, insns: blinded.insns };
  prog.origin = blinded.origin;
  return undefined;
}

/** Pass 1 and the memory for the others. On failure nothing has changed. */
function begin(kernel: Kernel, prog: BpfProg): LoadError | undefined {
  const { machine } = kernel;
  const record = machine.kvmalloc(JIT_DATA_BYTES);
  if (record === undefined) return { kind: "noMemory", what: "record" };
  const offsets = machine.kvmalloc((prog.fn.insns.length + 1) * OFFSET_BYTES);
  if (offsets === undefined) {
    machine.kvfree(record);
    return { kind: "noMemory", what: "offsets" };
  }
  const measured = measure(prog.fn, kernel.env);
  const place = measured.ok ? kernel.images.alloc(kernel, measured.sized.imageBytes) : undefined;
  if (!measured.ok || place === undefined) {
    machine.kvfree(offsets);
    machine.kvfree(record);
    return measured.ok ? { kind: "noMemory", what: "image" } : measured.error;
  }
  const { sized } = measured;
  prog.jitData = { record, offsets, sized, place };
  prog.entries = sized.entries;
  prog.extable = sized.entries > 0 ? ((place.roImage + sized.tableBytes) as RoAddr) : undefined;
  return undefined;
}

/** Nothing of what was compiled may be entered any more. */
function forget(prog: BpfProg): void {
  prog.bpfFunc = undefined;
  prog.jited = false;
  prog.jitedLen = 0;
  prog.extable = undefined;
}

function release({ machine }: Kernel, prog: BpfProg, { offsets, record }: JitData): void {
  machine.kvfree(offsets);
  machine.kvfree(record);
  prog.jitData = undefined;
}
