// Short lists where every case comes by. The engine that runs us takes ten times as long for `Array.from({ length })` and for
// `flatMap`, which ask its runtime about each element.

/** So many values, made in order. */
export function times<T>(count: number, make: (nth: number) => T): T[] {
  const made: T[] = [];
  for (let nth = 0; nth < count; nth++) made.push(make(nth));
  return made;
}

/** The places of those that are wanted. */
export function indexesOf<T>(list: readonly T[], isWanted: (one: T) => boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < list.length; i++) if (isWanted(list[i]!)) found.push(i);
  return found;
}
