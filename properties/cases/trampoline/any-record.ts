// A trampoline whose record lies at any address of 64 bits, as heaps of other machines would give it.

import { bpfArchTextPoke } from "../../../impl/trampoline/arch-text-poke.js";
import {
  archAllocBpfTrampoline,
  archBpfTrampolineSize,
  archPrepareBpfTrampoline,
} from "../../../impl/trampoline/arch-trampoline.js";
import type { RoAddr } from "../../../machine/address.js";
import { u64 } from "../../../spec/bits.js";
import { traced } from "../../../spec/trampoline/traced.js";
import { TracedKernel } from "../../../subjects/trampoline/traced-kernel.js";
import { AGREE, type Verdict } from "../../verdict.js";
import type { TrampolineSetup } from "./arbitrary.js";
import { called, objection } from "./check.js";

export function checkRecordAt(record: bigint, setup: TrampolineSetup): Verdict {
  const world = new TracedKernel({ ...setup, target: "near" });
  const { machine, tramp, request, target, call } = world;
  const size = archBpfTrampolineSize(tramp.env, request);
  if (!size.ok) return objection("the trampoline", "a size", `error ${size.error}`);
  const image = archAllocBpfTrampoline(tramp.packs, size.bytes)!;
  const im = { high: Number(record >> 32n), low: Number(record & 0xffff_ffffn) };
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const end = (image + size.bytes) as RoAddr;
  const built = archPrepareBpfTrampoline(machine, tramp.env, im, places, image, end, request);
  const error = built.ok ? bpfArchTextPoke(tramp, target, "call", undefined, image) : built.error;
  if (error !== 0) return objection("attaching", "0", `error ${error}`);
  for (const found of called("attached", world.run(), traced({ ...world.attachment(0), record: u64(record) }, call))) {
    return found;
  }
  return AGREE;
}
