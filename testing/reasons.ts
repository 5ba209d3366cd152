// The reasons for which files are refused, as the sources of their readers have them: to see that none lacks a test.

import { readFileSync } from "node:fs";

/** Of each refusal of a binary file in a source: text for what is a literal, anything for what is put in. */
export const reasonsOf = (url: URL): readonly RegExp[] =>
  callsOf("new Malformed", readFileSync(url, "utf8")).map(
    ([expected, got]) => new RegExp(`^expected ${patternOf(expected)}, got ${patternOf(got)}(;|$)`),
  );

/** Of each refusal of a text whose sentence stands where it is refused. */
export const sentencesOf = (source: string): readonly RegExp[] =>
  callsOf("return textError", source)
    .map(([, sentence]) => patternOf(sentence))
    .filter((pattern) => pattern !== ANYTHING)
    .map((pattern) => new RegExp(pattern));

/** The arguments of each call. */
const callsOf = (name: string, source: string): readonly (readonly string[])[] =>
  [...source.matchAll(new RegExp(`${name}\\(`, "g"))].map(({ index }) => argumentsAt(source, index + name.length + 1));

/** Texts of the arguments of a call that begins there. */
function argumentsAt(source: string, start: number): readonly string[] {
  const found: string[] = [];
  let [depth, quote, from] = [0, "", start];
  for (let at = start; ; at++) {
    const char = source[at]!;
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "`") quote = char;
    else if ("([{".includes(char)) depth++;
    else if (depth > 0 && ")]}".includes(char)) depth--;
    else if (depth === 0 && (char === "," || char === ")")) {
      found.push(source.slice(from, at).trim());
      from = at + 1;
      if (char === ")") return found;
    }
  }
}

const ANYTHING = ".*";

function patternOf(argument = ""): string {
  const literal = /^[`"](.*)[`"]$/s.exec(argument)?.[1];
  if (literal === undefined) return ANYTHING;
  const parts = literal.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/);
  return parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(ANYTHING);
}
