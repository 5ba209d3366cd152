// The clock of a run: each reading moves it on.

import type { HelperWorld } from "./helper.js";

const NANOSECONDS_PER_READING = 1000n;

export function readClock(world: HelperWorld): bigint {
  const now = world.clock;
  world.clock += NANOSECONDS_PER_READING;
  return now;
}
