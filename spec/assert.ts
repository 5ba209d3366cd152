// Assertions about our own code, on paths where every load comes by: the text is made only for one that fails.

import { AssertionError } from "node:assert";

export function assert(holds: boolean, text: () => string): asserts holds {
  if (!holds) throw new AssertionError({ message: text() });
}
