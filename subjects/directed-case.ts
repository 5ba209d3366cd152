// What directed cases share: functions that are compiled alone, at a chosen address.

import type { EngineOutcome } from "../engines/engine.js";
import type { Va } from "../machine/address.js";
import type { Insn } from "../spec/bpf/insn.js";
import { NotModelled } from "./not-modelled.js";
import {
  DEFAULT_ENV,
  type JitEnv,
  type JitError,
  type JitFunction,
  type QuirkId,
  type Quirks,
  type Subject,
  type SubjectKernel,
} from "./subject.js";

/** Where an image lies that is compiled without an allocator. */
export const IMAGE: Va = 0x8000_8400_0008;

/** A function by itself, without a BPF stack. */
export const fn = (index: number, ...insns: readonly Insn[]): JitFunction => ({ insns, index, stackDepth: 0 });

/** Linux as it is in these points, and mended in all others. */
export const linuxIn = (...ids: readonly QuirkId[]): Quirks => ({
  ...DEFAULT_ENV.quirks,
  ...Object.fromEntries(ids.map((id) => [id, true])),
});

/** The words of the first `slots` slots of a function that is alone, or why it is refused. */
export function wordsOfSlots(
  subject: Subject,
  insns: readonly Insn[],
  slots: number,
  given: Partial<JitEnv> = {},
  arena?: JitFunction["arena"],
): Uint32Array | JitError {
  const alone = { ...fn(0, ...insns), ...(arena && { arena }) };
  const compiled = subject.compile([alone], { ...DEFAULT_ENV, ...subject.build, ...given }, () => IMAGE);
  if (!compiled.ok) return compiled.error;
  const { image, offsets } = compiled.images[0]!;
  return new Uint32Array(image.buffer, image.byteOffset, image.length / 4).subarray(offsets[0], offsets[slots]);
}

/** @throws NotModelled if whoever loads may pass the limit */
export function needsLimit({ modmem }: SubjectKernel): void {
  if (modmem.bpfCapable) throw new NotModelled("a loader that may not pass the limit");
}

/** X0, or why there is none. */
export function x0Of(outcome: EngineOutcome): bigint | string {
  switch (outcome.kind) {
    case "returned":
      return outcome.x0;
    case "violated":
      return outcome.rule;
    case "faulted":
      return `${outcome.why}: ${outcome.detail}`;
    default:
      return "ran out of fuel";
  }
}

/** What a kernel holds and has said. */
export const leftIn = ({ machine: { usage }, modmem, packs, warnings }: SubjectKernel): string =>
  [
    ...[`${usage.areas} areas`, `${usage.heapObjects} heap objects`, `${usage.frames} pages`],
    ...[`${packs.packs.length} packs`, `${modmem.current} bytes charged`, ...warnings],
  ].join(", ");
