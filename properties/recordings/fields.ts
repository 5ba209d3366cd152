// Fields of parsed JSON that must have a certain form: each reader gives the value or says what it found instead.

export type Fields = Record<string, unknown>;

export class FieldError extends Error {}

export const fail = (field: string, expected: string, value: unknown): never => {
  const shown = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 40);
  throw new FieldError(`${field}: expected ${expected}, found ${shown}`);
};

export const optional =
  <T>(read: (value: unknown, field: string) => T) =>
  (value: unknown, field: string): T | undefined =>
    value === undefined ? undefined : read(value, field);

export const asObject = (value: unknown, field: string): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(field, "an object", value);

export const asArray = (value: unknown, field: string): readonly unknown[] =>
  Array.isArray(value) ? value : fail(field, "a list", value);

export const asNumber = (value: unknown, field: string): number =>
  typeof value === "number" && Number.isSafeInteger(value) ? value : fail(field, "an integer", value);

export const asString = (value: unknown, field: string): string =>
  typeof value === "string" ? value : fail(field, "a string", value);

/** Pairs of hexadecimal digits. */
export function asBytes(value: unknown, field: string): Uint8Array {
  const text = asString(value, field);
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) fail(field, "pairs of hexadecimal digits", value);
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** The low 48 bits of a kernel address that is written with all 64. */
export function asVa(value: unknown, field: string): number {
  const text = asString(value, field);
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) fail(field, "an address in hexadecimal", value);
  return Number(BigInt(text) & 0xffff_ffff_ffffn);
}

/** The address of an image, as low 48 bits: a multiple of 8. */
export function asImageVa(value: unknown, field: string): number {
  const va = asVa(value, field);
  return va % 8 === 0 ? va : fail(field, "a multiple of 8", value);
}
