// Cases at the limits of the encodings and of the calling convention, too large or too special for random programs: a
// fixed list, gone through once.

export interface Edge {
  readonly name: string;
  /** What is wrong, in one line; undefined if nothing is. */
  check(): string | undefined;
}
