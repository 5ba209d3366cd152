// A block: items from the menu of the case, one after the other, up to a number of slots. Items that find nothing to work
// on (no pointer, no free register) append nothing; arithmetic always finds something.

import { arithmetic } from "./alu-block.js";
import type { Body } from "./body.js";

/** Append items until the function has at least `limit` slots. */
export function fillBlock(body: Body, limit: number): void {
  const { menu } = body.plan;
  while (body.here < limit) {
    const before = body.here;
    body.draw.pick(menu)(body);
    if (body.here === before) arithmetic(body);
  }
}

/** A block of its own length, from a few slots up to what the function may still grow by. */
export function innerBlock(body: Body, longest: number): void {
  const room = Math.max(1, Math.min(longest, body.limit - body.here));
  fillBlock(body, body.here + body.draw.between(1, room));
}
