// What came of trying everything up to a size, as plain data that goes between threads.

/** Of every so many, from an index on. */
export interface Share {
  readonly index: number;
  readonly of: number;
}
export const ALL: Share = { index: 0, of: 1 };
export const isOfShare = (index: number, share: Share): boolean => index % share.of === share.index;

/** Failures that are told. */
export const MOST_FAILURES = 10;

export interface Exhausted {
  readonly tried: number;
  /** One line each; the first few. */
  readonly failures: readonly string[];
  /** By known defect of the subject, how many ended at it: what would have come behind it was not judged. */
  readonly known?: Readonly<Record<string, number>>;
  /** What the subject lacks, so that something was not tried. */
  readonly lacking?: readonly string[];
}
