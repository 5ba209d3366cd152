// Each breach that a kernel can commit, committed on purpose by an edit of a real image: it is named, with the function, its
// offset and the way there.

import { describe, expect, test } from "vitest";
import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { DEFAULT_ENV, machineFor } from "../subject.js";
import { type ImageEdit, placeEdit, withEdit } from "./edit.js";
import { linuxSubject } from "./index.js";
import type { LinuxKernel } from "./kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { readTypedImage } from "./open.js";

const images = linuxKernels().flatMap((file) => {
  const read = readTypedImage(file);
  return read.ok && read.value.address("pack_list") !== undefined ? [{ file, image: read.value }] : [];
});

const FIVE = {
  insns: [insn(rowById("mov imm"), { dst: 0, imm: 5 }), insn(rowById("exit"))],
  ...{ index: 0, stackDepth: 0 },
};

type At = Pick<ImageEdit, "in" | "where">;
const callOf = (fn: string, of: string, nth = 1): At => ({ in: fn.split("|"), where: { kind: "call", of, nth } });
const NOP = 0xd503_201f;
/** MSR DAIFSet, #2: interrupts are off. */
const MASK = 0xd503_42df;

/** The image with one call that is something else. @param after the word, or what is called */
function edited(image: TypedImage, at: At, change: ImageEdit["change"], after?: string | number): TypedImage {
  const made = placeEdit(image, { id: "", title: "", change, ...at });
  if (typeof made === "string") throw new Error(made);
  if (after === undefined) return withEdit(image, made);
  return withEdit(image, { va: made.va, after: typeof after === "number" ? after : branchTo(image, made.va, after) });
}
const calling = (image: TypedImage, at: At, callee: string | number): TypedImage => edited(image, at, "nop", callee);

function branchTo(image: TypedImage, va: Va, callee: string): number {
  const target = image.address(callee);
  if (target === undefined) throw new Error(`no ${callee}`);
  return (0x9400_0000 | (((target - va) / 4) & 0x3ff_ffff)) >>> 0;
}

function boot(image: TypedImage): LinuxKernel {
  const subject = linuxSubject("linux:edited", image);
  return subject.boot({ machine: machineFor(subject), random: () => 0 }) as LinuxKernel;
}

/** What a load and a free come to: the fault, or what was warned of. */
function outcome(image: TypedImage): string {
  try {
    const kernel = boot(image);
    const loaded = kernel.loadProgram([FIVE]);
    if (loaded.ok) kernel.freeProgram(loaded.program);
    return kernel.warnings.join("\n");
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return error.message;
  }
}

const WAY = /\w+(\.\w+)*\+0x[0-9a-f]+ < \w+/;

