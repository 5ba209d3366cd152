// ro-immutable: the reference text says what every byte of executable memory holds; who stored it, and how, the log says.

import type { Va } from "../../machine/address.js";
import { hex, isAlias, type Scene, type TraceEvent, touched } from "../../subjects/step.js";
import { firstDifference } from "./memory.js";
import { breachesOfAll, KERNEL_STEPS, type Oracle, PASS, together } from "./oracle.js";
import { holds, textLog } from "./pokes.js";

export const roImmutable: Oracle = {
  name: "ro-immutable",
  statement:
    "Bytes of executable memory change only inside the range of a poke call, during that call, to what it stores.",
  source: "linux v6.12 arch/arm64/kernel/patching.c, __text_poke(); the series, patch 1",
  about: KERNEL_STEPS,
  check(step) {
    const { scene } = step;
    return together(
      outsidePokes(step.events),
      breachesOfAll(touched(step), ({ header, bytes }) => difference(scene, header, bytes)),
      breachesOfAll(step.patches, ({ va, literal }) =>
        together(difference(scene, va, 4), difference(scene, literal, 8)),
      ),
    );
  },
  sweep(scene) {
    for (const [base, { bytes }] of scene.text.regions) {
      const breaches = differenceFrom(scene, base, bytes);
      if (breaches.length > 0) return breaches;
    }
    return PASS;
  },
};

/** Each store must lie between the lock and the flush of one poke, and within the range that is flushed. */
function outsidePokes(events: readonly TraceEvent[]): string[] {
  const breaches: string[] = [];
  for (const { stores } of textLog(events).pokes) {
    for (const { va, bytes, held, flush } of stores) {
      if (!holds(held, "patchLock")) breaches.push(`${hex(va)} is changed outside a poke`);
      else if (flush !== undefined && !isAlias(flush.va) && (va < flush.va || va + bytes > flush.va + flush.bytes)) {
        breaches.push(`${hex(va)}+${bytes} is changed by a poke of ${hex(flush.va)}+${flush.bytes}`);
      }
    }
  }
  return breaches;
}

function difference(scene: Scene, va: Va, bytes: number): readonly string[] {
  const { machine, text } = scene;
  // Freed pages are not mapped any more.
  if (machine.mapping(va) === undefined || !text.holds(va, bytes)) return PASS;
  return differenceFrom(scene, va, text.at(va, bytes));
}

function differenceFrom({ machine }: Scene, va: Va, expected: Uint8Array): readonly string[] {
  const wrong = firstDifference(machine, va, expected);
  if (wrong === undefined) return PASS;
  if (wrong.got === undefined) return [`${hex(wrong.va)} is not mapped`];
  return [`${hex(wrong.va)} holds 0x${wrong.got.toString(16)}, expected 0x${wrong.expected.toString(16)}`];
}
