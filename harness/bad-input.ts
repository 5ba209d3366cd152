// A refusal of what the user handed in, as data. It prints as one line: what was expected, what it got, what to do next.

export interface BadInput {
  /** File or option that it is about. */
  readonly subject: string;
  readonly expected: string;
  readonly got: string;
  /** An imperative, without the full stop. */
  readonly next: string;
}

export type Loaded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: BadInput };

export const refuse = (error: BadInput): { readonly ok: false; readonly error: BadInput } => ({ ok: false, error });
export const loaded = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

/** Thrown where a refusal cannot be returned; the command prints it as one line and ends with exit code 2. */
export class Refusal extends Error {
  constructor(readonly error: BadInput) {
    super(badInputLine(error));
  }
}

/** Of what a file says, so much is shown. */
const QUOTED = 80;
/** Of a whole answer, our own words included. */
const MOST_GOT = 240;

/** The first characters of somebody's text. */
export const quoted = (text: string): string => (text.length <= QUOTED ? text : `${text.slice(0, QUOTED - 2)}..`);

/** One line, whatever the parts contain: nothing of the user's bytes moves a cursor or turns text around. */
export const badInputLine = ({ subject, expected, got, next }: BadInput): string =>
  oneLine(`${subject}: expected ${clipped(expected)}, got ${clipped(got)}; ${next}`);

/** Long quotations are cut, and what is still too long is. */
function clipped(text: string): string {
  const cut = text.replaceAll(/"((?:[^"\\]|\\.){81,})"/gs, (_, inside: string) => `"${quoted(inside)}"`);
  return cut.length <= MOST_GOT ? cut : `${cut.slice(0, MOST_GOT - 2)}..`;
}

export const oneLine = (text: string): string => visible(text.replaceAll(/[ \t\r\n]+/g, " ")).trim();

/** Characters that show nothing, or that change how others are shown: controls, ESC, marks of direction, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** Such characters as escapes: `\x1b`, `\u202e`. */
export const visible = (text: string): string =>
  text.replaceAll(UNSEEN, (c) => {
    const code = c.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
