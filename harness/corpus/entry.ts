// An entry of a corpus, whatever kind of case it is: what its file says about itself, how it is replayed, and what it can
// be handed out as.

import type { Engine } from "../../engines/engine.js";
import type { AnyKind } from "../../properties/cases/kind.js";
import type { Verdict } from "../../properties/verdict.js";
import type { Loaded } from "../bad-input.js";

export interface About {
  /** A sentence without a full stop. */
  readonly title: string | undefined;
  readonly oracle: string | undefined;
}

export interface Entry {
  readonly file: string;
  /** Of the content. */
  readonly id: string;
  /** What the file claims to be; undefined if it does not say. */
  readonly statedId: string | undefined;
  readonly about: About;
  /** Whether the file says what must come out. */
  readonly expects: boolean;
  replay(engine: Engine): Verdict;
  /** What can be judged and made smaller; undefined if it is meant to fail. */
  readonly trial: { readonly kind: AnyKind; readonly case: unknown } | undefined;
  /** The file's text with its id, and with another title if one is given. */
  text(title?: string): string;
  /** For other projects; a refusal says what that form cannot hold. */
  as(form: ExportForm): Loaded<string | Uint8Array>;
}

export const EXPORT_FORMS = ["text", "data", "raw"] as const;
/** Our own text, a file of the BPF conformance suite, or the bytes of the instructions. */
export type ExportForm = (typeof EXPORT_FORMS)[number];

/** A kind of case: everything that is to be known about an extension. */
export interface CaseKind {
  /** The first one is the one that new files get. */
  readonly extensions: readonly string[];
  /** As in `a program to run`. */
  readonly what: string;
  /** @param text of the file, already read. */
  read(file: string, text: string): Loaded<Entry>;
}
