// A directed case: a limit of the encodings, of the allocator or of the calling convention, too large or too special for
// random programs. A fixed list of them is gone through once.

import type { Subject } from "./subject.js";

export interface DirectedCase {
  readonly name: string;
  /** What is wrong, in one line; undefined if nothing is. */
  check(subject: Subject): string | undefined;
}
