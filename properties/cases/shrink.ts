// Greedy shrinking by passes, shared by all kinds of cases: from something that fails to the simplest thing found that
// still does. What is simpler is a list of numbers, compared from the first one on, so that no scale has to be chosen. Each
// pass is repeated to its own fixed point and goes on where it last succeeded, which takes far fewer runs than starting over.

import fc from "fast-check";

/** Less is simpler; the first number that differs decides. All weights of a kind have the same length. */
export type Weight = readonly number[];

/** One way to make something simpler: candidates, the boldest first. Those that are not lighter are passed over. */
export type Pass<T> = (value: T) => Iterable<T>;

/** How the cases of a kind become simpler. */
export interface Shrinker<T> {
  /** From those that take most away to those that polish. */
  readonly passes: readonly Pass<T>[];
  weigh(value: T): Weight;
  /** What else a candidate in the place of `start` must be. Asked of lighter ones only. */
  standard?(start: T): (candidate: T) => boolean;
}

/** Whether a candidate fails as well; `stop`: do not ask any more, the best so far will do. */
export type StillFails<T> = (candidate: T) => boolean | "stop";

/** As long as there is time. */
export const whileTime =
  <T>(mayGoOn: () => boolean, fails: (candidate: T) => boolean): StillFails<T> =>
  (candidate) =>
    mayGoOn() ? fails(candidate) : "stop";

/** For so many milliseconds from now on. */
export function within<T>(ms: number, fails: (candidate: T) => boolean): StillFails<T> {
  const end = performance.now() + ms;
  return whileTime(() => performance.now() < end, fails);
}

export function isLighter(a: Weight, b: Weight): boolean {
  const at = a.findIndex((n, i) => n !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

/** The sum of one number of each item. */
export const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

/**
 * The simplest case found from `start` on that still fails; the start itself if none does.
 * @param budget how often `stillFails` may be asked. With enough of it no single step makes the result simpler.
 */
export function descend<T>(shrinker: Shrinker<T>, start: T, stillFails: StillFails<T>, budget: number): T {
  const search: Search<T> = { ...shrinker, stillFails, accepts: acceptor(shrinker, start), best: start, left: budget };
  for (let before: T | undefined; search.best !== before && search.left > 0; ) {
    before = search.best;
    for (const pass of shrinker.passes) while (search.left > 0 && improve(search, pass));
  }
  return search.best;
}

/** Every simpler case that one step leads to. */
export function* candidates<T>(shrinker: Shrinker<T>, value: T): Generator<T> {
  const accepts = acceptor(shrinker, value)(value);
  for (const pass of shrinker.passes) for (const candidate of pass(value)) if (accepts(candidate)) yield candidate;
}

/** The same for an arbitrary of fast-check. */
export const shrinkStream = <T>(shrinker: Shrinker<T>, value: T): fc.Stream<fc.Value<T>> =>
  fc.stream(candidates(shrinker, value)).map((candidate) => new fc.Value(candidate, undefined));

/** For the best so far: whether a candidate is lighter, and one of those that may stand for `start`. */
function acceptor<T>({ weigh, standard }: Shrinker<T>, start: T): (best: T) => (candidate: T) => boolean {
  const isCase = standard?.(start);
  return (best) => {
    const weight = weigh(best);
    return (candidate) => isLighter(weigh(candidate), weight) && (isCase === undefined || isCase(candidate));
  };
}

interface Search<T> {
  readonly accepts: (best: T) => (candidate: T) => boolean;
  readonly stillFails: StillFails<T>;
  best: T;
  left: number;
}

/** One walk through the candidates of a pass, taking each that fails. @returns whether any did. */
function improve<T>(search: Search<T>, pass: Pass<T>): boolean {
  let improved = false;
  let tried = 0;
  for (;;) {
    const next = firstFailing(search, pass, tried);
    if (next === undefined) return improved;
    search.best = next.value;
    tried = next.tried;
    improved = true;
  }
}

/** The first candidate behind the first `skip` that fails, and how many lie before it. */
function firstFailing<T>(search: Search<T>, pass: Pass<T>, skip: number): { value: T; tried: number } | undefined {
  const accepts = search.accepts(search.best);
  let tried = 0;
  for (const candidate of pass(search.best)) {
    if (tried++ < skip || !accepts(candidate)) continue;
    if (search.left <= 0) return undefined;
    search.left--;
    const fails = search.stillFails(candidate);
    if (fails === "stop") search.left = 0;
    else if (fails) return { value: candidate, tried: tried - 1 };
  }
  return undefined;
}
