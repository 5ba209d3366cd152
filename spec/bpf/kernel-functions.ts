// Kernel functions that are modelled. A kernel numbers them in its own types; here their numbers follow from their names
// (`helper-names.ts`), so that a text can call them too. Which functions a call may name besides helpers: `modelOf`.

import type { Helper } from "./helpers/helper.js";
import { ITERATOR_FUNCTIONS } from "./helpers/iterator.js";
import { HELPERS } from "./helpers.js";
import type { CallTarget } from "./isa.js";

export const KERNEL_FUNCTIONS: ReadonlyMap<number, Helper> = new Map(
  ITERATOR_FUNCTIONS.map((fn) => [fn.id, fn] as const),
);

/** What is called, if it is modelled. */
export const modelOf = (target: CallTarget, id: number): Helper | undefined =>
  target === "helper" ? HELPERS.get(id) : target === "kfunc" ? KERNEL_FUNCTIONS.get(id) : undefined;
