// Placeholder of the case file reader.

import type { Case } from "./case.js";

export type ReadCase =
  | { readonly ok: true; readonly value: Case }
  | { readonly ok: false; readonly error: { readonly message: string } };

export const parseCase = (text: string): ReadCase => ({
  ok: false,
  error: { message: `line 1: no reader for ${text.length} characters` },
});
