// Two lists of words beside each other: what both have in order lies in one row, and between such rows what differs does as
// far as both have some.

interface Row<T> {
  readonly a: T | undefined;
  readonly b: T | undefined;
  readonly same: boolean;
}
interface Word {
  /** Words that say the same are the same. */
  readonly says: string;
}

export function aligned<T extends Word>(a: readonly T[], b: readonly T[]): readonly Row<T>[] {
  const lengths = commonLengths(a, b);
  const rows: Row<T>[] = [];
  let [i, j] = [0, 0];
  let [left, right]: [T[], T[]] = [[], []];
  const flush = (): void => {
    for (let n = 0; n < Math.max(left.length, right.length); n++) rows.push({ a: left[n], b: right[n], same: false });
    [left, right] = [[], []];
  };
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && other !== undefined && one.says === other.says) {
      flush();
      rows.push({ a: one, b: other, same: true });
      i++;
      j++;
    } else if (one !== undefined && (other === undefined || lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      left.push(one);
      i++;
    } else {
      right.push(other!);
      j++;
    }
  }
  flush();
  return rows;
}

/** By how many of each are behind: how many they have in common from there on. */
function commonLengths(a: readonly Word[], b: readonly Word[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        a[i]!.says === b[j]!.says ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}
