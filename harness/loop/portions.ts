// How many cases are made before the first of them is checked. A subject may work ahead on what is made, and the processor
// finds the code of one stage in its caches; but all that is known of a case that waits is copied by garbage collections, so
// that long cases are made a few at a time.

interface Portion<T> {
  /** The number of the first. */
  readonly first: number;
  readonly made: readonly T[];
}

/** Where the sizes of what is made add up to this, it is checked. */
const PORTION = 8192;

/** Makes what is numbered from 0 to `count`, a portion whenever one is asked for. */
export function* portions<T>(
  count: number,
  make: (nth: number) => T,
  sizeOf: (one: T) => number,
): Generator<Portion<T>> {
  for (let first = 0; first < count; ) {
    const made: T[] = [];
    for (let size = 0; first + made.length < count && size < PORTION; ) {
      const one = make(first + made.length);
      made.push(one);
      size += sizeOf(one);
    }
    yield { first, made };
    first += made.length;
  }
}
