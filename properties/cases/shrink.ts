// The walk that both shrinkers make: from something that fails to the simplest thing found that still does. Each pass is
// repeated to its own fixed point and goes on where it last succeeded, which takes far fewer runs than starting over.

export interface Descent<T> {
  /** From those that take most away to those that polish. */
  readonly passes: readonly ((value: T) => Iterable<T>)[];
  /** For the best so far: whether a candidate is simpler, and worth a run. */
  readonly judge: (best: T) => (candidate: T) => boolean;
  readonly stillFails: StillFails<T>;
  /** How often `stillFails` may be asked. */
  readonly budget: number;
  /** Rounds over all passes; the last one changes nothing. */
  readonly rounds: number;
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

/** @returns the start if nothing simpler fails. With enough budget no single step makes the result simpler. */
export function descend<T>(start: T, descent: Descent<T>): T {
  const search: Search<T> = { ...descent, best: start, left: descent.budget };
  for (let round = 0; round < descent.rounds && search.left > 0; round++) {
    const before = search.best;
    for (const pass of descent.passes) while (search.left > 0 && improve(search, pass));
    if (search.best === before) break;
  }
  return search.best;
}

interface Search<T> extends Descent<T> {
  best: T;
  left: number;
}

/** One walk through the candidates of a pass, taking each that fails. @returns whether any did. */
function improve<T>(search: Search<T>, pass: (value: T) => Iterable<T>): boolean {
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
function firstFailing<T>(
  search: Search<T>,
  pass: (value: T) => Iterable<T>,
  skip: number,
): { value: T; tried: number } | undefined {
  const isWorthARun = search.judge(search.best);
  let tried = 0;
  for (const candidate of pass(search.best)) {
    if (tried++ < skip || !isWorthARun(candidate)) continue;
    if (search.left <= 0) return undefined;
    search.left--;
    const fails = search.stillFails(candidate);
    if (fails === "stop") search.left = 0;
    else if (fails) return { value: candidate, tried: tried - 1 };
  }
  return undefined;
}
