// The helpers whose bodies a JIT puts in place of their calls.

import type { JitEnv } from "../subjects/subject.js";

const known = new WeakMap<JitEnv["inlined"], ReadonlySet<number>>();

export function inlinedHelpers({ inlined }: Pick<JitEnv, "inlined">): ReadonlySet<number> {
  const found = known.get(inlined) ?? new Set([...inlined.smpProcessorId, ...inlined.currentTask]);
  known.set(inlined, found);
  return found;
}
