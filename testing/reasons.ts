// The reasons for which the readers of binary files refuse one, as their sources have them: to see that none lacks a test.

import { readFileSync } from "node:fs";

/** The arguments of each refusal in a source: text for what is a literal, with nothing for what is put in. */
export function reasonsOf(url: URL): readonly RegExp[] {
  const source = readFileSync(url, "utf8");
  return [...source.matchAll(/new Malformed\(/g)].map(({ index }) => {
    const [expected, got] = argumentsAt(source, index + "new Malformed(".length);
    return new RegExp(`^expected ${patternOf(expected)}, got ${patternOf(got)}(;|$)`);
  });
}

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

function patternOf(argument = ""): string {
  const literal = /^[`"](.*)[`"]$/s.exec(argument)?.[1];
  if (literal === undefined) return ".*";
  const parts = literal.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/);
  return parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*");
}
