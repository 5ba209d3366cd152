// The value of `--input`: bytes as hexadecimal digits, or a file that holds them.

import { type Loaded, loaded, refuse } from "./bad-input.js";
import { readInputFile } from "./input-file.js";

/** Larger than any context or packet of ours. */
const MAX_INPUT_BYTES = 1024 * 1024;

/** `0011aaff` (blanks, a leading 0x allowed) or `@FILE`. */
export function inputBytes(text: string): Loaded<Uint8Array> {
  const bytes = text.startsWith("@") ? readInputFile(text.slice(1)) : hexBytes(text);
  if (!bytes.ok || bytes.value.length <= MAX_INPUT_BYTES) return bytes;
  const expected = `at most ${MAX_INPUT_BYTES} bytes`;
  return refuse({ subject: "--input", expected, got: `${bytes.value.length} bytes`, next: "give fewer" });
}

function hexBytes(text: string): Loaded<Uint8Array> {
  const digits = text.replaceAll(/\s/g, "").replace(/^0x/i, "");
  if (/^([0-9a-f]{2})*$/i.test(digits)) return loaded(Uint8Array.from(Buffer.from(digits, "hex")));
  const shown = digits.length > 24 ? `${digits.slice(0, 24)}..` : digits;
  const got = digits.length % 2 === 1 && /^[0-9a-f]+$/i.test(digits) ? `${digits.length} digits` : `"${shown}"`;
  return refuse({ subject: "--input", expected: "pairs of hexadecimal digits or @FILE", got, next: "correct it" });
}
