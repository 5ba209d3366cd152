// Whether two pieces of plain data are the same: objects, arrays, numbers, strings. Much faster than what is made for any
// object.

export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSameData(item, b[i]));
  }
  const keys = Object.keys(a);
  const other = b as Readonly<Record<string, unknown>>;
  if (Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSameData((a as typeof other)[key], other[key]));
}
