// Store-exclusives that fail although they could succeed, as the architecture always allows: one rule for all engines, so
// that their runs compare.

/** After so many the pattern repeats. */
export const SPURIOUS_PERIOD = 256;

/** Does the store-exclusive fail that is the `count`-th, from 0, of those of a run or a CPU that could succeed? One in four. */
export function failsSpuriously(seed: number, count: number): boolean {
  let mixed = Math.imul((seed + 1) ^ Math.imul(count % SPURIOUS_PERIOD, 0x9e37_79b1), 0x85eb_ca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 13)) & 3) === 0;
}

/** Have a state ask the rule, counting from 0. @returns the count, undefined without a seed */
export function spuriousFailures(
  seed: number | undefined,
  state: { spuriousFailure: (() => boolean) | undefined },
): { count: number } | undefined {
  if (seed === undefined) return undefined;
  const spurious = { count: 0 };
  state.spuriousFailure = () => failsSpuriously(seed, spurious.count++);
  return spurious;
}
