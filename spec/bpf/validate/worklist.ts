// A set of small integers from which the lowest is taken first: a binary heap, with a flag for each member.

export class Worklist {
  readonly #heap: number[] = [];
  readonly #isIn: Uint8Array;

  /** Holds 0 .. `size` - 1. */
  constructor(size: number) {
    this.#isIn = new Uint8Array(size);
  }

  add(x: number): void {
    if (this.#isIn[x] === 1) return;
    this.#isIn[x] = 1;
    const heap = this.#heap;
    let at = heap.push(x) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= x) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = x;
  }

  /** Remove the lowest member and return it; undefined if there is none. */
  take(): number | undefined {
    const heap = this.#heap;
    const lowest = heap[0];
    const last = heap.pop();
    if (lowest === undefined || last === undefined) return undefined;
    this.#isIn[lowest] = 0;
    if (heap.length > 0) this.#sink(last);
    return lowest;
  }

  /** Put `x` into the hole at the root. */
  #sink(x: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= x) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = x;
  }
}
