// Short lists where every case comes by. The engine that runs us takes ten times as long for `Array.from({ length })` and for
// `flatMap`, which ask its runtime about each element. `map` makes lists of another kind once the code around it is
// compiled; then all compiled code that reads them is thrown away, and compiled again for both kinds.

/** So many values, made in order. */
export function times<T>(count: number, make: (nth: number) => T): T[] {
  const made: T[] = [];
  for (let nth = 0; nth < count; nth++) made.push(make(nth));
  return made;
}

/** What is made of each. */
export function mapList<T, U>(list: readonly T[], make: (one: T, nth: number) => U): U[] {
  const made = new Array<U>(list.length);
  for (let nth = 0; nth < list.length; nth++) made[nth] = make(list[nth]!, nth);
  return made;
}

/** The places of those that are wanted. */
export function indexesOf<T>(list: readonly T[], isWanted: (one: T) => boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < list.length; i++) if (isWanted(list[i]!)) found.push(i);
  return found;
}
