// Where a command prints and what may stop it. Commands take this instead of `process`, so that a test calls them
// in-process and reads what they said.

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Width of the terminal, or 100 where there is none. */
  readonly columns: number;
  /** Whether stderr is a terminal: progress bars go there. */
  readonly isTerminal: boolean;
  /** Aborted by the first SIGINT or SIGTERM. Commands stop at the next safe place and print what they have. */
  readonly stop: AbortSignal;
}

/** Exit codes of every command. */
export const CLEAN = 0;
export const COUNTEREXAMPLE = 1;
export const BAD_INPUT = 2;
export const INTERRUPTED = 130;
