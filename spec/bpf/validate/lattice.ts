// What may be known about one register: a kind with a value, and how two of them meet. Kinds only ever rise (constant ->
// scalar -> other -> uninitialised), so that a fixed point comes quickly.

/** Not written on some path; `value` says what may have gone into it on the others, as in OTHER. */
export const UNINITIALISED = 0;
/** A number that no pointer went into; `value` 0. */
export const SCALAR = 1;
/** The number `value`, sign-extended from 32 bits. */
export const CONSTANT = 2;
/** This function's frame pointer plus `value` bytes. */
export const FRAME = 3;
/** The context plus `value` bytes. */
export const CONTEXT = 4;
/** The map object of index `value`. */
export const MAP = 5;
/** Anything; `value` says what may have gone into it. */
export const OTHER = 6;
/** What the helper call in slot `value` returned: a pointer or 0. */
export const NULLABLE = 7;

/** Bits of the `value` of OTHER. */
export const MAY_BE_FRAME = 1;
export const MAY_BE_CONTEXT = 2;
/** Or any other number, where a path on which it is one meets a path on which it is not. */
export const MAY_BE_NULL = 4;

/** A number for sure. */
export const isNumber = (kind: number): boolean => kind === SCALAR || kind === CONSTANT;

/** What may have gone into such a value: bits as in OTHER. */
export function taintOf(kind: number, value: number): number {
  if (kind === FRAME) return MAY_BE_FRAME;
  if (kind === CONTEXT) return MAY_BE_CONTEXT;
  if (kind === NULLABLE) return MAY_BE_NULL;
  return kind === OTHER || kind === UNINITIALISED ? value : 0;
}

/** Join (`kind`, `value`) into the pair at index `at`. @returns whether that changed it. */
export function joinInto(kinds: Uint8Array, values: Int32Array, at: number, kind: number, value: number): boolean {
  const oldKind = kinds[at]!;
  const oldValue = values[at]!;
  if (oldKind === kind && oldValue === value) return false;
  let newKind = OTHER;
  let newValue = 0;
  if (kind === UNINITIALISED || oldKind === UNINITIALISED) {
    newKind = UNINITIALISED;
    newValue = taintOf(oldKind, oldValue) | taintOf(kind, value);
  } else if (isNumber(kind) && isNumber(oldKind)) newKind = SCALAR;
  else {
    newValue = taintOf(oldKind, oldValue) | taintOf(kind, value);
    if (isNumber(kind) || isNumber(oldKind)) newValue |= MAY_BE_NULL;
  }
  kinds[at] = newKind;
  values[at] = newValue;
  return newKind !== oldKind || newValue !== oldValue;
}