describe.each(images)("$file", { timeout: 60_000 }, ({ image }) => {
  const isRealTime = /-rt/.test(image.release);

  test("WARN, by the table of bugs", () => {
    // Chunks that are freed and count as not invalidated.
    const warned = outcome(edited(image, callOf("bpf_prog_pack_free", "bpf_arch_text_invalidate"), "error"));
    expect(warned).toMatch(/^WARN \(bpf_prog_pack bug: missing bpf_arch_text_invalidate\?\) in bpf_prog_pack_free\+0x/);
    expect(warned).toMatch(WAY);
  });

  test("a call of a function that nobody has allowed: which, what it was asked, and from where", () => {
    const calls = calling(image, callOf("bpf_prog_pack_alloc", "mutex_unlock"), "find_task_by_vpid");
    expect(() => outcome(calls)).toThrow(
      /^find_task_by_vpid\(vnr 0x[0-9a-f]{16}\) is neither trapped nor allowed to run, called from bpf_prog_pack_alloc\+0x[0-9a-f]+ < bpf_jit_binary_pack_alloc\+0x/,
    );
  });

  test("a function finds that its stack is overwritten", () => {
    const broken = calling(image, callOf("bpf_prog_pack_alloc", "mutex_unlock"), "__stack_chk_fail");
    expect(outcome(broken)).toMatch(
      /the stack of a function is overwritten, in __stack_chk_fail\+0x0 < bpf_prog_pack_alloc\+0x/,
    );
  });

  test("BUG, by the table of bugs", () => {
    const broken = edited(image, callOf("patch_map|__text_poke", "vmalloc_to_page"), "null");
    // It breaks while it comes up, and says so where a case can be told: in the first load.
    expect(() => boot(broken)).not.toThrow();
    const said = outcome(broken);
    expect(said).toMatch(/BUG at line \d+ in (patch_map|__text_poke)[.\w]*\+0x[0-9a-f]+ < /);
  });

  test("a stack that overflows", () => {
    const said = outcome(
      calling(image, callOf("bpf_jit_binary_pack_alloc", "bpf_jit_charge_modmem"), "bpf_jit_binary_pack_alloc"),
    );
    expect(said).toMatch(/stack overflow, in bpf_jit_binary_pack_alloc\+0x[0-9a-f]+ < bpf_jit_binary_pack_alloc\+0x/);
  });

  test("a mutex that is given back and not held", () => {
    const said = outcome(calling(image, callOf("bpf_prog_pack_alloc", "mutex_lock"), NOP));
    expect(said).toMatch(/releases packMutex, held by nobody, in mutex_unlock\+0x0 < bpf_prog_pack_alloc\+0x/);
  });

  test("a mutex that is taken twice", () => {
    const said = outcome(calling(image, callOf("bpf_prog_pack_alloc", "mutex_unlock"), "mutex_lock"));
    expect(said).toMatch(/takes packMutex, which CPU 0 holds, in mutex_lock\+0x0 < bpf_prog_pack_alloc\+0x/);
  });

  test("other mutexes: held at the end, taken twice, given back and not held", () => {
    const kernel = boot(image);
    const lock = BigInt(kernel.vmStruct) | 0xffff_0000_0000_0000n;
    const call = (name: string) => () => kernel.cpu.callAt(kernel.image.address(name)!, [lock]);
    expect(call("mutex_unlock")).toThrow(
      /CPU 0 releases the mutex 0xffff[0-9a-f]+, held by nobody, in mutex_unlock\+0x0/,
    );
    expect(call("mutex_lock")).toThrow(/mutex_lock\+0x0 returns with the mutex 0xffff[0-9a-f]+ held/);
    expect(call("mutex_lock")).toThrow(/CPU 0 takes the mutex 0xffff[0-9a-f]+, which CPU 0 holds, in mutex_lock\+0x0/);
  });

  test.skipIf(isRealTime)("the spinlock of text pokes: given back and not held, and waited for", () => {
    const kernel = boot(image);
    const lock = kernel.image.address("patch_lock")!;
    kernel.memory.write(lock, Uint8Array.of(1, 0, 0, 0));
    const load = () => kernel.loadProgram([FIVE]);
    expect(load).toThrow(
      /CPU 0 waits for the spinlock patch_lock, which nobody gives back, in queued_spin_lock_slowpath/,
    );
  });

  test("a call that may sleep with interrupts off, and a function that returns so", () => {
    const UNLOCK = callOf("bpf_prog_pack_alloc", "mutex_unlock");
    const said = outcome(calling(image, UNLOCK, MASK));
    expect(said).toMatch(/\+0x0 may sleep, but interrupts are off, in .* < bpf_jit_binary_pack_alloc\+0x/);
    const NEGATE: At = { in: ["bpf_jit_uncharge_modmem"], where: { kind: "text", like: /^neg /, nth: 1 } };
    const kernel = boot(calling(image, NEGATE, MASK));
    expect(() => kernel.cpu.call("bpf_jit_uncharge_modmem", 0)).toThrow(
      /bpf_jit_uncharge_modmem\+0x0 returns with interrupts masked/,
    );
  });

  // Others count no readers.
  test.skipIf(image.address("__rcu_read_lock") === undefined)("a call that may sleep in an RCU read section", () => {
    const said = outcome(calling(image, callOf("bpf_prog_pack_alloc", "mutex_unlock"), "__rcu_read_lock"));
    expect(said).toMatch(
      /__kvmalloc_node_noprof\+0x0 may sleep, but with an RCU read section open, in .* < bpf_jit_binary_pack_alloc\+0x/,
    );
  });
});

test.runIf(images.length > 0)("a kernel that breaks while it comes up refuses to compile", { timeout: 60_000 }, () => {
  const [first] = images;
  const broken = edited(first!.image, callOf("patch_map|__text_poke", "vmalloc_to_page"), "null");
  const subject = linuxSubject("linux:edited", broken);
  const compiled = subject.compile([FIVE], { ...DEFAULT_ENV, ...subject.build }, () => 0x8000_8400_0008);
  expect(compiled).toMatchObject({ ok: false, error: { kind: "kernelRefuses" } });
  expect(JSON.stringify(compiled)).toMatch(/BUG at line \d+ in (patch_map|__text_poke)/);
});

test.runIf(images.length > 0)("the kernel as it is commits none", { timeout: 60_000 }, () => {
  for (const { image } of images) expect(outcome(image)).toBe("");
});
