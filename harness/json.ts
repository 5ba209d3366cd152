// JSON of strangers: how deep it goes is looked at before it is parsed, since a parser keeps all of it on its way down.

import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";
import { limitOf, overLimit } from "./limits.js";

/** JSON of a file. */
export function parseJson(file: string, text: string): Loaded<unknown> {
  const deep = tooDeep(file, text);
  if (deep !== undefined) return refuse(deep);
  try {
    return loaded(JSON.parse(text));
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return refuse({ subject: file, expected: "JSON", got, next: "restore the file" });
  }
}

/** Why the text is not to be parsed as JSON: lists and objects too deep in each other. Undefined if it may be. */
export function tooDeep(subject: string, text: string): BadInput | undefined {
  const most = limitOf("nesting");
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > most) return overLimit("nesting", subject, "more");
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return undefined;
}
