// Inputs that are nearly right: a valid one with a few edits, of its bytes, of its lines and words, or of a JSON value.

import fc from "fast-check";

const LF = "\n";
const WORDS = [
  "0",
  "-1",
  "4294967296",
  "0xffffffffffffffff",
  "r11",
  "#",
  ":",
  '"',
  "\u202e",
  "\u001b[2J",
  "é",
  "..",
  "/",
];

/** A few bytes changed, cut out, doubled or put in. */
export const mutatedBytes = (valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      from: fc.nat(),
      edits: fc.array(
        fc.record({ how: fc.nat(4), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    })
    .map(({ from, edits }) => {
      let bytes = Buffer.from(valid[from % valid.length]!);
      for (const { how, at, bytes: some } of edits) {
        const place = bytes.length === 0 ? 0 : at % bytes.length;
        const rest = bytes.subarray(place);
        if (how === 0) bytes = Buffer.concat([bytes.subarray(0, place), some, rest]);
        else if (how === 1) bytes = Buffer.concat([bytes.subarray(0, place), rest.subarray(some.length)]);
        else if (how === 2) bytes = Buffer.concat([bytes.subarray(0, place), rest, rest.subarray(0, 64)]);
        else if (how === 3) bytes = Buffer.concat([bytes.subarray(0, place), some, rest.subarray(some.length)]);
        else
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from([(bytes[place] ?? 0) ^ (1 << (some[0]! & 7))]),
            rest.subarray(1),
          ]);
      }
      return new Uint8Array(bytes);
    });

/**
 * Lines and words changed.
 *
 * @param head lines at the start that most edits leave alone
 */
export const mutatedText = (
  valid: readonly string[],
  head: (lines: readonly string[]) => number,
): fc.Arbitrary<string> =>
  fc
    .record({
      from: fc.nat(),
      edits: fc.array(
        fc.record({
          how: fc.nat(6),
          line: fc.nat(),
          word: fc.nat(),
          text: fc.oneof(fc.constantFrom(...WORDS), fc.string()),
          inHead: fc.nat(9),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ from, edits }) => {
      const lines = valid[from % valid.length]!.split(LF);
      for (const { how, line, word, text, inHead } of edits) {
        const first = inHead === 0 ? 0 : Math.min(head(lines), lines.length - 1);
        const at = first + (line % Math.max(1, lines.length - first));
        const words = (lines[at] ?? "").split(/(\s+|[,+:*()=]|(?<=\w)(?=\[))/);
        const place = word % words.length;
        if (how === 0) lines.splice(at, 1);
        else if (how === 1) lines.splice(at, 0, lines[word % lines.length] ?? "");
        else if (how === 2) lines.splice(at, 0, text);
        else if (how === 3) lines[at] = words.with(place, text).join("");
        else if (how === 4) lines[at] = words.toSpliced(place, 1).join("");
        else if (how === 5) lines[at] = words.with(place, words[word % 7] ?? "").join("");
        else lines[at] = (lines[at] ?? "").replace(/\d+/, (digits) => `${digits}${word % 100}`);
      }
      return lines.join(LF);
    });

/** A value somewhere inside replaced, removed or doubled. */
export const mutatedJson = (valid: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc
    .record({
      from: fc.nat(),
      edits: fc.array(
        fc.record({ path: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), value: fc.jsonValue(), how: fc.nat(4) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    })
    .map(({ from, edits }) => {
      let json = structuredClone(valid[from % valid.length]);
      for (const { path, value, how } of edits) json = edited(json, path, value, how);
      return json;
    });

function edited(json: unknown, [step = 0, ...rest]: readonly number[], value: unknown, how: number): unknown {
  const keys = typeof json === "object" && json !== null ? Object.keys(json) : [];
  if (keys.length === 0) return changed(json, value, how);
  const key = keys[step % keys.length]!;
  const inside = (json as Record<string, unknown>)[key];
  const isDeeper = rest.length > 0 && typeof inside === "object" && inside !== null;
  if (Array.isArray(json)) {
    const copy = [...json];
    if (isDeeper) copy[Number(key)] = edited(inside, rest, value, how);
    else if (how === 0) copy.splice(Number(key), 1);
    else if (how === 1) copy.push(inside);
    else copy[Number(key)] = changed(inside, value, how);
    return copy;
  }
  const copy = { ...(json as Record<string, unknown>) };
  if (isDeeper) copy[key] = edited(inside, rest, value, how);
  else if (how === 0) delete copy[key];
  else copy[key] = changed(inside, value, how);
  return copy;
}

function changed(value: unknown, other: unknown, how: number): unknown {
  if (typeof value === "number" && how < 3) return how === 1 ? -value : value * 1e6 + 0.5 * (how - 1);
  if (typeof value === "string" && how < 3) return how === 1 ? `${value}../..` : value.slice(1);
  return other;
}
