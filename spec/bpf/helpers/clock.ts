// The clock of a run: each reading moves it on.

import type { HelperState } from "./helper.js";

const NANOSECONDS_PER_READING = 1000n;

export function readClock(state: HelperState): bigint {
  const now = state.clock;
  state.clock += NANOSECONDS_PER_READING;
  return now;
}
