// All programs of a trampoline are removed, one after the other.

import type { SubjectTrampolines, TrampImage } from "../subject.js";

/** Where nobody knows the places, nothing is done. */
export function passOverEach(tramp: SubjectTrampolines, im: TrampImage): void {
  for (const place of tramp.skipPlaces?.(im) ?? []) tramp.passOver?.(place);
}
