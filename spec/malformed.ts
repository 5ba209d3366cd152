// How readers of binary files refuse: somewhere deep inside they meet a field that cannot be, and the whole file is
// refused with one sentence. Inside a reader that is an exception; whoever calls the reader gets a value.

/** What a field had to be, and what it is. Both continue a sentence: "expected ..., got ...". */
export interface Wrong {
  readonly expected: string;
  readonly got: string;
  /** What to do, where the file is not to be mended. */
  readonly next?: string;
}
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Wrong };

/** Thrown inside readers, and caught by `parsed` around the whole of them. */
export class Malformed extends Error {
  constructor(
    readonly expected: string,
    readonly got: string,
    readonly next?: string,
  ) {
    super(`expected ${expected}, got ${got}`);
  }
}

/** What `read` returns, or what it met. Other exceptions are slips of ours and go on. */
export function parsed<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const { expected, got, next } = error;
    return { ok: false, error: { expected, got, ...(next && { next }) } };
  }
}
