// accounting-balanced: the total that unprivileged loads are held against is what live programs take.

import type { Scene } from "../../subjects/step.js";
import { KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";

export const accountingBalanced: Oracle = {
  name: "accounting-balanced",
  statement:
    "The charge is the sum of all live regions and trampolines, zero when nothing is left, and never above the limit unless the loader may.",
  source: "linux v6.12 kernel/bpf/core.c, bpf_jit_charge_modmem(), bpf_jit_uncharge_modmem()",
  about: KERNEL_STEPS,
  check(step) {
    return together(balance(step.scene), wronglyRefused(step));
  },
  sweep: (scene) => balance(scene),
};

const liveBytes = ({ regions }: Scene): number => {
  let sum = 0;
  for (const { charged } of regions) sum += charged;
  return sum;
};

function balance(scene: Scene): readonly string[] {
  const { current, limit, bpfCapable } = scene.kernel.modmem;
  const expected = liveBytes(scene);
  if (current !== expected) return [`${current} bytes are charged, ${expected} are live`];
  return current > limit && !bpfCapable ? [`${current} bytes are charged, the limit is ${limit}`] : PASS;
}

/** With no failure injected, only the limit may refuse a load or an attach. */
function wronglyRefused({ scene, result, faultsHit }: Parameters<Oracle["check"]>[0]): readonly string[] {
  if (faultsHit > 0) return PASS;
  const isLoad = result.kind === "refused" && result.error.kind === "noMemory";
  const isAttach = result.kind === "attached" && result.error !== 0;
  if (!isLoad && !isAttach) return PASS;
  // Nobody knows how much that would have been.
  if (result.bytes === undefined) return PASS;
  const { limit, bpfCapable } = scene.kernel.modmem;
  const needed = liveBytes(scene) + result.bytes;
  if (needed > limit && !bpfCapable) return PASS;
  const what = result.kind === "refused" ? "a load" : "a trampoline";
  return [`${what} of ${result.bytes} bytes is refused, though ${needed} of ${limit} may be charged`];
}
