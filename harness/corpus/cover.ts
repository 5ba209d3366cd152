// The fewest and smallest of many that together reach what all of them reach: greedily, then without those that later
// choices made needless. The least number is hard to find; this is within a logarithm of it.

interface Candidate<T> {
  readonly item: T;
  readonly points: ReadonlySet<string>;
  /** Of two that add as much, the smaller one is taken. */
  readonly size: number;
}

/** @param reached points that need nobody any more */
export function fewestOf<T>(candidates: readonly Candidate<T>[], reached: Iterable<string> = []): readonly T[] {
  const covered = new Set(reached);
  const chosen: Candidate<T>[] = [];
  const gainOf = ({ points }: Candidate<T>): number => [...points].filter((point) => !covered.has(point)).length;
  // What a candidate adds only becomes less, so that the first of the queue is the best as soon as its gain is up to date.
  const queue = candidates.map((candidate) => ({ candidate, gain: gainOf(candidate) }));
  const isBefore = (a: (typeof queue)[number], b: (typeof queue)[number]): boolean =>
    a.gain > b.gain || (a.gain === b.gain && a.candidate.size < b.candidate.size);
  queue.sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
  for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
    const now = { candidate: first.candidate, gain: gainOf(first.candidate) };
    if (now.gain === 0) continue;
    if (now.gain < first.gain) {
      const place = queue.findIndex((other) => isBefore(now, other));
      queue.splice(place < 0 ? queue.length : place, 0, now);
      continue;
    }
    chosen.push(now.candidate);
    for (const point of now.candidate.points) covered.add(point);
  }
  return withoutNeedless(chosen, new Set(reached)).map(({ item }) => item);
}

/** The larger ones are left out first. The order stays. */
function withoutNeedless<T>(chosen: readonly Candidate<T>[], reached: ReadonlySet<string>): readonly Candidate<T>[] {
  const times = new Map<string, number>();
  for (const { points } of chosen) for (const point of points) times.set(point, (times.get(point) ?? 0) + 1);
  const needless = new Set<Candidate<T>>();
  for (const candidate of chosen.toSorted((a, b) => b.size - a.size)) {
    const points = [...candidate.points].filter((point) => !reached.has(point));
    if (points.some((point) => times.get(point) === 1)) continue;
    needless.add(candidate);
    for (const point of points) times.set(point, times.get(point)! - 1);
  }
  return chosen.filter((candidate) => !needless.has(candidate));
}
