// Of the cases of a chunk, those that were the first to reach something.

/** Coverage point, cases that reached it, index of the first of them. */
export type ReachedPoint = readonly [point: string, times: number, first: number];

/** What points are known. */
type Known = Pick<ReadonlySet<string>, "has">;

/** Those that are not known. */
export const newOf = (points: readonly ReachedPoint[], known: Known): readonly ReachedPoint[] =>
  points.filter(([point]) => !known.has(point));

/** By index of the case that reached them first. */
export function byFirst(points: readonly ReachedPoint[]): ReadonlyMap<number, readonly string[]> {
  const firsts = new Map<number, string[]>();
  for (const [point, , first] of points) {
    const reached = firsts.get(first);
    if (reached === undefined) firsts.set(first, [point]);
    else reached.push(point);
  }
  return firsts;
}

/** Of a chunk, those that reached most that the lane had not reached before. */
const KEPT_A_CHUNK = 8;

/** The cases that may be worth keeping, with what they were the first of the lane to reach. */
export const mostOf = (
  news: readonly ReachedPoint[],
): readonly (readonly [index: number, found: readonly string[]])[] =>
  [...byFirst(news)].toSorted(([, a], [, b]) => b.length - a.length).slice(0, KEPT_A_CHUNK);
