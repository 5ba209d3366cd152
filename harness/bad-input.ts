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

/** One line, whatever the parts contain: control characters of the user's bytes do not reach the terminal. */
export const badInputLine = ({ subject, expected, got, next }: BadInput): string =>
  oneLine(`${subject}: expected ${expected}, got ${got}; ${next}`);

export const oneLine = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\p{Cc}/gu, "?")
    .trim();
