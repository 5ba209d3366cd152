// Input bytes as text: pairs of hex digits, and `zero 48` for a run of zeros, on as many lines as it takes.

const BYTES_A_LINE = 32;
/** Shorter runs of zeros are spelt out. */
const LEAST_RUN = 8;
/** No input is larger than the largest packet that anything here builds. */
const MOST_BYTES = 1 << 16;

/** The bytes of a text such as `aa 0b zero 14`, or what is wrong with it. */
export function readBytes(text: string): Uint8Array | string {
  const items = text.split(/\s+/).filter(Boolean);
  const bytes: number[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? "";
    if (item === "zero") {
      const count = items[++i] ?? "";
      if (!/^\d{1,5}$/.test(count)) return `expected a number of bytes after zero, got "${count}"`;
      for (let n = 0; n < Number(count); n++) bytes.push(0);
    } else if (/^[0-9a-fA-F]{2}$/.test(item)) bytes.push(Number.parseInt(item, 16));
    else return `expected a byte as two hex digits or zero and a number, got "${item}"`;
  }
  if (items.length === 0) return "no bytes, expected as in aa bb zero 14 (zero 0 for none)";
  return bytes.length > MOST_BYTES ? `${bytes.length} bytes, expected at most ${MOST_BYTES}` : Uint8Array.from(bytes);
}

/** The text of the bytes; `lineBreak` stands between lines of 32 items. */
export function printBytes(bytes: Uint8Array, lineBreak: string): string {
  const items: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = at;
    while (end < bytes.length && bytes[end] === 0) end++;
    if (end - at >= LEAST_RUN) {
      items.push(`zero ${end - at}`);
      at = end;
    } else items.push((bytes[at++] ?? 0).toString(16).padStart(2, "0"));
  }
  if (items.length === 0) return "zero 0";
  const lines = Array.from({ length: Math.ceil(items.length / BYTES_A_LINE) }, (_, line) =>
    items.slice(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE).join(" "),
  );
  return lines.join(lineBreak);
}
