// Condition codes: their names as Capstone writes them, and when they hold (ConditionHolds in the Arm manual).

export const N = 8;
export const Z = 4;
export const C = 2;
export const V = 1;

export const CONDITIONS = [
  "eq",
  "ne",
  "hs",
  "lo",
  "mi",
  "pl",
  "vs",
  "vc",
  "hi",
  "ls",
  "ge",
  "lt",
  "gt",
  "le",
  "al",
  "nv",
] as const;

/** @param nzcv four bits, N highest. */
export function conditionHolds(condition: number, nzcv: number): boolean {
  const n = (nzcv & N) !== 0;
  const z = (nzcv & Z) !== 0;
  const c = (nzcv & C) !== 0;
  const v = (nzcv & V) !== 0;
  switch (CONDITIONS[condition]) {
    case "eq":
      return z;
    case "ne":
      return !z;
    case "hs":
      return c;
    case "lo":
      return !c;
    case "mi":
      return n;
    case "pl":
      return !n;
    case "vs":
      return v;
    case "vc":
      return !v;
    case "hi":
      return c && !z;
    case "ls":
      return !(c && !z);
    case "ge":
      return n === v;
    case "lt":
      return n !== v;
    case "gt":
      return n === v && !z;
    case "le":
      return !(n === v && !z);
    case "al":
    case "nv":
      return true;
    default:
      throw new RangeError(`condition ${condition} is not 0..15`);
  }
}
